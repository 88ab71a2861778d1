"""Tables of the room `accounts`."""

from cloud_api.migrations.script import run

revision = "0002_accounts"
down_revision = "0001_kit"
branch_labels = None
depends_on = None

UPGRADE = """
CREATE TABLE organisations (
    id UUID NOT NULL,
    name TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_organisations PRIMARY KEY (id)
);
CREATE TABLE api_keys (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    name TEXT NOT NULL,
    role VARCHAR(40) NOT NULL,
    prefix TEXT NOT NULL,
    token_hash BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    last_used_at TIMESTAMP WITH TIME ZONE,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_api_keys PRIMARY KEY (id),
    CONSTRAINT fk_api_keys_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT ck_api_keys_role CHECK (role IN ('owner', 'manager', 'reception', 'cleaner', 'read_only')),
    CONSTRAINT uq_api_keys_token_hash UNIQUE (token_hash)
);
CREATE INDEX ix_api_keys_organisation_id ON api_keys (organisation_id);
CREATE TABLE staff (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    role VARCHAR(40) NOT NULL,
    password_hash TEXT NOT NULL,
    active BOOLEAN DEFAULT true NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_staff PRIMARY KEY (id),
    CONSTRAINT ck_staff_email_lower CHECK (email = lower(email)),
    CONSTRAINT fk_staff_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT uq_staff_email UNIQUE (email),
    CONSTRAINT ck_staff_role CHECK (role IN ('owner', 'manager', 'reception', 'cleaner', 'read_only'))
);
CREATE INDEX ix_staff_organisation_id ON staff (organisation_id);
CREATE TABLE staff_sessions (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    staff_id UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_staff_sessions PRIMARY KEY (id),
    CONSTRAINT fk_staff_sessions_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_staff_sessions_staff_id FOREIGN KEY(staff_id) REFERENCES staff (id),
    CONSTRAINT uq_staff_sessions_token_hash UNIQUE (token_hash)
);
CREATE INDEX ix_staff_sessions_expires_at ON staff_sessions (expires_at);
CREATE INDEX ix_staff_sessions_staff_id ON staff_sessions (staff_id);
"""

DOWNGRADE = """
DROP TABLE staff_sessions;
DROP TABLE staff;
DROP TABLE api_keys;
DROP TABLE organisations;
"""


def upgrade() -> None:
    run(UPGRADE)


def downgrade() -> None:
    run(DOWNGRADE)
