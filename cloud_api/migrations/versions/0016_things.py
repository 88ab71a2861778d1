"""Heating, lights, switches and sensors of a house, and speakers that Home Assistant plays."""

from cloud_api.migrations.script import run

revision = "0016_things"
down_revision = "0015_beside_grants"
branch_labels = None
depends_on = None

UPGRADE = """
CREATE TABLE things (
    kind VARCHAR(40) NOT NULL,
    entity TEXT NOT NULL,
    guests_may VARCHAR(40) NOT NULL,
    lowest FLOAT,
    highest FLOAT,
    house_id UUID NOT NULL,
    space_id UUID,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    name TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    archived_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_things PRIMARY KEY (id),
    CONSTRAINT fk_things_space_id_house_id FOREIGN KEY(space_id, house_id) REFERENCES spaces (id, house_id),
    CONSTRAINT ck_things_bounds CHECK (lowest <= highest),
    CONSTRAINT ck_things_thingkind CHECK (kind IN ('climate', 'pool_heating', 'light', 'switch', 'sensor')),
    CONSTRAINT ck_things_guestsmay CHECK (guests_may IN ('nothing', 'read', 'use')),
    CONSTRAINT fk_things_house_id FOREIGN KEY(house_id) REFERENCES houses (id),
    CONSTRAINT fk_things_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_things_house_id ON things (house_id);
CREATE INDEX ix_things_organisation_id ON things (organisation_id);
CREATE UNIQUE INDEX uq_things_name ON things (house_id, lower(name)) WHERE archived_at IS NULL;
ALTER TABLE fleet_houses ADD COLUMN things JSONB DEFAULT '[]' NOT NULL;
ALTER TABLE players DROP CONSTRAINT ck_players_playervendor;
ALTER TABLE players ADD CONSTRAINT ck_players_playervendor CHECK (vendor IN ('music_assistant', 'home_assistant'));
"""

DOWNGRADE = """
UPDATE players SET vendor = 'music_assistant';
ALTER TABLE players DROP CONSTRAINT ck_players_playervendor;
ALTER TABLE players ADD CONSTRAINT ck_players_playervendor CHECK (vendor IN ('music_assistant'));
ALTER TABLE fleet_houses DROP COLUMN things;
DROP TABLE things;
"""


def upgrade() -> None:
    run(UPGRADE)


def downgrade() -> None:
    run(DOWNGRADE)
