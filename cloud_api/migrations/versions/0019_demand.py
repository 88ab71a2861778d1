"""Towns and halls that are watched, what happens there, and what may be asked to learn it."""

from cloud_api.migrations.script import run

revision = "0019_demand"
down_revision = "0018_discounts"
branch_labels = None
depends_on = None

UPGRADE = """
CREATE TABLE demand_settings (
    organisation_id UUID NOT NULL,
    api_key BYTEA,
    key_mark BYTEA,
    numbers JSONB DEFAULT '{}' NOT NULL,
    horizon_days INTEGER DEFAULT 365 NOT NULL,
    last_trouble TEXT DEFAULT '' NOT NULL,
    last_success_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_demand_settings PRIMARY KEY (organisation_id),
    CONSTRAINT fk_demand_settings_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE TABLE demand_budgets (
    key_mark BYTEA NOT NULL,
    day DATE NOT NULL,
    used INTEGER DEFAULT 0 NOT NULL,
    daily_limit INTEGER DEFAULT 5000 NOT NULL,
    granted_at TIMESTAMP WITH TIME ZONE,
    closed_until TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_demand_budgets PRIMARY KEY (key_mark),
    CONSTRAINT ck_demand_budgets_used CHECK (used >= 0)
);
CREATE TABLE demand_places (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    city TEXT NOT NULL,
    country TEXT NOT NULL,
    property_ids UUID[] DEFAULT '{}' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_demand_places PRIMARY KEY (id),
    CONSTRAINT fk_demand_places_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE UNIQUE INDEX uq_demand_places_town ON demand_places (organisation_id, lower(city), country);
CREATE TABLE demand_venues (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    place_id UUID NOT NULL,
    name TEXT NOT NULL,
    vendor_id TEXT DEFAULT '' NOT NULL,
    bonus INTEGER DEFAULT 0 NOT NULL,
    priority BOOLEAN DEFAULT true NOT NULL,
    by_title BOOLEAN DEFAULT false NOT NULL,
    always_alert BOOLEAN DEFAULT false NOT NULL,
    price_minor BIGINT,
    price_currency TEXT,
    CONSTRAINT pk_demand_venues PRIMARY KEY (id),
    CONSTRAINT fk_demand_venues_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_demand_venues_place_id FOREIGN KEY(place_id) REFERENCES demand_places (id) ON DELETE CASCADE
);
CREATE INDEX ix_demand_venues_organisation_id ON demand_venues (organisation_id);
CREATE UNIQUE INDEX uq_demand_venues_name ON demand_venues (place_id, lower(name));
CREATE TABLE demand_searches (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    place_id UUID NOT NULL,
    venue_id UUID,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    leased_until TIMESTAMP WITH TIME ZONE,
    first DATE,
    until DATE,
    end_day DATE,
    page INTEGER DEFAULT 0 NOT NULL,
    asked INTEGER DEFAULT 0 NOT NULL,
    cost INTEGER DEFAULT 1 NOT NULL,
    failures INTEGER DEFAULT 0 NOT NULL,
    CONSTRAINT pk_demand_searches PRIMARY KEY (id),
    CONSTRAINT uq_demand_searches_place_id_venue_id UNIQUE NULLS NOT DISTINCT (place_id, venue_id),
    CONSTRAINT fk_demand_searches_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_demand_searches_place_id FOREIGN KEY(place_id) REFERENCES demand_places (id) ON DELETE CASCADE,
    CONSTRAINT fk_demand_searches_venue_id FOREIGN KEY(venue_id) REFERENCES demand_venues (id) ON DELETE CASCADE
);
CREATE INDEX ix_demand_searches_due_at ON demand_searches (due_at);
CREATE INDEX ix_demand_searches_organisation_id ON demand_searches (organisation_id);
CREATE TABLE demand_events (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    place_id UUID NOT NULL,
    vendor_id TEXT NOT NULL,
    name TEXT NOT NULL,
    day DATE NOT NULL,
    starts TIME WITHOUT TIME ZONE,
    status VARCHAR(40) NOT NULL,
    url TEXT DEFAULT '' NOT NULL,
    venue TEXT DEFAULT '' NOT NULL,
    vendor_venue_id TEXT DEFAULT '' NOT NULL,
    sale_begins TIMESTAMP WITH TIME ZONE,
    sale_ends TIMESTAMP WITH TIME ZONE,
    least_price BIGINT,
    most_price BIGINT,
    venue_id UUID,
    score INTEGER NOT NULL,
    demand VARCHAR(40) NOT NULL,
    sold_out BOOLEAN NOT NULL,
    alert BOOLEAN NOT NULL,
    price_minor BIGINT NOT NULL,
    price_currency TEXT NOT NULL,
    state VARCHAR(40) DEFAULT 'open' NOT NULL,
    made JSONB DEFAULT '{}' NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE,
    alerted_at TIMESTAMP WITH TIME ZONE,
    short_listed BOOLEAN DEFAULT false NOT NULL,
    found_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_demand_events PRIMARY KEY (id),
    CONSTRAINT uq_demand_events_organisation_id_vendor_id UNIQUE (organisation_id, vendor_id),
    CONSTRAINT fk_demand_events_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_demand_events_place_id FOREIGN KEY(place_id) REFERENCES demand_places (id) ON DELETE CASCADE,
    CONSTRAINT ck_demand_events_eventstatus CHECK (status IN ('onsale', 'offsale', 'cancelled', 'postponed', 'rescheduled', 'unknown')),
    CONSTRAINT fk_demand_events_venue_id FOREIGN KEY(venue_id) REFERENCES demand_venues (id) ON DELETE SET NULL,
    CONSTRAINT ck_demand_events_demand CHECK (demand IN ('low', 'medium', 'high', 'critical')),
    CONSTRAINT ck_demand_events_suggestionstate CHECK (state IN ('open', 'accepted', 'dismissed'))
);
CREATE INDEX ix_demand_events_organisation_id_day ON demand_events (organisation_id, day);
CREATE INDEX ix_demand_events_place_id ON demand_events (place_id);
CREATE INDEX ix_demand_events_to_alert ON demand_events (organisation_id) WHERE alert AND alerted_at IS NULL;
"""

DOWNGRADE = """
DROP TABLE demand_events;
DROP TABLE demand_searches;
DROP TABLE demand_venues;
DROP TABLE demand_places;
DROP TABLE demand_budgets;
DROP TABLE demand_settings;
"""


def upgrade() -> None:
    run(UPGRADE)


def downgrade() -> None:
    run(DOWNGRADE)
