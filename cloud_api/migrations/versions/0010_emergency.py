"""Tables of the sub-rooms `access.emergency` and `access.hints`."""

from cloud_api.migrations.script import run

revision = "0010_emergency"
down_revision = "0008_limits"
branch_labels = None
depends_on = None

UPGRADE = """
CREATE TABLE access_vendor_accounts (
    organisation_id UUID NOT NULL,
    account BYTEA NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_access_vendor_accounts PRIMARY KEY (organisation_id)
);
CREATE TABLE access_vendor_locks (
    lock_id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    vendor_lock BIGINT NOT NULL,
    CONSTRAINT pk_access_vendor_locks PRIMARY KEY (lock_id)
);
CREATE TABLE access_offline_codes (
    grant_id UUID NOT NULL,
    lock_id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    digits BYTEA NOT NULL,
    vendor_code BIGINT NOT NULL,
    starts TIMESTAMP WITH TIME ZONE NOT NULL,
    ends TIMESTAMP WITH TIME ZONE NOT NULL,
    asked_by TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_access_offline_codes PRIMARY KEY (grant_id, lock_id),
    CONSTRAINT ck_access_offline_codes_period_not_empty CHECK (starts < ends)
);
CREATE TABLE access_lock_hints (
    lock_id UUID NOT NULL,
    record_type BIGINT NOT NULL,
    lock_date BIGINT NOT NULL,
    organisation_id UUID NOT NULL,
    heard_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_access_lock_hints PRIMARY KEY (lock_id, record_type, lock_date)
);
CREATE INDEX ix_access_lock_hints_heard_at ON access_lock_hints (heard_at);
CREATE UNIQUE INDEX uq_access_offline_codes_lock_period ON access_offline_codes (lock_id, starts, ends);
"""

DOWNGRADE = """
DROP TABLE access_lock_hints;
DROP TABLE access_offline_codes;
DROP TABLE access_vendor_locks;
DROP TABLE access_vendor_accounts;
"""


def upgrade() -> None:
    run(UPGRADE)


def downgrade() -> None:
    run(DOWNGRADE)
