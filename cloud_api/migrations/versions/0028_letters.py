"""How properties write to their guests, which letters were called for, and whom to alarm."""

from cloud_api.migrations.script import run

revision = "0028_letters"
down_revision = "0021_messaging"
branch_labels = None
depends_on = None

UPGRADE = """
CREATE TABLE letter_settings (
    property_id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    off TEXT[] DEFAULT '{}' NOT NULL,
    invitation_days INTEGER NOT NULL,
    welcome_days INTEGER NOT NULL,
    key_days INTEGER NOT NULL,
    key_delayed_hours INTEGER NOT NULL,
    voucher_minutes INTEGER NOT NULL,
    thanks_days INTEGER NOT NULL,
    send_at TIME WITHOUT TIME ZONE NOT NULL,
    check_out_at TIME WITHOUT TIME ZONE NOT NULL,
    review_url TEXT,
    contact TEXT,
    CONSTRAINT pk_letter_settings PRIMARY KEY (property_id),
    CONSTRAINT fk_letter_settings_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE TABLE letter_calls (
    reservation_id UUID NOT NULL,
    letter TEXT NOT NULL,
    fact TEXT NOT NULL,
    organisation_id UUID NOT NULL,
    called_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_letter_calls PRIMARY KEY (reservation_id, letter, fact),
    CONSTRAINT fk_letter_calls_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_letter_calls_called_at ON letter_calls (called_at);
CREATE TABLE alert_settings (
    organisation_id UUID NOT NULL,
    telegram_chat TEXT,
    CONSTRAINT pk_alert_settings PRIMARY KEY (organisation_id),
    CONSTRAINT fk_alert_settings_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
"""

DOWNGRADE = """
DROP TABLE alert_settings;
DROP TABLE letter_calls;
DROP TABLE letter_settings;
"""


def upgrade() -> None:
    run(UPGRADE)


def downgrade() -> None:
    run(DOWNGRADE)
