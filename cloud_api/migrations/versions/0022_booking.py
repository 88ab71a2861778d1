"""What a booking costs and until when it waits for money, agreed hours, and rearranged houses."""

from cloud_api.migrations.script import run

revision = "0022_booking"
down_revision = "0020_payments"
branch_labels = None
depends_on = None

UPGRADE = """
ALTER TABLE properties ADD COLUMN voucher_minutes INTEGER DEFAULT 60 NOT NULL;
ALTER TABLE properties ADD COLUMN confirms_on VARCHAR(40) DEFAULT 'deposit' NOT NULL;
ALTER TABLE properties ADD CONSTRAINT ck_properties_voucher_minutes CHECK (voucher_minutes > 0);
ALTER TABLE properties ADD CONSTRAINT ck_properties_confirmson CHECK (confirms_on IN ('deposit', 'full'));
ALTER TABLE reservations
    ADD COLUMN price_minor bigint,
    ADD COLUMN price_currency text,
    ADD COLUMN deposit_minor bigint,
    ADD COLUMN quote_id uuid,
    ADD COLUMN discount_code text,
    ADD COLUMN points_redeemed bigint NOT NULL DEFAULT 0,
    ADD COLUMN transfer boolean NOT NULL DEFAULT false,
    ADD COLUMN vouchers bigint NOT NULL DEFAULT 0,
    ADD COLUMN reminded_at timestamptz,
    ADD COLUMN early_check_in time,
    ADD COLUMN late_check_out time,
    ADD COLUMN late_night boolean NOT NULL DEFAULT false,
    ADD COLUMN early_night boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT ck_reservations_price CHECK (
        (price_minor IS NULL) = (price_currency IS NULL)
        AND (price_minor IS NULL) = (deposit_minor IS NULL)
        AND price_minor >= 0 AND deposit_minor BETWEEN 0 AND price_minor),
    ADD CONSTRAINT ck_reservations_points CHECK (points_redeemed >= 0);
CREATE TABLE rearrangement_groups (
    id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_rearrangement_groups PRIMARY KEY (id)
);
CREATE UNIQUE INDEX uq_rearrangement_groups_name ON rearrangement_groups (organisation_id, lower(name));
CREATE TABLE rearrangement_members (
    unit_id uuid NOT NULL,
    group_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    CONSTRAINT pk_rearrangement_members PRIMARY KEY (unit_id),
    CONSTRAINT fk_rearrangement_members_group_id FOREIGN KEY (group_id)
        REFERENCES rearrangement_groups (id) ON DELETE CASCADE
);
CREATE INDEX ix_rearrangement_members_group_id ON rearrangement_members (group_id);
CREATE INDEX ix_rearrangement_members_organisation_id ON rearrangement_members (organisation_id);
CREATE TABLE rearrangements (
    id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    unit_id uuid NOT NULL,
    check_in date NOT NULL,
    check_out date NOT NULL,
    guests bigint NOT NULL,
    moves jsonb NOT NULL,
    held_id uuid,
    applied_at timestamptz NOT NULL DEFAULT now(),
    applied_by uuid NOT NULL,
    undone_at timestamptz,
    CONSTRAINT pk_rearrangements PRIMARY KEY (id)
);
CREATE INDEX ix_rearrangements_organisation_id_applied_at_id ON rearrangements (organisation_id, applied_at, id);
"""

DOWNGRADE = """
DROP TABLE rearrangements;
DROP TABLE rearrangement_members;
DROP TABLE rearrangement_groups;
ALTER TABLE reservations
    DROP CONSTRAINT ck_reservations_points,
    DROP CONSTRAINT ck_reservations_price,
    DROP COLUMN early_night,
    DROP COLUMN late_night,
    DROP COLUMN late_check_out,
    DROP COLUMN early_check_in,
    DROP COLUMN reminded_at,
    DROP COLUMN vouchers,
    DROP COLUMN transfer,
    DROP COLUMN points_redeemed,
    DROP COLUMN discount_code,
    DROP COLUMN quote_id,
    DROP COLUMN deposit_minor,
    DROP COLUMN price_currency,
    DROP COLUMN price_minor;
ALTER TABLE properties DROP CONSTRAINT ck_properties_confirmson;
ALTER TABLE properties DROP CONSTRAINT ck_properties_voucher_minutes;
ALTER TABLE properties DROP COLUMN confirms_on;
ALTER TABLE properties DROP COLUMN voucher_minutes;
"""


def upgrade() -> None:
    run(UPGRADE)


def downgrade() -> None:
    run(DOWNGRADE)
