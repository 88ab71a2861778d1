"""Tables of the room `jobs`, and those of the job engine."""

from alembic import op
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment

from cloud_api.migrations.script import run

revision = "0008_jobs"
down_revision = "0007_access"
branch_labels = None
depends_on = None

UPGRADE = """
CREATE TABLE event_wakes (
    name TEXT NOT NULL,
    CONSTRAINT pk_event_wakes PRIMARY KEY (name)
);
CREATE TABLE reactions_done (
    event_id BIGINT NOT NULL,
    reaction TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_reactions_done PRIMARY KEY (event_id, reaction)
);
CREATE TABLE workers (
    id UUID NOT NULL,
    host TEXT NOT NULL,
    pid BIGINT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    beat_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_workers PRIMARY KEY (id)
);
CREATE TABLE job_runs (
    name TEXT NOT NULL,
    succeeded_at TIMESTAMP WITH TIME ZONE,
    failed_at TIMESTAMP WITH TIME ZONE,
    runs BIGINT DEFAULT 0 NOT NULL,
    failures_in_a_row BIGINT DEFAULT 0 NOT NULL,
    error TEXT,
    CONSTRAINT pk_job_runs PRIMARY KEY (name)
);
"""

DOWNGRADE = """
DROP TABLE job_runs;
DROP TABLE workers;
DROP TABLE reactions_done;
DROP TABLE event_wakes;
"""


def upgrade() -> None:
    run(UPGRADE)
    # The engine declares its own tables; a test asserts that nothing is missing from them.
    op.get_bind().exec_driver_sql(QueryBuilderEnvironment().build_install_query())


def downgrade() -> None:
    op.get_bind().exec_driver_sql(QueryBuilderEnvironment().build_uninstall_query())
    run(DOWNGRADE)
