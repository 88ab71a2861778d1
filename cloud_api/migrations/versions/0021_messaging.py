"""Messages that are told once, their words and ways, and the wishes of those who get them."""

from cloud_api.migrations.script import run

revision = "0021_messaging"
down_revision = "0024_papers"
branch_labels = None
depends_on = None

UPGRADE = """
CREATE TABLE channel_accounts (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    channel VARCHAR(40) NOT NULL,
    credentials BYTEA NOT NULL,
    masked JSONB NOT NULL,
    token_hash BYTEA NOT NULL,
    price_minor BIGINT,
    price_currency TEXT,
    active BOOLEAN DEFAULT true NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    succeeded_at TIMESTAMP WITH TIME ZONE,
    failed_at TIMESTAMP WITH TIME ZONE,
    failure TEXT,
    troubled_since TIMESTAMP WITH TIME ZONE,
    paused_until TIMESTAMP WITH TIME ZONE,
    poll_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_channel_accounts PRIMARY KEY (id),
    CONSTRAINT uq_channel_accounts_organisation_id_channel UNIQUE (organisation_id, channel),
    CONSTRAINT fk_channel_accounts_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT ck_channel_accounts_channelname CHECK (channel IN ('email', 'sms_twilio', 'sms_redvoiss', 'whatsapp', 'telegram')),
    CONSTRAINT uq_channel_accounts_token_hash UNIQUE (token_hash)
);
CREATE TABLE messages_told (
    organisation_id UUID NOT NULL,
    key TEXT NOT NULL,
    told_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_messages_told PRIMARY KEY (organisation_id, key),
    CONSTRAINT fk_messages_told_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE TABLE messages (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    key TEXT NOT NULL,
    event VARCHAR(40) NOT NULL,
    channel VARCHAR(40) NOT NULL,
    client_id UUID,
    person TEXT NOT NULL,
    subject_id UUID,
    language TEXT NOT NULL,
    to_masked TEXT NOT NULL,
    to_hash BYTEA,
    content BYTEA,
    next_channels TEXT[] DEFAULT '{}' NOT NULL,
    state VARCHAR(40) NOT NULL,
    reason TEXT,
    detail TEXT DEFAULT '' NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    useful_until TIMESTAMP WITH TIME ZONE NOT NULL,
    lease_until TIMESTAMP WITH TIME ZONE,
    begun BOOLEAN DEFAULT false NOT NULL,
    tries INTEGER DEFAULT 0 NOT NULL,
    account_id UUID,
    vendor_id TEXT,
    cost_minor BIGINT,
    cost_currency TEXT,
    resend_of UUID,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_messages PRIMARY KEY (id),
    CONSTRAINT uq_messages_organisation_id_key_channel UNIQUE (organisation_id, key, channel),
    CONSTRAINT fk_messages_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT ck_messages_messageevent CHECK (event IN ('confirmation', 'welcome', 'check_in_invitation', 'hold_expiring', 'payment_received', 'paid_in_full', 'voucher_deadline', 'key_ready', 'key_delayed', 'otp', 'reminder_24h', 'check_out', 'post_stay', 'cancellation', 'rearranged_stay', 'staff_alert', 'birthday', 'promotion', 'newsletter', 'reactivation', 'test')),
    CONSTRAINT ck_messages_channelname CHECK (channel IN ('email', 'sms_twilio', 'sms_redvoiss', 'whatsapp', 'telegram')),
    CONSTRAINT fk_messages_client_id FOREIGN KEY(client_id) REFERENCES clients (id) ON DELETE SET NULL,
    CONSTRAINT ck_messages_messagestate CHECK (state IN ('waiting', 'sending', 'sent', 'delivered', 'read', 'replied', 'failed', 'blocked', 'unknown')),
    CONSTRAINT fk_messages_account_id FOREIGN KEY(account_id) REFERENCES channel_accounts (id) ON DELETE SET NULL
);
CREATE INDEX ix_messages_account_id_vendor_id ON messages (account_id, vendor_id) WHERE vendor_id IS NOT NULL;
CREATE INDEX ix_messages_client_id ON messages (client_id) WHERE client_id IS NOT NULL;
CREATE INDEX ix_messages_content ON messages (created_at) WHERE content IS NOT NULL;
CREATE INDEX ix_messages_due ON messages (due_at) WHERE state IN ('waiting', 'sending');
CREATE INDEX ix_messages_organisation_id_created_at ON messages (organisation_id, created_at);
CREATE INDEX ix_messages_organisation_id_person_due_at ON messages (organisation_id, person, due_at);
CREATE INDEX ix_messages_organisation_id_subject_id ON messages (organisation_id, subject_id) WHERE subject_id IS NOT NULL;
CREATE TABLE messages_history (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    message_id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    state VARCHAR(40) NOT NULL,
    detail TEXT DEFAULT '' NOT NULL,
    source TEXT NOT NULL,
    event_id TEXT,
    CONSTRAINT pk_messages_history PRIMARY KEY (id),
    CONSTRAINT uq_messages_history_message_id_event_id UNIQUE (message_id, event_id),
    CONSTRAINT fk_messages_history_message_id FOREIGN KEY(message_id) REFERENCES messages (id) ON DELETE CASCADE,
    CONSTRAINT ck_messages_history_messagestate CHECK (state IN ('waiting', 'sending', 'sent', 'delivered', 'read', 'replied', 'failed', 'blocked', 'unknown'))
);
CREATE TABLE messages_stray_news (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    organisation_id UUID NOT NULL,
    account_id UUID NOT NULL,
    vendor_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    state VARCHAR(40) NOT NULL,
    detail TEXT DEFAULT '' NOT NULL,
    heard_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_messages_stray_news PRIMARY KEY (id),
    CONSTRAINT uq_messages_stray_news_account_id_event_id UNIQUE (account_id, event_id),
    CONSTRAINT fk_messages_stray_news_account_id FOREIGN KEY(account_id) REFERENCES channel_accounts (id) ON DELETE CASCADE,
    CONSTRAINT ck_messages_stray_news_messagestate CHECK (state IN ('waiting', 'sending', 'sent', 'delivered', 'read', 'replied', 'failed', 'blocked', 'unknown'))
);
CREATE INDEX ix_messages_stray_news_account_id_vendor_id ON messages_stray_news (account_id, vendor_id);
CREATE TABLE messages_received (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    account_id UUID NOT NULL,
    event_id TEXT NOT NULL,
    channel VARCHAR(40) NOT NULL,
    client_id UUID,
    reply_to UUID,
    content BYTEA,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_messages_received PRIMARY KEY (id),
    CONSTRAINT uq_messages_received_account_id_event_id UNIQUE (account_id, event_id),
    CONSTRAINT fk_messages_received_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_messages_received_account_id FOREIGN KEY(account_id) REFERENCES channel_accounts (id) ON DELETE CASCADE,
    CONSTRAINT ck_messages_received_channelname CHECK (channel IN ('email', 'sms_twilio', 'sms_redvoiss', 'whatsapp', 'telegram')),
    CONSTRAINT fk_messages_received_client_id FOREIGN KEY(client_id) REFERENCES clients (id) ON DELETE SET NULL
);
CREATE INDEX ix_messages_received_organisation_id_received_at ON messages_received (organisation_id, received_at);
CREATE TABLE message_templates (
    organisation_id UUID NOT NULL,
    event VARCHAR(40) NOT NULL,
    medium VARCHAR(40) NOT NULL,
    language TEXT NOT NULL,
    subject TEXT DEFAULT '' NOT NULL,
    body TEXT NOT NULL,
    html TEXT,
    vendor_template TEXT,
    vendor_variables TEXT[] DEFAULT '{}' NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_message_templates PRIMARY KEY (organisation_id, event, medium, language),
    CONSTRAINT fk_message_templates_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT ck_message_templates_messageevent CHECK (event IN ('confirmation', 'welcome', 'check_in_invitation', 'hold_expiring', 'payment_received', 'paid_in_full', 'voucher_deadline', 'key_ready', 'key_delayed', 'otp', 'reminder_24h', 'check_out', 'post_stay', 'cancellation', 'rearranged_stay', 'staff_alert', 'birthday', 'promotion', 'newsletter', 'reactivation', 'test')),
    CONSTRAINT ck_message_templates_medium CHECK (medium IN ('email', 'sms', 'whatsapp', 'telegram'))
);
CREATE TABLE message_preferences (
    organisation_id UUID NOT NULL,
    person TEXT NOT NULL,
    media JSONB DEFAULT '{}' NOT NULL,
    kinds JSONB DEFAULT '{}' NOT NULL,
    hours_from TIME WITHOUT TIME ZONE NOT NULL,
    hours_until TIME WITHOUT TIME ZONE NOT NULL,
    opted_out_at TIMESTAMP WITH TIME ZONE,
    changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_message_preferences PRIMARY KEY (organisation_id, person),
    CONSTRAINT fk_message_preferences_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE TABLE messaging_settings (
    organisation_id UUID NOT NULL,
    zone TEXT,
    sms_on BOOLEAN NOT NULL,
    sms_per_day INTEGER NOT NULL,
    sms_per_month INTEGER NOT NULL,
    email_per_week INTEGER NOT NULL,
    email_per_month INTEGER NOT NULL,
    CONSTRAINT pk_messaging_settings PRIMARY KEY (organisation_id),
    CONSTRAINT fk_messaging_settings_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE TABLE messaging_events (
    organisation_id UUID NOT NULL,
    event VARCHAR(40) NOT NULL,
    active BOOLEAN NOT NULL,
    ways JSONB NOT NULL,
    CONSTRAINT pk_messaging_events PRIMARY KEY (organisation_id, event),
    CONSTRAINT fk_messaging_events_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT ck_messaging_events_messageevent CHECK (event IN ('confirmation', 'welcome', 'check_in_invitation', 'hold_expiring', 'payment_received', 'paid_in_full', 'voucher_deadline', 'key_ready', 'key_delayed', 'otp', 'reminder_24h', 'check_out', 'post_stay', 'cancellation', 'rearranged_stay', 'staff_alert', 'birthday', 'promotion', 'newsletter', 'reactivation', 'test'))
);
"""

DOWNGRADE = """
DROP TABLE messaging_events;
DROP TABLE messaging_settings;
DROP TABLE message_preferences;
DROP TABLE message_templates;
DROP TABLE messages_received;
DROP TABLE messages_stray_news;
DROP TABLE messages_history;
DROP TABLE messages;
DROP TABLE messages_told;
DROP TABLE channel_accounts;
"""


def upgrade() -> None:
    run(UPGRADE)


def downgrade() -> None:
    run(DOWNGRADE)
