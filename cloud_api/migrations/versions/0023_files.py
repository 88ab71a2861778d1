"""Private files: sealed contents rest in a store, what they are stands here."""

from cloud_api.migrations.script import run

revision = "0023_files"
down_revision = "0019_demand"
branch_labels = None
depends_on = None

UPGRADE = """
CREATE TABLE files (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    purpose VARCHAR(40) NOT NULL,
    state VARCHAR(40) NOT NULL,
    name TEXT NOT NULL,
    media_type VARCHAR(40) NOT NULL,
    size BIGINT NOT NULL,
    fingerprint BYTEA,
    wrapped_key BYTEA,
    object_name TEXT NOT NULL,
    client_id UUID,
    reservation_id UUID,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    delete_at TIMESTAMP WITH TIME ZONE,
    due_at TIMESTAMP WITH TIME ZONE,
    tries INTEGER DEFAULT 0 NOT NULL,
    gone_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_files PRIMARY KEY (id),
    CONSTRAINT uq_files_object_name UNIQUE (object_name),
    CONSTRAINT fk_files_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT ck_files_purpose CHECK (purpose IN ('voucher', 'id_document', 'photo', 'evidence', 'paper', 'contract', 'export')),
    CONSTRAINT ck_files_state CHECK (state IN ('waiting', 'stored', 'forgetting', 'gone')),
    CONSTRAINT ck_files_mediatype CHECK (media_type IN ('image/jpeg', 'image/png', 'image/webp', 'image/gif', 'application/pdf', 'application/json'))
);
CREATE INDEX ix_files_client_id ON files (client_id);
CREATE INDEX ix_files_reservation_id ON files (reservation_id);
CREATE INDEX ix_files_organisation_id_created_at_id ON files (organisation_id, created_at, id);
CREATE INDEX ix_files_organisation_id_fingerprint ON files (organisation_id, fingerprint);
CREATE INDEX ix_files_ending ON files (delete_at) WHERE delete_at IS NOT NULL;
CREATE INDEX ix_files_due ON files (due_at) WHERE due_at IS NOT NULL;
CREATE TABLE file_parcels (
    file_id UUID NOT NULL,
    sealed BYTEA NOT NULL,
    CONSTRAINT pk_file_parcels PRIMARY KEY (file_id),
    CONSTRAINT fk_file_parcels_file_id FOREIGN KEY(file_id) REFERENCES files (id) ON DELETE CASCADE
);
CREATE TABLE file_strays (
    object_name TEXT NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_file_strays PRIMARY KEY (object_name)
);
CREATE TABLE file_sweeps (
    name TEXT NOT NULL,
    begun_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_file_sweeps PRIMARY KEY (name)
);
"""

DOWNGRADE = """
DROP TABLE file_sweeps;
DROP TABLE file_strays;
DROP TABLE file_parcels;
DROP TABLE files;
"""


def upgrade() -> None:
    run(UPGRADE)


def downgrade() -> None:
    run(DOWNGRADE)
