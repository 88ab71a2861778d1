"""What each house owes its neighbours."""

from cloud_api.migrations.script import run

revision = "0012_music_rules"
down_revision = "0010_emergency"
branch_labels = None
depends_on = None

UPGRADE = """
ALTER TABLE houses ADD COLUMN music_rules JSONB DEFAULT '{}' NOT NULL;
"""

DOWNGRADE = """
ALTER TABLE houses DROP COLUMN music_rules;
"""


def upgrade() -> None:
    run(UPGRADE)


def downgrade() -> None:
    run(DOWNGRADE)
