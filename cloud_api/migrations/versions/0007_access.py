"""Tables of the room `access`."""

from cloud_api.migrations.script import run

revision = "0007_access"
down_revision = "0006_reservations"
branch_labels = None
depends_on = None

UPGRADE = """
CREATE TABLE access_grants (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    house_id UUID NOT NULL,
    reservation_id UUID,
    staff_id UUID,
    parent_id UUID,
    holder TEXT NOT NULL,
    state TEXT DEFAULT 'active' NOT NULL,
    delegated BOOLEAN DEFAULT false NOT NULL,
    generation INTEGER DEFAULT '1' NOT NULL,
    starts TIMESTAMP WITH TIME ZONE NOT NULL,
    ends TIMESTAMP WITH TIME ZONE NOT NULL,
    rights JSONB NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    language TEXT DEFAULT 'en' NOT NULL,
    checked_in BOOLEAN DEFAULT false NOT NULL,
    max_delegations INTEGER DEFAULT '0' NOT NULL,
    link_hash TEXT,
    lan_hash TEXT,
    join_hash TEXT,
    reason TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_access_grants PRIMARY KEY (id),
    CONSTRAINT ck_access_grants_window_not_empty CHECK (starts < ends)
);
CREATE INDEX ix_access_grants_house_id ON access_grants (house_id);
CREATE INDEX ix_access_grants_organisation_id_ends ON access_grants (organisation_id, ends);
CREATE INDEX ix_access_grants_parent_id ON access_grants (parent_id);
CREATE INDEX ix_access_grants_reservation_id ON access_grants (reservation_id);
CREATE UNIQUE INDEX uq_access_grants_join_hash ON access_grants (join_hash) WHERE join_hash IS NOT NULL;
CREATE UNIQUE INDEX uq_access_grants_link_hash ON access_grants (link_hash) WHERE link_hash IS NOT NULL;
CREATE UNIQUE INDEX uq_access_grants_one_guest ON access_grants (reservation_id) WHERE holder = 'guest' AND state = 'active';
CREATE TABLE access_guest_sessions (
    token_hash TEXT NOT NULL,
    organisation_id UUID NOT NULL,
    grant_id UUID NOT NULL,
    generation INTEGER NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_access_guest_sessions PRIMARY KEY (token_hash)
);
CREATE INDEX ix_access_guest_sessions_grant_id ON access_guest_sessions (grant_id);
CREATE TABLE access_pins (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    grant_id UUID NOT NULL,
    lock_id UUID NOT NULL,
    digits BYTEA NOT NULL,
    fingerprint BYTEA NOT NULL,
    state TEXT DEFAULT 'wanted' NOT NULL,
    reason TEXT,
    state_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    reported_chain BIGINT,
    reported_sequence BIGINT,
    wanted BOOLEAN DEFAULT true NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_access_pins PRIMARY KEY (id)
);
CREATE INDEX ix_access_pins_grant_id ON access_pins (grant_id);
CREATE UNIQUE INDEX uq_access_pins_grant_lock ON access_pins (grant_id, lock_id) WHERE wanted;
CREATE UNIQUE INDEX uq_access_pins_lock_fingerprint ON access_pins (lock_id, fingerprint);
CREATE TABLE access_requests (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    house_id UUID NOT NULL,
    parent_id UUID NOT NULL,
    name TEXT NOT NULL,
    wants JSONB NOT NULL,
    state TEXT DEFAULT 'pending' NOT NULL,
    in_house BOOLEAN DEFAULT false NOT NULL,
    waiting_hash TEXT,
    grant_id UUID,
    decided_by TEXT,
    decided_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_access_requests PRIMARY KEY (id)
);
CREATE INDEX ix_access_requests_parent_id ON access_requests (parent_id);
CREATE INDEX ix_access_requests_pending ON access_requests (expires_at) WHERE state = 'pending';
CREATE INDEX ix_access_requests_waiting_hash ON access_requests (waiting_hash);
"""

DOWNGRADE = """
DROP TABLE access_requests;
DROP TABLE access_pins;
DROP TABLE access_guest_sessions;
DROP TABLE access_grants;
"""


def upgrade() -> None:
    run(UPGRADE)


def downgrade() -> None:
    run(DOWNGRADE)
