"""More of a person: birth date, document, tier; and the optional account of who comes again."""

from cloud_api.migrations.script import run

revision = "0025_people"
down_revision = "0028_letters"
branch_labels = None
depends_on = None

UPGRADE = """
ALTER TABLE clients
    ADD COLUMN birth_date DATE,
    ADD COLUMN sex VARCHAR(40),
    ADD COLUMN document_type VARCHAR(40),
    ADD COLUMN document_number BYTEA,
    ADD COLUMN document_fingerprint BYTEA,
    ADD COLUMN super_at TIMESTAMP WITH TIME ZONE,
    ADD CONSTRAINT ck_clients_sex CHECK (sex IN ('male', 'female', 'other')),
    ADD CONSTRAINT ck_clients_documenttype CHECK (document_type IN ('dni', 'cex', 'pas', 'ruc')),
    ADD CONSTRAINT ck_clients_document CHECK (
        (document_type IS NULL) = (document_number IS NULL)
        AND (document_type IS NULL) = (document_fingerprint IS NULL)),
    ADD CONSTRAINT uq_clients_organisation_id_document_type_document_fingerprint
        UNIQUE (organisation_id, document_type, document_fingerprint);
UPDATE clients SET super_at = now() WHERE visits > 10;
CREATE INDEX ix_clients_organisation_id_visits ON clients (organisation_id, visits);
ALTER TABLE client_contacts ADD COLUMN hearsay BOOLEAN DEFAULT false NOT NULL;
UPDATE client_contacts AS c SET hearsay = true WHERE EXISTS (
    SELECT FROM client_contacts AS first WHERE first.client_id = c.client_id
    AND (first.created_at, first.kind, first.id) < (c.created_at, c.kind, c.id));
CREATE TABLE client_tiers (
    organisation_id UUID NOT NULL,
    regular_from INTEGER NOT NULL,
    super_above INTEGER NOT NULL,
    limits JSONB NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_client_tiers PRIMARY KEY (organisation_id),
    CONSTRAINT fk_client_tiers_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT ck_client_tiers_order CHECK (regular_from > 0 AND super_above >= regular_from)
);
CREATE TABLE client_accounts (
    client_id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    password_hash TEXT,
    facebook_id TEXT,
    facebook_name TEXT,
    facebook_linked_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_client_accounts PRIMARY KEY (client_id),
    CONSTRAINT uq_client_accounts_organisation_id_facebook_id UNIQUE (organisation_id, facebook_id),
    CONSTRAINT fk_client_accounts_client_id FOREIGN KEY(client_id) REFERENCES clients (id) ON DELETE CASCADE,
    CONSTRAINT fk_client_accounts_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE TABLE client_sessions (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    client_id UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_client_sessions PRIMARY KEY (id),
    CONSTRAINT uq_client_sessions_token_hash UNIQUE (token_hash),
    CONSTRAINT fk_client_sessions_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_client_sessions_client_id FOREIGN KEY(client_id) REFERENCES clients (id) ON DELETE CASCADE
);
CREATE INDEX ix_client_sessions_client_id ON client_sessions (client_id);
CREATE INDEX ix_client_sessions_expires_at ON client_sessions (expires_at);
CREATE TABLE client_codes (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    purpose VARCHAR(40) NOT NULL,
    channel VARCHAR(40) NOT NULL,
    contact TEXT NOT NULL,
    language TEXT NOT NULL,
    client_id UUID,
    code_hash BYTEA,
    tries INTEGER DEFAULT 0 NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_client_codes PRIMARY KEY (id),
    CONSTRAINT fk_client_codes_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT ck_client_codes_codepurpose CHECK (purpose IN ('sign_in', 'register', 'password', 'contact')),
    CONSTRAINT ck_client_codes_codechannel CHECK (channel IN ('email', 'sms', 'whatsapp'))
);
CREATE INDEX ix_client_codes_expires_at ON client_codes (expires_at);
CREATE TABLE facebook_apps (
    organisation_id UUID NOT NULL,
    app_id TEXT NOT NULL,
    secret BYTEA NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_facebook_apps PRIMARY KEY (organisation_id),
    CONSTRAINT fk_facebook_apps_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
"""

DOWNGRADE = """
DROP TABLE facebook_apps;
DROP TABLE client_codes;
DROP TABLE client_sessions;
DROP TABLE client_accounts;
DROP TABLE client_tiers;
ALTER TABLE client_contacts DROP COLUMN hearsay;
DROP INDEX ix_clients_organisation_id_visits;
ALTER TABLE clients
    DROP CONSTRAINT uq_clients_organisation_id_document_type_document_fingerprint,
    DROP CONSTRAINT ck_clients_document,
    DROP CONSTRAINT ck_clients_documenttype,
    DROP CONSTRAINT ck_clients_sex,
    DROP COLUMN super_at,
    DROP COLUMN document_fingerprint,
    DROP COLUMN document_number,
    DROP COLUMN document_type,
    DROP COLUMN sex,
    DROP COLUMN birth_date;
"""


def upgrade() -> None:
    run(UPGRADE)


def downgrade() -> None:
    run(DOWNGRADE)
