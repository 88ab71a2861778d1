"""Tables of the room `kit`, and the extension the overlap guard needs."""

from cloud_api.migrations.script import run

revision = "0001_kit"
down_revision = None
branch_labels = None
depends_on = None

UPGRADE = """
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE TABLE audit_log (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    organisation_id UUID NOT NULL,
    at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id UUID NOT NULL,
    action TEXT NOT NULL,
    object_type TEXT NOT NULL,
    object_id TEXT NOT NULL,
    before JSONB,
    after JSONB,
    request_id TEXT,
    CONSTRAINT pk_audit_log PRIMARY KEY (id)
);
CREATE INDEX ix_audit_log_organisation_id_id ON audit_log (organisation_id, id);
CREATE INDEX ix_audit_log_organisation_id_object_type_object_id ON audit_log (organisation_id, object_type, object_id);
CREATE TABLE events_outbox (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    name TEXT NOT NULL,
    organisation_id UUID,
    payload JSONB NOT NULL,
    occurred_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    dispatched_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_events_outbox PRIMARY KEY (id)
);
CREATE INDEX ix_events_outbox_undispatched ON events_outbox (id) WHERE dispatched_at IS NULL;
CREATE TABLE idempotency_keys (
    principal TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    status INTEGER,
    media_type TEXT,
    body BYTEA,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_idempotency_keys PRIMARY KEY (principal, key)
);
CREATE INDEX ix_idempotency_keys_created_at ON idempotency_keys (created_at);
CREATE TABLE throttle_slots (
    bucket BYTEA NOT NULL,
    slot BIGINT NOT NULL,
    hits INTEGER NOT NULL,
    counts_until TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_throttle_slots PRIMARY KEY (bucket, slot)
);
CREATE INDEX ix_throttle_slots_counts_until ON throttle_slots (counts_until);
"""

DOWNGRADE = """
DROP TABLE throttle_slots;
DROP TABLE idempotency_keys;
DROP TABLE events_outbox;
DROP TABLE audit_log;
"""


def upgrade() -> None:
    run(UPGRADE)


def downgrade() -> None:
    run(DOWNGRADE)
