"""No two locks, players or units of one name in one house.

Where there are such, the newer ones get a number behind their names. A player that was found by
its name keeps the old one as its id at the music server.
"""

from alembic import op

from cloud_api.migrations.script import run

revision = "0013_names"
down_revision = "0012_music_rules"
branch_labels = None
depends_on = None

# Again until none is left: a number may itself be taken. As long as a name may be: 200 characters.
_APART = """
DO $$
DECLARE changed INTEGER;
BEGIN
    LOOP
        WITH same AS (
            SELECT id, row_number() OVER (
                PARTITION BY house_id, lower(name) ORDER BY created_at, id) AS place
            FROM {table} WHERE archived_at IS NULL
        )
        UPDATE {table} AS t SET {keep}name = left(t.name, 180) || ' (' || same.place || ')'
        FROM same WHERE same.id = t.id AND same.place > 1;
        GET DIAGNOSTICS changed = ROW_COUNT;
        EXIT WHEN changed = 0;
    END LOOP;
END $$
"""
_KEPT = {
    "locks": "",
    "players": "speaker = coalesce(nullif(t.speaker, ''), t.name), ",
    "units": "",
}
_INDEX = (
    "CREATE UNIQUE INDEX uq_{table}_name ON {table} (house_id, lower(name))"
    " WHERE archived_at IS NULL"
)

DOWNGRADE = """
DROP INDEX uq_units_name;
DROP INDEX uq_players_name;
DROP INDEX uq_locks_name;
"""


def upgrade() -> None:
    for table, keep in _KEPT.items():
        op.execute(_APART.format(table=table, keep=keep))
        op.execute(_INDEX.format(table=table))


def downgrade() -> None:
    run(DOWNGRADE)
