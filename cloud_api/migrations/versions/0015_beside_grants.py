"""What a house is told beside grants: which device it is, how it is set, where to look."""

from cloud_api.migrations.script import run

revision = "0015_beside_grants"
down_revision = "0014_lan_addresses"
branch_labels = None
depends_on = None

UPGRADE = """
CREATE TABLE fleet_lives (
    house_id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    holder TEXT NOT NULL,
    number BIGINT NOT NULL,
    former TEXT[] NOT NULL,
    heard_at TIMESTAMP WITH TIME ZONE NOT NULL,
    elder TEXT,
    losers TEXT[] NOT NULL,
    asked TEXT,
    challenge TEXT,
    doubled_at TIMESTAMP WITH TIME ZONE,
    loser_heard_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_fleet_lives PRIMARY KEY (house_id),
    CONSTRAINT fk_fleet_lives_house_id FOREIGN KEY (house_id) REFERENCES fleet_houses (house_id) ON DELETE CASCADE
);
CREATE TABLE fleet_configurations (
    house_id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    version BIGINT NOT NULL,
    settings JSONB NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    epoch BIGINT,
    frame BYTEA,
    hash TEXT,
    published_at TIMESTAMP WITH TIME ZONE,
    fate TEXT,
    reason TEXT,
    told_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_fleet_configurations PRIMARY KEY (house_id),
    CONSTRAINT fk_fleet_configurations_house_id FOREIGN KEY (house_id) REFERENCES fleet_houses (house_id) ON DELETE CASCADE
);
CREATE INDEX ix_fleet_configurations_unpublished ON fleet_configurations (made_at) WHERE frame IS NOT NULL AND published_at IS NULL;
CREATE TABLE fleet_looks (
    lock_id UUID NOT NULL,
    house_id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    wanted_at TIMESTAMP WITH TIME ZONE,
    sent_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_fleet_looks PRIMARY KEY (lock_id),
    CONSTRAINT fk_fleet_looks_house_id FOREIGN KEY (house_id) REFERENCES fleet_houses (house_id) ON DELETE CASCADE
);
CREATE INDEX ix_fleet_looks_wanted ON fleet_looks (wanted_at) WHERE wanted_at IS NOT NULL;
UPDATE fleet_houses SET config_version = 0;
"""

DOWNGRADE = """
DROP TABLE fleet_looks;
DROP TABLE fleet_configurations;
DROP TABLE fleet_lives;
"""


def upgrade() -> None:
    run(UPGRADE)


def downgrade() -> None:
    run(DOWNGRADE)
