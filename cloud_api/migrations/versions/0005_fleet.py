"""Tables of the room `fleet`."""

from cloud_api.migrations.script import run

revision = "0005_fleet"
down_revision = "0004_clients"
branch_labels = None
depends_on = None

HOUSES = """
CREATE TABLE fleet_houses (
    house_id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    zone TEXT DEFAULT 'UTC' NOT NULL,
    doors JSONB DEFAULT '[]' NOT NULL,
    players JSONB DEFAULT '[]' NOT NULL,
    music_rules JSONB DEFAULT '{}' NOT NULL,
    lease_seconds BIGINT DEFAULT 259200 NOT NULL,
    config_version BIGINT DEFAULT 0 NOT NULL,
    signing_key TEXT,
    sealing_key TEXT,
    software TEXT,
    enrolled_at TIMESTAMP WITH TIME ZONE,
    epoch BIGINT DEFAULT 1 NOT NULL,
    version BIGINT DEFAULT 0 NOT NULL,
    head_hash TEXT,
    issued_at TIMESTAMP WITH TIME ZONE,
    dirty BOOLEAN DEFAULT false NOT NULL,
    dirty_at TIMESTAMP WITH TIME ZONE,
    frozen BOOLEAN DEFAULT false NOT NULL,
    frozen_reason TEXT,
    build_trouble TEXT,
    acked_epoch BIGINT,
    acked_version BIGINT,
    acked_hash TEXT,
    acked_at TIMESTAMP WITH TIME ZONE,
    refused_reason TEXT,
    online BOOLEAN DEFAULT false NOT NULL,
    last_seen TIMESTAMP WITH TIME ZONE,
    status JSONB,
    status_at TIMESTAMP WITH TIME ZONE,
    sessions TEXT[] DEFAULT '{}' NOT NULL,
    ahead_epoch BIGINT DEFAULT 0 NOT NULL,
    facts_chain BIGINT DEFAULT 1 NOT NULL,
    facts_through BIGINT DEFAULT 0 NOT NULL,
    facts_head TEXT DEFAULT '0000000000000000000000000000000000000000000000000000000000000000' NOT NULL,
    facts_forked TEXT,
    gap_through BIGINT,
    gap_at TIMESTAMP WITH TIME ZONE,
    again_asked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_fleet_houses PRIMARY KEY (house_id)
);
CREATE INDEX ix_fleet_houses_organisation_id ON fleet_houses (organisation_id);
CREATE INDEX ix_fleet_houses_dirty ON fleet_houses (dirty_at) WHERE dirty AND NOT frozen;
CREATE TABLE fleet_claims (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    house_id UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_fleet_claims PRIMARY KEY (id),
    CONSTRAINT uq_fleet_claims_token_hash UNIQUE (token_hash),
    CONSTRAINT fk_fleet_claims_house_id FOREIGN KEY (house_id) REFERENCES fleet_houses (house_id) ON DELETE CASCADE
);
CREATE INDEX ix_fleet_claims_house_id ON fleet_claims (house_id);
"""

GRANTS = """
CREATE TABLE fleet_grants (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    house_id UUID NOT NULL,
    stay_id UUID,
    parent UUID,
    generation BIGINT NOT NULL,
    role TEXT NOT NULL,
    starts TIMESTAMP WITH TIME ZONE NOT NULL,
    ends TIMESTAMP WITH TIME ZONE NOT NULL,
    rights TEXT[] NOT NULL,
    checked_in BOOLEAN NOT NULL,
    lan_secret_hash TEXT,
    max_delegations BIGINT NOT NULL,
    vaulted_words BYTEA,
    pins JSONB NOT NULL,
    digest BYTEA NOT NULL,
    boxes JSONB,
    withdrawn_at TIMESTAMP WITH TIME ZONE,
    made_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_fleet_grants PRIMARY KEY (id),
    CONSTRAINT ck_fleet_grants_window CHECK (starts < ends),
    CONSTRAINT fk_fleet_grants_house_id FOREIGN KEY (house_id) REFERENCES fleet_houses (house_id) ON DELETE CASCADE
);
CREATE INDEX ix_fleet_grants_live ON fleet_grants (house_id, ends) WHERE withdrawn_at IS NULL;
CREATE INDEX ix_fleet_grants_parent ON fleet_grants (parent) WHERE parent IS NOT NULL;
CREATE TABLE fleet_tombstones (
    house_id UUID NOT NULL,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    window_end TIMESTAMP WITH TIME ZONE NOT NULL,
    until TIMESTAMP WITH TIME ZONE NOT NULL,
    version BIGINT,
    epoch BIGINT,
    CONSTRAINT pk_fleet_tombstones PRIMARY KEY (house_id, id),
    CONSTRAINT fk_fleet_tombstones_house_id FOREIGN KEY (house_id) REFERENCES fleet_houses (house_id) ON DELETE CASCADE
);
CREATE TABLE fleet_snapshots (
    house_id UUID NOT NULL,
    epoch BIGINT NOT NULL,
    version BIGINT NOT NULL,
    organisation_id UUID NOT NULL,
    bytes BYTEA NOT NULL,
    hash TEXT NOT NULL,
    grants BIGINT NOT NULL,
    issued_at TIMESTAMP WITH TIME ZONE NOT NULL,
    lease_until TIMESTAMP WITH TIME ZONE NOT NULL,
    published_at TIMESTAMP WITH TIME ZONE,
    acked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_fleet_snapshots PRIMARY KEY (house_id, epoch, version),
    CONSTRAINT fk_fleet_snapshots_house_id FOREIGN KEY (house_id) REFERENCES fleet_houses (house_id) ON DELETE CASCADE
);
CREATE INDEX ix_fleet_snapshots_unpublished ON fleet_snapshots (issued_at) WHERE published_at IS NULL;
"""

UPLINK = """
CREATE TABLE fleet_facts (
    house_id UUID NOT NULL,
    chain BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    organisation_id UUID NOT NULL,
    kind TEXT NOT NULL,
    exact TEXT NOT NULL,
    hash TEXT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_fleet_facts PRIMARY KEY (house_id, chain, sequence),
    CONSTRAINT fk_fleet_facts_house_id FOREIGN KEY (house_id) REFERENCES fleet_houses (house_id) ON DELETE CASCADE
);
CREATE INDEX ix_fleet_facts_organisation_id_received_at ON fleet_facts (organisation_id, received_at);
CREATE TABLE fleet_bad_messages (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    organisation_id UUID,
    house_id UUID,
    topic TEXT NOT NULL,
    flaw TEXT NOT NULL,
    detail TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    head BYTEA NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_fleet_bad_messages PRIMARY KEY (id)
);
CREATE INDEX ix_fleet_bad_messages_organisation_id_id ON fleet_bad_messages (organisation_id, id);
CREATE INDEX ix_fleet_bad_messages_house_id_received_at ON fleet_bad_messages (house_id, received_at);
CREATE TABLE fleet_bad_message_counts (
    house_id UUID NOT NULL,
    flaw TEXT NOT NULL,
    times BIGINT NOT NULL,
    last_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_fleet_bad_message_counts PRIMARY KEY (house_id, flaw)
);
"""

LIVE = """
CREATE TABLE fleet_commands (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    house_id UUID NOT NULL,
    grant_id UUID NOT NULL,
    lock_id UUID NOT NULL,
    move TEXT NOT NULL,
    state TEXT NOT NULL,
    outcome TEXT,
    reason TEXT,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    nonce_asked_at TIMESTAMP WITH TIME ZONE,
    sent_at TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_fleet_commands PRIMARY KEY (id),
    CONSTRAINT ck_fleet_commands_move CHECK (move IN ('open', 'lock')),
    CONSTRAINT ck_fleet_commands_state CHECK (state IN ('wanted', 'asked', 'sent', 'done', 'refused', 'unknown')),
    CONSTRAINT fk_fleet_commands_house_id FOREIGN KEY (house_id) REFERENCES fleet_houses (house_id) ON DELETE CASCADE
);
CREATE INDEX ix_fleet_commands_open ON fleet_commands (expires_at) WHERE state IN ('wanted', 'asked', 'sent');
CREATE INDEX ix_fleet_commands_house_id_asked_at ON fleet_commands (house_id, asked_at);
CREATE TABLE fleet_music_asks (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    house_id UUID NOT NULL,
    grant_id UUID NOT NULL,
    ask JSONB NOT NULL,
    state TEXT NOT NULL,
    answer JSONB,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    answered_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_fleet_music_asks PRIMARY KEY (id),
    CONSTRAINT ck_fleet_music_asks_state CHECK (state IN ('wanted', 'sent', 'answered', 'expired')),
    CONSTRAINT fk_fleet_music_asks_house_id FOREIGN KEY (house_id) REFERENCES fleet_houses (house_id) ON DELETE CASCADE
);
CREATE INDEX ix_fleet_music_asks_open ON fleet_music_asks (expires_at) WHERE state IN ('wanted', 'sent');
CREATE INDEX ix_fleet_music_asks_asked_at ON fleet_music_asks (asked_at);
"""

KEYS = """
CREATE TABLE fleet_key_documents (
    version BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    root_public_key TEXT NOT NULL,
    installed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_fleet_key_documents PRIMARY KEY (version)
);
CREATE TABLE fleet_couriers (
    name TEXT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    beat_at TIMESTAMP WITH TIME ZONE NOT NULL,
    connected BOOLEAN NOT NULL,
    CONSTRAINT pk_fleet_couriers PRIMARY KEY (name)
);
"""

DOWNGRADE = """
DROP TABLE fleet_couriers, fleet_key_documents, fleet_music_asks, fleet_commands;
DROP TABLE fleet_bad_message_counts, fleet_bad_messages, fleet_facts, fleet_snapshots;
DROP TABLE fleet_tombstones, fleet_grants, fleet_claims, fleet_houses;
"""


def upgrade() -> None:
    for part in (HOUSES, GRANTS, UPLINK, LIVE, KEYS):
        run(part)


def downgrade() -> None:
    run(DOWNGRADE)
