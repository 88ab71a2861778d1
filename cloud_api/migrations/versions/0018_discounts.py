"""Discount codes and their uses, automatic discounts, referral discounts, codes made on demand."""

from cloud_api.migrations.script import run

revision = "0018_discounts"
down_revision = "0017_pricing"
branch_labels = None
depends_on = None

UPGRADE = """
CREATE TABLE discount_codes (
    code TEXT NOT NULL,
    origin VARCHAR(40) NOT NULL,
    note TEXT DEFAULT '' NOT NULL,
    minimum_minor BIGINT,
    minimum_currency TEXT,
    valid_from DATE,
    valid_until DATE,
    usage_limit INTEGER,
    property_ids UUID[] DEFAULT '{}' NOT NULL,
    percent NUMERIC(5, 2),
    fixed_minor BIGINT,
    fixed_currency TEXT,
    cap_minor BIGINT,
    cap_currency TEXT,
    only_weekdays BOOLEAN DEFAULT false NOT NULL,
    only_weekends BOOLEAN DEFAULT false NOT NULL,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    active BOOLEAN DEFAULT true NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    archived_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_discount_codes PRIMARY KEY (id),
    CONSTRAINT ck_discount_codes_off CHECK (num_nonnulls(percent, fixed_minor) = 1),
    CONSTRAINT ck_discount_codes_capitals CHECK (code = upper(code)),
    CONSTRAINT ck_discount_codes_codeorigin CHECK (origin IN ('staff', 'dynamic', 'simple')),
    CONSTRAINT fk_discount_codes_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_discount_codes_organisation_id ON discount_codes (organisation_id);
CREATE UNIQUE INDEX uq_discount_codes_code ON discount_codes (organisation_id, code) WHERE archived_at IS NULL;
CREATE TABLE discount_code_uses (
    code_id UUID NOT NULL,
    reservation_id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    given_back_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_discount_code_uses PRIMARY KEY (code_id, reservation_id),
    CONSTRAINT fk_discount_code_uses_code_id FOREIGN KEY(code_id) REFERENCES discount_codes (id)
);
CREATE INDEX ix_discount_code_uses_reservation_id ON discount_code_uses (reservation_id);
CREATE TABLE automatic_discounts (
    name TEXT NOT NULL,
    trigger VARCHAR(40) NOT NULL,
    arrival_from DATE,
    arrival_until DATE,
    weekdays SMALLINT[] DEFAULT '{}' NOT NULL,
    achievement_ids UUID[] DEFAULT '{}' NOT NULL,
    base_price_only BOOLEAN DEFAULT false NOT NULL,
    percent NUMERIC(5, 2),
    fixed_minor BIGINT,
    fixed_currency TEXT,
    cap_minor BIGINT,
    cap_currency TEXT,
    only_weekdays BOOLEAN DEFAULT false NOT NULL,
    only_weekends BOOLEAN DEFAULT false NOT NULL,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    active BOOLEAN DEFAULT true NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    archived_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_automatic_discounts PRIMARY KEY (id),
    CONSTRAINT ck_automatic_discounts_off CHECK (num_nonnulls(percent, fixed_minor) = 1),
    CONSTRAINT ck_automatic_discounts_trigger CHECK (trigger IN ('birthday', 'returning', 'first_time', 'loyalty', 'last_minute', 'global_promotion')),
    CONSTRAINT fk_automatic_discounts_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_automatic_discounts_organisation_id ON automatic_discounts (organisation_id);
CREATE TABLE referral_discounts (
    achievement_id UUID NOT NULL,
    percent NUMERIC(5, 2) NOT NULL,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    active BOOLEAN DEFAULT true NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    archived_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_referral_discounts PRIMARY KEY (id),
    CONSTRAINT uq_referral_discounts_organisation_id_achievement_id UNIQUE (organisation_id, achievement_id),
    CONSTRAINT fk_referral_discounts_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_referral_discounts_organisation_id ON referral_discounts (organisation_id);
CREATE TABLE dynamic_code_configs (
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    percent NUMERIC(5, 2) NOT NULL,
    valid_days INTEGER NOT NULL,
    minimum_minor BIGINT,
    minimum_currency TEXT,
    usage_limit INTEGER,
    property_ids UUID[] DEFAULT '{}' NOT NULL,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    active BOOLEAN DEFAULT true NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    archived_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_dynamic_code_configs PRIMARY KEY (id),
    CONSTRAINT fk_dynamic_code_configs_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_dynamic_code_configs_organisation_id ON dynamic_code_configs (organisation_id);
CREATE UNIQUE INDEX uq_dynamic_code_configs_name ON dynamic_code_configs (organisation_id, lower(name)) WHERE archived_at IS NULL;
"""

DOWNGRADE = """
DROP TABLE dynamic_code_configs;
DROP TABLE referral_discounts;
DROP TABLE automatic_discounts;
DROP TABLE discount_code_uses;
DROP TABLE discount_codes;
"""


def upgrade() -> None:
    run(UPGRADE)


def downgrade() -> None:
    run(DOWNGRADE)
