"""Prices: conventions, night prices, seasons, special dates, services, rates, policies, quotes."""

from cloud_api.migrations.script import run

revision = "0017_pricing"
down_revision = "0016_things"
branch_labels = None
depends_on = None

UPGRADE = """
CREATE TABLE pricing_exchange_rates (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    base TEXT NOT NULL,
    quote TEXT NOT NULL,
    value NUMERIC(20, 10) NOT NULL,
    valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_pricing_exchange_rates PRIMARY KEY (id),
    CONSTRAINT ck_pricing_exchange_rates_value CHECK (value > 0),
    CONSTRAINT ck_pricing_exchange_rates_two_currencies CHECK (base <> quote),
    CONSTRAINT uq_pricing_exchange_rates_organisation_id_base_quote_valid_from UNIQUE (organisation_id, base, quote, valid_from),
    CONSTRAINT fk_pricing_exchange_rates_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE TABLE pricing_services (
    description TEXT DEFAULT '' NOT NULL,
    mandatory BOOLEAN DEFAULT false NOT NULL,
    per_night BOOLEAN DEFAULT false NOT NULL,
    per_person BOOLEAN DEFAULT false NOT NULL,
    price_minor BIGINT NOT NULL,
    price_currency TEXT NOT NULL,
    property_ids UUID[] DEFAULT '{}' NOT NULL,
    after TEXT DEFAULT '' NOT NULL,
    place INTEGER DEFAULT 0 NOT NULL,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    name TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    archived_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_pricing_services PRIMARY KEY (id),
    CONSTRAINT ck_pricing_services_price CHECK (price_minor >= 0),
    CONSTRAINT fk_pricing_services_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_pricing_services_organisation_id ON pricing_services (organisation_id);
CREATE TABLE pricing_cancellation_policies (
    property_id UUID,
    days_before INTEGER NOT NULL,
    refund_percent NUMERIC(5, 2) NOT NULL,
    is_default BOOLEAN DEFAULT false NOT NULL,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    name TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    archived_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_pricing_cancellation_policies PRIMARY KEY (id),
    CONSTRAINT ck_pricing_cancellation_policies_days_before CHECK (days_before >= 0),
    CONSTRAINT ck_pricing_cancellation_policies_refund_percent CHECK (refund_percent BETWEEN 0 AND 100),
    CONSTRAINT fk_pricing_cancellation_policies_property_id FOREIGN KEY(property_id) REFERENCES properties (id),
    CONSTRAINT fk_pricing_cancellation_policies_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_pricing_cancellation_policies_organisation_id_property_id ON pricing_cancellation_policies (organisation_id, property_id);
CREATE UNIQUE INDEX uq_pricing_cancellation_policies_default ON pricing_cancellation_policies (organisation_id, property_id) NULLS NOT DISTINCT WHERE is_default AND archived_at IS NULL;
CREATE TABLE pricing_quotes (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    property_id UUID NOT NULL,
    document TEXT NOT NULL,
    mac BYTEA NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    kept_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_pricing_quotes PRIMARY KEY (id),
    CONSTRAINT fk_pricing_quotes_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_pricing_quotes_property_id FOREIGN KEY(property_id) REFERENCES properties (id)
);
CREATE INDEX ix_pricing_quotes_forgettable ON pricing_quotes (expires_at) WHERE kept_at IS NULL;
CREATE INDEX ix_pricing_quotes_organisation_id_property_id_made_at ON pricing_quotes (organisation_id, property_id, made_at);
CREATE TABLE pricing_seasons (
    property_id UUID,
    level VARCHAR(40) NOT NULL,
    start_month INTEGER NOT NULL,
    start_day INTEGER NOT NULL,
    end_month INTEGER NOT NULL,
    end_day INTEGER NOT NULL,
    year INTEGER,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    name TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    archived_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_pricing_seasons PRIMARY KEY (id),
    CONSTRAINT ck_pricing_seasons_days CHECK (start_month BETWEEN 1 AND 12 AND end_month BETWEEN 1 AND 12 AND start_day BETWEEN 1 AND 31 AND end_day BETWEEN 1 AND 31),
    CONSTRAINT fk_pricing_seasons_property_id FOREIGN KEY(property_id) REFERENCES properties (id),
    CONSTRAINT ck_pricing_seasons_level CHECK (level IN ('low', 'high')),
    CONSTRAINT fk_pricing_seasons_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_pricing_seasons_organisation_id_property_id ON pricing_seasons (organisation_id, property_id);
CREATE TABLE pricing_settings (
    property_id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    weekend INTEGER[] DEFAULT '{4,5}' NOT NULL,
    currency TEXT,
    second_currency TEXT,
    deposit_percent NUMERIC(5, 2) DEFAULT 30 NOT NULL,
    high_season_factor NUMERIC(6, 3) DEFAULT 1.5 NOT NULL,
    weekend_factor NUMERIC(6, 3) DEFAULT 1 NOT NULL,
    rounding INTEGER DEFAULT 1 NOT NULL,
    quote_minutes INTEGER DEFAULT 1440 NOT NULL,
    charges JSONB DEFAULT '[]' NOT NULL,
    late_check_out JSONB DEFAULT '[]' NOT NULL,
    early_check_in JSONB DEFAULT '[]' NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_pricing_settings PRIMARY KEY (property_id),
    CONSTRAINT ck_pricing_settings_deposit_percent CHECK (deposit_percent BETWEEN 0 AND 100),
    CONSTRAINT ck_pricing_settings_factors CHECK (high_season_factor > 0 AND weekend_factor > 0),
    CONSTRAINT ck_pricing_settings_rounding CHECK (rounding > 0),
    CONSTRAINT ck_pricing_settings_quote_minutes CHECK (quote_minutes > 0),
    CONSTRAINT fk_pricing_settings_property_id FOREIGN KEY(property_id) REFERENCES properties (id),
    CONSTRAINT fk_pricing_settings_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_pricing_settings_organisation_id ON pricing_settings (organisation_id);
CREATE TABLE pricing_special_dates (
    property_id UUID NOT NULL,
    unit_id UUID,
    month INTEGER NOT NULL,
    day INTEGER NOT NULL,
    price_minor BIGINT NOT NULL,
    price_currency TEXT NOT NULL,
    minimum_nights INTEGER DEFAULT 1 NOT NULL,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    name TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    archived_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_pricing_special_dates PRIMARY KEY (id),
    CONSTRAINT ck_pricing_special_dates_date CHECK (month BETWEEN 1 AND 12 AND day BETWEEN 1 AND 31),
    CONSTRAINT ck_pricing_special_dates_price CHECK (price_minor >= 0),
    CONSTRAINT ck_pricing_special_dates_minimum_nights CHECK (minimum_nights BETWEEN 1 AND 60),
    CONSTRAINT fk_pricing_special_dates_property_id FOREIGN KEY(property_id) REFERENCES properties (id),
    CONSTRAINT fk_pricing_special_dates_unit_id FOREIGN KEY(unit_id) REFERENCES units (id),
    CONSTRAINT fk_pricing_special_dates_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_pricing_special_dates_organisation_id ON pricing_special_dates (organisation_id);
CREATE UNIQUE INDEX uq_pricing_special_dates_date ON pricing_special_dates (property_id, unit_id, month, day) NULLS NOT DISTINCT WHERE archived_at IS NULL;
CREATE TABLE pricing_unit_prices (
    unit_id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    currency TEXT NOT NULL,
    low_weekday BIGINT,
    low_weekend BIGINT,
    high_weekday BIGINT,
    high_weekend BIGINT,
    extra_person BIGINT DEFAULT 0 NOT NULL,
    fixed BOOLEAN DEFAULT false NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_pricing_unit_prices PRIMARY KEY (unit_id),
    CONSTRAINT ck_pricing_unit_prices_all_or_none CHECK (num_nulls(low_weekday, low_weekend, high_weekday, high_weekend) IN (0, 4)),
    CONSTRAINT ck_pricing_unit_prices_not_negative CHECK (least(low_weekday, low_weekend, high_weekday, high_weekend, extra_person) >= 0),
    CONSTRAINT fk_pricing_unit_prices_unit_id FOREIGN KEY(unit_id) REFERENCES units (id),
    CONSTRAINT fk_pricing_unit_prices_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_pricing_unit_prices_organisation_id ON pricing_unit_prices (organisation_id);
CREATE FUNCTION pricing_exchange_rates_stay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'an exchange rate is never changed; add a newer one'; END $$;
CREATE TRIGGER pricing_exchange_rates_stay BEFORE UPDATE OR DELETE ON pricing_exchange_rates FOR EACH ROW EXECUTE FUNCTION pricing_exchange_rates_stay();
"""

DOWNGRADE = """
DROP TABLE pricing_unit_prices;
DROP TABLE pricing_special_dates;
DROP TABLE pricing_settings;
DROP TABLE pricing_seasons;
DROP TABLE pricing_quotes;
DROP TABLE pricing_cancellation_policies;
DROP TABLE pricing_services;
DROP TABLE pricing_exchange_rates;
DROP FUNCTION pricing_exchange_rates_stay();
"""


def upgrade() -> None:
    run(UPGRADE)


def downgrade() -> None:
    run(DOWNGRADE)
