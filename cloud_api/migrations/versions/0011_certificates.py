"""Certificates of the houses' devices."""

from cloud_api.migrations.script import run

revision = "0011_certificates"
down_revision = "0008_jobs"
branch_labels = None
depends_on = None

UPGRADE = """
CREATE TABLE fleet_certificates (
    serial TEXT NOT NULL,
    organisation_id UUID NOT NULL,
    house_id UUID NOT NULL,
    key_hash TEXT NOT NULL,
    chain BYTEA NOT NULL,
    issued_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends TIMESTAMP WITH TIME ZONE NOT NULL,
    refused_at TIMESTAMP WITH TIME ZONE,
    refused_why TEXT,
    CONSTRAINT pk_fleet_certificates PRIMARY KEY (serial),
    CONSTRAINT fk_fleet_certificates_house_id FOREIGN KEY (house_id) REFERENCES fleet_houses (house_id) ON DELETE CASCADE
);
CREATE INDEX ix_fleet_certificates_house_id ON fleet_certificates (house_id);
CREATE INDEX ix_fleet_certificates_refused ON fleet_certificates (ends) WHERE refused_at IS NOT NULL;
"""

DOWNGRADE = """
DROP TABLE fleet_certificates;
"""


def upgrade() -> None:
    run(UPGRADE)


def downgrade() -> None:
    run(DOWNGRADE)
