"""Tables of the room `clients`."""

from cloud_api.migrations.script import run

revision = "0004_clients"
down_revision = "0003_properties"
branch_labels = None
depends_on = None

UPGRADE = """
CREATE TABLE clients (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    name TEXT NOT NULL,
    language TEXT,
    notes TEXT DEFAULT '' NOT NULL,
    visits INTEGER DEFAULT 0 NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    archived_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_clients PRIMARY KEY (id),
    CONSTRAINT fk_clients_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_clients_organisation_id_name ON clients (organisation_id, name);
CREATE TABLE client_contacts (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    client_id UUID NOT NULL,
    kind VARCHAR(40) NOT NULL,
    value TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_client_contacts PRIMARY KEY (id),
    CONSTRAINT uq_client_contacts_organisation_id_kind_value UNIQUE (organisation_id, kind, value),
    CONSTRAINT fk_client_contacts_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_client_contacts_client_id FOREIGN KEY(client_id) REFERENCES clients (id) ON DELETE CASCADE,
    CONSTRAINT ck_client_contacts_contactkind CHECK (kind IN ('email', 'phone', 'whatsapp'))
);
CREATE INDEX ix_client_contacts_client_id ON client_contacts (client_id);
"""

DOWNGRADE = """
DROP TABLE client_contacts;
DROP TABLE clients;
"""


def upgrade() -> None:
    run(UPGRADE)


def downgrade() -> None:
    run(DOWNGRADE)
