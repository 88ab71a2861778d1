"""What each grant said in the versions that a house may still act on."""

from cloud_api.migrations.script import run

revision = "0008_issued"
down_revision = "0011_certificates"
branch_labels = None
depends_on = None

UPGRADE = """
CREATE TABLE fleet_issued (
    house_id UUID NOT NULL,
    grant_id UUID NOT NULL,
    epoch BIGINT NOT NULL,
    version BIGINT NOT NULL,
    gone_epoch BIGINT,
    gone_version BIGINT,
    organisation_id UUID NOT NULL,
    digest BYTEA NOT NULL,
    role TEXT NOT NULL,
    stay_id UUID,
    starts TIMESTAMP WITH TIME ZONE NOT NULL,
    ends TIMESTAMP WITH TIME ZONE NOT NULL,
    rights TEXT[] NOT NULL,
    generation BIGINT NOT NULL,
    credentials TEXT[] NOT NULL,
    checked_in BOOLEAN NOT NULL,
    CONSTRAINT pk_fleet_issued PRIMARY KEY (house_id, grant_id, epoch, version),
    CONSTRAINT fk_fleet_issued_house_id FOREIGN KEY (house_id) REFERENCES fleet_houses (house_id) ON DELETE CASCADE
);
CREATE INDEX ix_fleet_issued_ends ON fleet_issued (ends);
INSERT INTO fleet_issued (house_id, grant_id, epoch, version, gone_epoch, gone_version,
    organisation_id, digest, role, stay_id, starts, ends, rights, generation, credentials, checked_in)
SELECT g.house_id, g.id, h.epoch,
    -- A version of an earlier epoch would name one that this epoch has yet to reach.
    CASE WHEN h.acked_epoch = h.epoch THEN greatest(1, h.acked_version) ELSE 1 END,
    t.epoch, t.version,
    g.organisation_id, g.digest, g.role, g.stay_id, g.starts, g.ends, g.rights, g.generation,
    ARRAY(SELECT p ->> 'credential' FROM jsonb_array_elements(g.pins) AS p), g.checked_in
FROM fleet_grants g JOIN fleet_houses h USING (house_id)
LEFT JOIN fleet_tombstones t ON t.house_id = g.house_id AND t.id = g.id
WHERE h.version > 0 AND g.ends > now();
"""

DOWNGRADE = """
DROP TABLE fleet_issued;
"""


def upgrade() -> None:
    run(UPGRADE)


def downgrade() -> None:
    run(DOWNGRADE)
