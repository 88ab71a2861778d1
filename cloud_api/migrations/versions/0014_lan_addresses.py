"""Where each house's page is found in its own network."""

from cloud_api.migrations.script import run

revision = "0014_lan_addresses"
down_revision = "0013_names"
branch_labels = None
depends_on = None

UPGRADE = """
ALTER TABLE houses ADD COLUMN lan_addresses TEXT[] DEFAULT '{}' NOT NULL;
"""

DOWNGRADE = """
ALTER TABLE houses DROP COLUMN lan_addresses;
"""


def upgrade() -> None:
    run(UPGRADE)


def downgrade() -> None:
    run(DOWNGRADE)
