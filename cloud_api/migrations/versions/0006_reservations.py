"""Tables of the room `reservations`: bookings, what was sold, and the nights they occupy."""

from cloud_api.migrations.script import run

revision = "0006_reservations"
down_revision = "0005_fleet"
branch_labels = None
depends_on = None

# An empty range overlaps nothing and would slip past the exclusion constraint, an unbounded one
# would block for ever: both are refused.
UPGRADE = """
CREATE TABLE reservations (
    id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    property_id uuid NOT NULL,
    house_id uuid NOT NULL,
    code text NOT NULL,
    kind text NOT NULL,
    status text NOT NULL,
    client_id uuid,
    check_in date NOT NULL,
    check_out date NOT NULL,
    guests bigint NOT NULL,
    channel text NOT NULL,
    contact_name text NOT NULL,
    contact_email text,
    contact_phone text,
    language text NOT NULL,
    standing boolean NOT NULL,
    expires_at timestamptz,
    hold_extended boolean NOT NULL DEFAULT false,
    notes text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    payment_note text,
    paid_minor bigint,
    paid_currency text,
    confirmed_by uuid,
    created_at timestamptz NOT NULL DEFAULT statement_timestamp(),
    submitted_at timestamptz,
    confirmed_at timestamptz,
    rejected_at timestamptz,
    cancelled_at timestamptz,
    expired_at timestamptz,
    checked_in_at timestamptz,
    no_show_at timestamptz,
    completed_at timestamptz,
    visit_counted boolean NOT NULL DEFAULT false,
    version bigint NOT NULL DEFAULT 1,
    CONSTRAINT pk_reservations PRIMARY KEY (id),
    CONSTRAINT uq_reservations_code UNIQUE (code),
    CONSTRAINT ck_reservations_kind CHECK (kind IN ('stay', 'maintenance', 'owner')),
    CONSTRAINT ck_reservations_status CHECK (status IN ('held', 'pending', 'under_review',
        'confirmed', 'rejected', 'cancelled', 'expired', 'completed', 'no_show')),
    CONSTRAINT ck_reservations_nights CHECK (isfinite(check_in) AND isfinite(check_out)
        AND check_in < check_out AND check_out - check_in <= 400),
    CONSTRAINT ck_reservations_guests CHECK ((kind = 'stay') = (guests > 0) AND guests >= 0),
    CONSTRAINT ck_reservations_expiry CHECK (expires_at IS NULL OR status IN ('held', 'expired')),
    CONSTRAINT ck_reservations_money CHECK ((paid_minor IS NULL) = (paid_currency IS NULL))
);
CREATE TABLE reservation_units (
    reservation_id uuid NOT NULL,
    unit_id uuid NOT NULL,
    CONSTRAINT pk_reservation_units PRIMARY KEY (reservation_id, unit_id),
    CONSTRAINT fk_reservation_units_reservation_id FOREIGN KEY (reservation_id)
        REFERENCES reservations (id) ON DELETE CASCADE
);
CREATE TABLE occupancies (
    reservation_id uuid NOT NULL,
    space_id uuid NOT NULL,
    nights daterange NOT NULL,
    live boolean NOT NULL,
    CONSTRAINT pk_occupancies PRIMARY KEY (reservation_id, space_id),
    CONSTRAINT fk_occupancies_reservation_id FOREIGN KEY (reservation_id)
        REFERENCES reservations (id) ON DELETE CASCADE,
    CONSTRAINT ck_occupancies_nights CHECK (NOT isempty(nights)
        AND NOT lower_inf(nights) AND NOT upper_inf(nights)
        AND isfinite(lower(nights)) AND isfinite(upper(nights))
        AND upper(nights) - lower(nights) <= 400),
    CONSTRAINT ex_occupancies_no_overlap
        EXCLUDE USING gist (space_id WITH =, nights WITH &&) WHERE (live)
);
CREATE INDEX ix_reservations_organisation_id_check_in_id ON reservations (organisation_id, check_in, id);
CREATE INDEX ix_reservations_organisation_id_created_at_id ON reservations (organisation_id, created_at, id);
CREATE INDEX ix_reservations_client_id ON reservations (client_id);
CREATE INDEX ix_reservations_expiry ON reservations (expires_at) WHERE status = 'held';
CREATE INDEX ix_reservations_ending ON reservations (check_out) WHERE status IN ('held', 'pending', 'under_review', 'confirmed');
CREATE INDEX ix_reservation_units_unit_id ON reservation_units (unit_id);
"""

DOWNGRADE = """
DROP TABLE occupancies;
DROP TABLE reservation_units;
DROP TABLE reservations;
"""


def upgrade() -> None:
    run(UPGRADE)


def downgrade() -> None:
    run(DOWNGRADE)
