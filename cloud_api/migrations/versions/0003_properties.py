"""Tables of the room `properties`."""

from cloud_api.migrations.script import run

revision = "0003_properties"
down_revision = "0002_accounts"
branch_labels = None
depends_on = None

UPGRADE = """
CREATE TABLE properties (
    region TEXT NOT NULL,
    address TEXT DEFAULT '' NOT NULL,
    description TEXT DEFAULT '' NOT NULL,
    hold_minutes INTEGER DEFAULT 30 NOT NULL,
    may_stand_unconfirmed BOOLEAN DEFAULT false NOT NULL,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    name TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    archived_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_properties PRIMARY KEY (id),
    CONSTRAINT ck_properties_hold_minutes CHECK (hold_minutes > 0),
    CONSTRAINT fk_properties_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_properties_organisation_id ON properties (organisation_id);
CREATE TABLE houses (
    property_id UUID NOT NULL,
    zone TEXT NOT NULL,
    check_in_from TIME WITHOUT TIME ZONE NOT NULL,
    check_out_until TIME WITHOUT TIME ZONE NOT NULL,
    latitude DOUBLE PRECISION,
    longitude DOUBLE PRECISION,
    lease_hours INTEGER DEFAULT 72 NOT NULL,
    max_companions INTEGER DEFAULT 10 NOT NULL,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    name TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    archived_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_houses PRIMARY KEY (id),
    CONSTRAINT ck_houses_lease_hours CHECK (lease_hours BETWEEN 1 AND 336),
    CONSTRAINT ck_houses_max_companions CHECK (max_companions BETWEEN 0 AND 100),
    CONSTRAINT fk_houses_property_id FOREIGN KEY(property_id) REFERENCES properties (id),
    CONSTRAINT fk_houses_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_houses_organisation_id ON houses (organisation_id);
CREATE INDEX ix_houses_property_id ON houses (property_id);
CREATE TABLE spaces (
    house_id UUID NOT NULL,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    name TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    archived_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_spaces PRIMARY KEY (id),
    CONSTRAINT uq_spaces_id_house_id UNIQUE (id, house_id),
    CONSTRAINT fk_spaces_house_id FOREIGN KEY(house_id) REFERENCES houses (id),
    CONSTRAINT fk_spaces_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_spaces_house_id ON spaces (house_id);
CREATE INDEX ix_spaces_organisation_id ON spaces (organisation_id);
CREATE TABLE units (
    house_id UUID NOT NULL,
    capacity INTEGER NOT NULL,
    base_price_minor BIGINT NOT NULL,
    base_price_currency TEXT NOT NULL,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    name TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    archived_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_units PRIMARY KEY (id),
    CONSTRAINT uq_units_id_house_id UNIQUE (id, house_id),
    CONSTRAINT ck_units_capacity CHECK (capacity > 0),
    CONSTRAINT ck_units_base_price CHECK (base_price_minor >= 0),
    CONSTRAINT fk_units_house_id FOREIGN KEY(house_id) REFERENCES houses (id),
    CONSTRAINT fk_units_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_units_house_id ON units (house_id);
CREATE INDEX ix_units_organisation_id ON units (organisation_id);
CREATE TABLE locks (
    vendor VARCHAR(40) NOT NULL,
    house_id UUID NOT NULL,
    space_id UUID,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    name TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    archived_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_locks PRIMARY KEY (id),
    CONSTRAINT fk_locks_space_id_house_id FOREIGN KEY(space_id, house_id) REFERENCES spaces (id, house_id),
    CONSTRAINT ck_locks_lockvendor CHECK (vendor IN ('ttlock')),
    CONSTRAINT fk_locks_house_id FOREIGN KEY(house_id) REFERENCES houses (id),
    CONSTRAINT fk_locks_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_locks_house_id ON locks (house_id);
CREATE INDEX ix_locks_organisation_id ON locks (organisation_id);
CREATE TABLE players (
    vendor VARCHAR(40) NOT NULL,
    speaker TEXT DEFAULT '' NOT NULL,
    house_id UUID NOT NULL,
    space_id UUID,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    name TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    archived_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_players PRIMARY KEY (id),
    CONSTRAINT fk_players_space_id_house_id FOREIGN KEY(space_id, house_id) REFERENCES spaces (id, house_id),
    CONSTRAINT ck_players_playervendor CHECK (vendor IN ('music_assistant')),
    CONSTRAINT fk_players_house_id FOREIGN KEY(house_id) REFERENCES houses (id),
    CONSTRAINT fk_players_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_players_house_id ON players (house_id);
CREATE INDEX ix_players_organisation_id ON players (organisation_id);
CREATE TABLE unit_spaces (
    unit_id UUID NOT NULL,
    space_id UUID NOT NULL,
    house_id UUID NOT NULL,
    CONSTRAINT pk_unit_spaces PRIMARY KEY (unit_id, space_id),
    CONSTRAINT fk_unit_spaces_unit_id_house_id FOREIGN KEY(unit_id, house_id) REFERENCES units (id, house_id),
    CONSTRAINT fk_unit_spaces_space_id_house_id FOREIGN KEY(space_id, house_id) REFERENCES spaces (id, house_id)
);
CREATE INDEX ix_unit_spaces_space_id ON unit_spaces (space_id);
"""

DOWNGRADE = """
DROP TABLE unit_spaces;
DROP TABLE players;
DROP TABLE locks;
DROP TABLE units;
DROP TABLE spaces;
DROP TABLE houses;
DROP TABLE properties;
"""


def upgrade() -> None:
    run(UPGRADE)


def downgrade() -> None:
    run(DOWNGRADE)
