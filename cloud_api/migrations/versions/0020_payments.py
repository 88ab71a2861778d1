"""Folios, payments and refunds, what providers told us, vouchers, and cards that hold value."""

from cloud_api.migrations.script import run

revision = "0020_payments"
down_revision = "0023_files"
branch_labels = None
depends_on = None

UPGRADE = """
CREATE TABLE payment_accounts (
    provider VARCHAR(40) NOT NULL,
    label TEXT NOT NULL,
    credentials BYTEA NOT NULL,
    token_hash BYTEA NOT NULL,
    last_success_at TIMESTAMP WITH TIME ZONE,
    last_failure_at TIMESTAMP WITH TIME ZONE,
    last_failure TEXT DEFAULT '' NOT NULL,
    reconcile_from TIMESTAMP WITH TIME ZONE,
    leased_until TIMESTAMP WITH TIME ZONE,
    forged BIGINT DEFAULT 0 NOT NULL,
    verification_code BYTEA,
    archived_at TIMESTAMP WITH TIME ZONE,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_payment_accounts PRIMARY KEY (id),
    CONSTRAINT ck_payment_accounts_providername CHECK (provider IN ('mercado_pago', 'openpay', 'flow', 'stripe', 'manual', 'stored_value')),
    CONSTRAINT uq_payment_accounts_token_hash UNIQUE (token_hash),
    CONSTRAINT fk_payment_accounts_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_payment_accounts_organisation_id ON payment_accounts (organisation_id);
CREATE TABLE value_cards (
    code_fingerprint BYTEA NOT NULL,
    code BYTEA NOT NULL,
    code_end TEXT NOT NULL,
    currency TEXT NOT NULL,
    available_minor BIGINT DEFAULT 0 NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE,
    issuer TEXT NOT NULL,
    note TEXT DEFAULT '' NOT NULL,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_value_cards PRIMARY KEY (id),
    CONSTRAINT uq_value_cards_id_currency UNIQUE (id, currency),
    CONSTRAINT ck_value_cards_available CHECK (available_minor >= 0),
    CONSTRAINT ck_value_cards_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT uq_value_cards_code_fingerprint UNIQUE (code_fingerprint),
    CONSTRAINT fk_value_cards_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_value_cards_organisation_id ON value_cards (organisation_id);
CREATE TABLE folios (
    property_id UUID NOT NULL,
    subject_id UUID NOT NULL,
    client_id UUID,
    currency TEXT NOT NULL,
    title TEXT NOT NULL,
    payer_name TEXT DEFAULT '' NOT NULL,
    payer_email TEXT,
    language TEXT DEFAULT 'en' NOT NULL,
    deposit_minor BIGINT,
    closed_at TIMESTAMP WITH TIME ZONE,
    closed_because TEXT DEFAULT '' NOT NULL,
    paid_in_full_at TIMESTAMP WITH TIME ZONE,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_folios PRIMARY KEY (id),
    CONSTRAINT uq_folios_id_currency UNIQUE (id, currency),
    CONSTRAINT ck_folios_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_folios_deposit CHECK (deposit_minor > 0),
    CONSTRAINT fk_folios_property_id FOREIGN KEY(property_id) REFERENCES properties (id),
    CONSTRAINT uq_folios_subject_id UNIQUE (subject_id),
    CONSTRAINT fk_folios_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_folios_client_id ON folios (client_id);
CREATE INDEX ix_folios_organisation_id ON folios (organisation_id);
CREATE INDEX ix_folios_property_id ON folios (property_id);
CREATE TABLE payment_notices (
    account_id UUID NOT NULL,
    event_id TEXT NOT NULL,
    genuine BOOLEAN NOT NULL,
    body BYTEA NOT NULL,
    reference TEXT DEFAULT '' NOT NULL,
    provider_id TEXT DEFAULT '' NOT NULL,
    ignored TEXT DEFAULT '' NOT NULL,
    times INTEGER DEFAULT 1 NOT NULL,
    tries INTEGER DEFAULT 0 NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE,
    leased_until TIMESTAMP WITH TIME ZONE,
    heeded_at TIMESTAMP WITH TIME ZONE,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_payment_notices PRIMARY KEY (id),
    CONSTRAINT uq_payment_notices_account_id_event_id UNIQUE (account_id, event_id),
    CONSTRAINT fk_payment_notices_account_id FOREIGN KEY(account_id) REFERENCES payment_accounts (id),
    CONSTRAINT fk_payment_notices_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_payment_notices_due ON payment_notices (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX ix_payment_notices_organisation_id ON payment_notices (organisation_id);
CREATE TABLE payment_offers (
    property_id UUID NOT NULL,
    provider VARCHAR(40) NOT NULL,
    organisation_id UUID NOT NULL,
    account_id UUID,
    CONSTRAINT pk_payment_offers PRIMARY KEY (property_id, provider),
    CONSTRAINT fk_payment_offers_property_id FOREIGN KEY(property_id) REFERENCES properties (id),
    CONSTRAINT ck_payment_offers_providername CHECK (provider IN ('mercado_pago', 'openpay', 'flow', 'stripe', 'manual', 'stored_value')),
    CONSTRAINT fk_payment_offers_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_payment_offers_account_id FOREIGN KEY(account_id) REFERENCES payment_accounts (id)
);
CREATE INDEX ix_payment_offers_account_id ON payment_offers (account_id);
CREATE INDEX ix_payment_offers_organisation_id ON payment_offers (organisation_id);
CREATE TABLE payment_settings (
    property_id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    bank_details TEXT DEFAULT '' NOT NULL,
    late_money VARCHAR(40) DEFAULT 'ask' NOT NULL,
    late_hours INTEGER DEFAULT 24 NOT NULL,
    CONSTRAINT pk_payment_settings PRIMARY KEY (property_id),
    CONSTRAINT ck_payment_settings_late_hours CHECK (late_hours BETWEEN 0 AND 720),
    CONSTRAINT fk_payment_settings_property_id FOREIGN KEY(property_id) REFERENCES properties (id),
    CONSTRAINT fk_payment_settings_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT ck_payment_settings_latemoney CHECK (late_money IN ('ask', 'refund'))
);
CREATE INDEX ix_payment_settings_organisation_id ON payment_settings (organisation_id);
CREATE TABLE payment_links (
    folio_id UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    amount_minor BIGINT,
    withdrawn_at TIMESTAMP WITH TIME ZONE,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_payment_links PRIMARY KEY (id),
    CONSTRAINT ck_payment_links_amount CHECK (amount_minor > 0),
    CONSTRAINT fk_payment_links_folio_id FOREIGN KEY(folio_id) REFERENCES folios (id),
    CONSTRAINT uq_payment_links_token_hash UNIQUE (token_hash),
    CONSTRAINT fk_payment_links_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_payment_links_folio_id ON payment_links (folio_id);
CREATE INDEX ix_payment_links_organisation_id ON payment_links (organisation_id);
CREATE TABLE payments (
    property_id UUID,
    folio_id UUID,
    subject_id UUID,
    link_id UUID,
    account_id UUID,
    client_id UUID,
    provider VARCHAR(40) NOT NULL,
    reference TEXT NOT NULL,
    stray VARCHAR(40),
    currency TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    received_minor BIGINT DEFAULT 0 NOT NULL,
    refunded_minor BIGINT DEFAULT 0 NOT NULL,
    reserved_minor BIGINT DEFAULT 0 NOT NULL,
    state VARCHAR(40) DEFAULT 'pending' NOT NULL,
    provider_id TEXT DEFAULT '' NOT NULL,
    provider_status TEXT DEFAULT '' NOT NULL,
    trouble TEXT DEFAULT '' NOT NULL,
    pay_url BYTEA,
    card_token BYTEA,
    card_fingerprint BYTEA,
    card_method TEXT,
    device_session TEXT,
    value_card_id UUID,
    step VARCHAR(40) DEFAULT 'rest' NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE,
    leased_until TIMESTAMP WITH TIME ZONE,
    tries INTEGER DEFAULT 0 NOT NULL,
    undone_tries INTEGER DEFAULT 0 NOT NULL,
    review VARCHAR(40),
    review_reason TEXT DEFAULT '' NOT NULL,
    deadline_at TIMESTAMP WITH TIME ZONE,
    created_by TEXT NOT NULL,
    paid_at TIMESTAMP WITH TIME ZONE,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_payments PRIMARY KEY (id),
    CONSTRAINT fk_payments_folio_id_currency FOREIGN KEY(folio_id, currency) REFERENCES folios (id, currency),
    CONSTRAINT ck_payments_amount CHECK (amount_minor > 0),
    CONSTRAINT ck_payments_refunded CHECK (0 <= refunded_minor AND refunded_minor <= reserved_minor AND reserved_minor <= amount_minor),
    CONSTRAINT ck_payments_received CHECK (received_minor BETWEEN 0 AND amount_minor),
    CONSTRAINT fk_payments_property_id FOREIGN KEY(property_id) REFERENCES properties (id),
    CONSTRAINT fk_payments_link_id FOREIGN KEY(link_id) REFERENCES payment_links (id),
    CONSTRAINT fk_payments_account_id FOREIGN KEY(account_id) REFERENCES payment_accounts (id),
    CONSTRAINT ck_payments_providername CHECK (provider IN ('mercado_pago', 'openpay', 'flow', 'stripe', 'manual', 'stored_value')),
    CONSTRAINT uq_payments_reference UNIQUE (reference),
    CONSTRAINT ck_payments_matterkind CHECK (stray IN ('orphan', 'late', 'mismatch', 'paid_twice', 'overpaid', 'disputed', 'refund_failed', 'stuck')),
    CONSTRAINT ck_payments_paymentstate CHECK (state IN ('pending', 'paid', 'rejected', 'cancelled', 'refunded', 'partly_refunded', 'disputed')),
    CONSTRAINT uq_payments_card_fingerprint UNIQUE (card_fingerprint),
    CONSTRAINT fk_payments_value_card_id FOREIGN KEY(value_card_id) REFERENCES value_cards (id),
    CONSTRAINT ck_payments_step CHECK (step IN ('begin', 'look', 'rest')),
    CONSTRAINT ck_payments_review CHECK (review IN ('awaiting_voucher', 'voucher_received', 'under_review', 'approved', 'rejected', 'expired')),
    CONSTRAINT fk_payments_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_payments_account_id_provider_id ON payments (account_id, provider_id);
CREATE INDEX ix_payments_deadline ON payments (deadline_at) WHERE state = 'pending';
CREATE INDEX ix_payments_due ON payments (step, due_at) WHERE step <> 'rest';
CREATE INDEX ix_payments_folio_id ON payments (folio_id);
CREATE INDEX ix_payments_organisation_id ON payments (organisation_id);
CREATE INDEX ix_payments_organisation_id_created_at ON payments (organisation_id, created_at);
CREATE UNIQUE INDEX uq_payments_stray ON payments (account_id, provider_id) WHERE stray IS NOT NULL;
CREATE TABLE payment_matters (
    kind VARCHAR(40) NOT NULL,
    payment_id UUID NOT NULL,
    folio_id UUID,
    detail TEXT DEFAULT '' NOT NULL,
    state VARCHAR(40) DEFAULT 'open' NOT NULL,
    resolved_at TIMESTAMP WITH TIME ZONE,
    resolved_by TEXT DEFAULT '' NOT NULL,
    note TEXT DEFAULT '' NOT NULL,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_payment_matters PRIMARY KEY (id),
    CONSTRAINT ck_payment_matters_matterkind CHECK (kind IN ('orphan', 'late', 'mismatch', 'paid_twice', 'overpaid', 'disputed', 'refund_failed', 'stuck')),
    CONSTRAINT fk_payment_matters_payment_id FOREIGN KEY(payment_id) REFERENCES payments (id),
    CONSTRAINT fk_payment_matters_folio_id FOREIGN KEY(folio_id) REFERENCES folios (id),
    CONSTRAINT ck_payment_matters_matterstate CHECK (state IN ('open', 'attached', 'refunded', 'settled')),
    CONSTRAINT fk_payment_matters_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_payment_matters_folio_id ON payment_matters (folio_id);
CREATE INDEX ix_payment_matters_organisation_id ON payment_matters (organisation_id);
CREATE UNIQUE INDEX uq_payment_matters_open ON payment_matters (payment_id, kind) WHERE state = 'open';
CREATE TABLE payment_refunds (
    payment_id UUID NOT NULL,
    reference TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    reason TEXT NOT NULL,
    state VARCHAR(40) DEFAULT 'wanted' NOT NULL,
    trouble TEXT DEFAULT '' NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE,
    leased_until TIMESTAMP WITH TIME ZONE,
    tries INTEGER DEFAULT 0 NOT NULL,
    created_by TEXT NOT NULL,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_payment_refunds PRIMARY KEY (id),
    CONSTRAINT ck_payment_refunds_amount CHECK (amount_minor > 0),
    CONSTRAINT fk_payment_refunds_payment_id FOREIGN KEY(payment_id) REFERENCES payments (id),
    CONSTRAINT uq_payment_refunds_reference UNIQUE (reference),
    CONSTRAINT ck_payment_refunds_refundstate CHECK (state IN ('wanted', 'done', 'failed')),
    CONSTRAINT fk_payment_refunds_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_payment_refunds_due ON payment_refunds (due_at) WHERE state = 'wanted';
CREATE INDEX ix_payment_refunds_organisation_id ON payment_refunds (organisation_id);
CREATE INDEX ix_payment_refunds_payment_id ON payment_refunds (payment_id);
CREATE TABLE payment_vouchers (
    payment_id UUID NOT NULL,
    number INTEGER NOT NULL,
    file_id UUID NOT NULL,
    media_type TEXT NOT NULL,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_payment_vouchers PRIMARY KEY (id),
    CONSTRAINT uq_payment_vouchers_payment_id_number UNIQUE (payment_id, number),
    CONSTRAINT fk_payment_vouchers_payment_id FOREIGN KEY(payment_id) REFERENCES payments (id),
    CONSTRAINT fk_payment_vouchers_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_payment_vouchers_organisation_id ON payment_vouchers (organisation_id);
CREATE TABLE folio_lines (
    folio_id UUID NOT NULL,
    currency TEXT NOT NULL,
    kind VARCHAR(40) NOT NULL,
    key TEXT NOT NULL,
    what TEXT DEFAULT '' NOT NULL,
    label TEXT DEFAULT '' NOT NULL,
    amount_minor BIGINT NOT NULL,
    payment_id UUID,
    refund_id UUID,
    reverses_id UUID,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_folio_lines PRIMARY KEY (id),
    CONSTRAINT fk_folio_lines_folio_id_currency FOREIGN KEY(folio_id, currency) REFERENCES folios (id, currency),
    CONSTRAINT uq_folio_lines_folio_id_kind_key UNIQUE (folio_id, kind, key),
    CONSTRAINT ck_folio_lines_amount CHECK (amount_minor <> 0),
    CONSTRAINT ck_folio_lines_source CHECK (kind = 'charge' OR payment_id IS NOT NULL),
    CONSTRAINT ck_folio_lines_linekind CHECK (kind IN ('charge', 'payment', 'refund')),
    CONSTRAINT fk_folio_lines_payment_id FOREIGN KEY(payment_id) REFERENCES payments (id),
    CONSTRAINT fk_folio_lines_refund_id FOREIGN KEY(refund_id) REFERENCES payment_refunds (id),
    CONSTRAINT uq_folio_lines_reverses_id UNIQUE (reverses_id),
    CONSTRAINT fk_folio_lines_reverses_id FOREIGN KEY(reverses_id) REFERENCES folio_lines (id),
    CONSTRAINT fk_folio_lines_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_folio_lines_organisation_id ON folio_lines (organisation_id);
CREATE INDEX ix_folio_lines_payment_id ON folio_lines (payment_id);
CREATE INDEX ix_folio_lines_refund_id ON folio_lines (refund_id);
CREATE TABLE value_card_lines (
    card_id UUID NOT NULL,
    currency TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    what TEXT NOT NULL,
    payment_id UUID,
    refund_id UUID,
    created_by TEXT NOT NULL,
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_value_card_lines PRIMARY KEY (id),
    CONSTRAINT fk_value_card_lines_card_id_currency FOREIGN KEY(card_id, currency) REFERENCES value_cards (id, currency),
    CONSTRAINT ck_value_card_lines_amount CHECK (amount_minor <> 0),
    CONSTRAINT fk_value_card_lines_payment_id FOREIGN KEY(payment_id) REFERENCES payments (id),
    CONSTRAINT uq_value_card_lines_refund_id UNIQUE (refund_id),
    CONSTRAINT fk_value_card_lines_refund_id FOREIGN KEY(refund_id) REFERENCES payment_refunds (id),
    CONSTRAINT fk_value_card_lines_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_value_card_lines_card_id ON value_card_lines (card_id);
CREATE INDEX ix_value_card_lines_organisation_id ON value_card_lines (organisation_id);
CREATE INDEX ix_value_card_lines_payment_id ON value_card_lines (payment_id);
"""

# Lines are only ever added. The rights alone would not do: the owner of the tables has them all.
_ONLY_ADDED = """
CREATE FUNCTION payments_only_added() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'lines are only ever added'; END $$;
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON folio_lines
    FOR EACH ROW EXECUTE FUNCTION payments_only_added();
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON value_card_lines
    FOR EACH ROW EXECUTE FUNCTION payments_only_added();
"""

DOWNGRADE = """
DROP TABLE value_card_lines;
DROP TABLE folio_lines;
DROP TABLE payment_vouchers;
DROP TABLE payment_refunds;
DROP TABLE payment_matters;
DROP TABLE payments;
DROP TABLE payment_links;
DROP TABLE payment_settings;
DROP TABLE payment_offers;
DROP TABLE payment_notices;
DROP TABLE folios;
DROP TABLE value_cards;
DROP TABLE payment_accounts;
DROP FUNCTION payments_only_added();
"""


def upgrade() -> None:
    run(UPGRADE)
    run(_ONLY_ADDED)


def downgrade() -> None:
    run(DOWNGRADE)
