"""How long strangers may book, and for how long staff may hold keys, at each property."""

from cloud_api.migrations.script import run

revision = "0008_limits"
down_revision = "0008_issued"
branch_labels = None
depends_on = None

UPGRADE = """
ALTER TABLE properties
    ADD COLUMN most_nights INTEGER DEFAULT 60 NOT NULL,
    ADD COLUMN staff_grant_days INTEGER DEFAULT 30 NOT NULL,
    ADD COLUMN override_hours INTEGER DEFAULT 24 NOT NULL,
    ADD CONSTRAINT ck_properties_most_nights CHECK (most_nights > 0),
    ADD CONSTRAINT ck_properties_staff_grant_days CHECK (staff_grant_days > 0),
    ADD CONSTRAINT ck_properties_override_hours CHECK (override_hours > 0);
"""

DOWNGRADE = """
ALTER TABLE properties DROP COLUMN override_hours, DROP COLUMN staff_grant_days, DROP COLUMN most_nights;
"""


def upgrade() -> None:
    run(UPGRADE)


def downgrade() -> None:
    run(DOWNGRADE)
