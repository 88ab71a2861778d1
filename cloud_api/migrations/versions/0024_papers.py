"""Papers of a stay, its public card, its contract; and how long a person's data is kept."""

from cloud_api.migrations.script import run

revision = "0024_papers"
down_revision = "0022_booking"
branch_labels = None
depends_on = None

UPGRADE = """
CREATE TABLE papers (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    reservation_id UUID NOT NULL,
    source BYTEA NOT NULL,
    file_id UUID NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_papers PRIMARY KEY (id),
    CONSTRAINT uq_papers_organisation_id_source UNIQUE (organisation_id, source),
    CONSTRAINT fk_papers_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_papers_reservation_id ON papers (reservation_id);
CREATE TABLE cards (
    reservation_id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_cards PRIMARY KEY (reservation_id),
    CONSTRAINT uq_cards_token_hash UNIQUE (token_hash),
    CONSTRAINT fk_cards_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE TABLE contract_templates (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    language TEXT NOT NULL,
    body TEXT NOT NULL,
    written_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    written_by UUID NOT NULL,
    CONSTRAINT pk_contract_templates PRIMARY KEY (id),
    CONSTRAINT uq_contract_templates_organisation_id_name_version UNIQUE (organisation_id, name, version),
    CONSTRAINT fk_contract_templates_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE TABLE contracts (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    reservation_id UUID NOT NULL,
    template_id UUID NOT NULL,
    file_id UUID NOT NULL,
    digest TEXT NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    accepted_at TIMESTAMP WITH TIME ZONE,
    accepted_by UUID,
    CONSTRAINT pk_contracts PRIMARY KEY (id),
    CONSTRAINT fk_contracts_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_contracts_template_id FOREIGN KEY(template_id) REFERENCES contract_templates (id)
);
CREATE INDEX ix_contracts_reservation_id_made_at ON contracts (reservation_id, made_at);
CREATE TABLE retention_rules (
    organisation_id UUID NOT NULL,
    id_document_days INTEGER NOT NULL,
    voucher_days INTEGER NOT NULL,
    paper_days INTEGER NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_retention_rules PRIMARY KEY (organisation_id),
    CONSTRAINT fk_retention_rules_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT ck_retention_rules_days CHECK (id_document_days > 0 AND voucher_days > 0 AND paper_days > 0)
);
CREATE TABLE erasures (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    client_id UUID NOT NULL,
    done_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_erasures PRIMARY KEY (id),
    CONSTRAINT uq_erasures_organisation_id_client_id UNIQUE (organisation_id, client_id),
    CONSTRAINT fk_erasures_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
"""

DOWNGRADE = """
DROP TABLE erasures;
DROP TABLE retention_rules;
DROP TABLE contracts;
DROP TABLE contract_templates;
DROP TABLE cards;
DROP TABLE papers;
"""


def upgrade() -> None:
    run(UPGRADE)


def downgrade() -> None:
    run(DOWNGRADE)
