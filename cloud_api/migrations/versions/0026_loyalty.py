"""Points and who has them, achievements, referrals and the months' rankings."""

from cloud_api.migrations.script import run

revision = "0026_loyalty"
down_revision = "0025_people"
branch_labels = None
depends_on = None

UPGRADE = """
CREATE TABLE loyalty_settings (
    organisation_id UUID NOT NULL,
    earn_percent NUMERIC(5, 2) NOT NULL,
    referral_percent NUMERIC(5, 2) NOT NULL,
    expiry_days INTEGER NOT NULL,
    point_minor BIGINT,
    point_currency TEXT,
    without_points TEXT[] NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_loyalty_settings PRIMARY KEY (organisation_id),
    CONSTRAINT ck_loyalty_settings_point CHECK (num_nonnulls(point_minor, point_currency) IN (0, 2)),
    CONSTRAINT ck_loyalty_settings_worth CHECK (point_minor > 0),
    CONSTRAINT fk_loyalty_settings_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE TABLE loyalty_members (
    client_id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    code TEXT,
    referred_by UUID,
    referred_at TIMESTAMP WITH TIME ZONE,
    balance BIGINT DEFAULT 0 NOT NULL,
    expires_on DATE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_loyalty_members PRIMARY KEY (client_id),
    CONSTRAINT uq_loyalty_members_organisation_id_code UNIQUE (organisation_id, code),
    CONSTRAINT ck_loyalty_members_balance CHECK (balance >= 0),
    CONSTRAINT ck_loyalty_members_self CHECK (referred_by <> client_id),
    CONSTRAINT fk_loyalty_members_client_id FOREIGN KEY(client_id) REFERENCES clients (id),
    CONSTRAINT fk_loyalty_members_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_loyalty_members_ending ON loyalty_members (expires_on) WHERE balance > 0;
CREATE INDEX ix_loyalty_members_organisation_id_referred_by ON loyalty_members (organisation_id, referred_by);
CREATE TABLE points_entries (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    client_id UUID NOT NULL,
    kind VARCHAR(40) NOT NULL,
    points BIGINT NOT NULL,
    key TEXT NOT NULL,
    reservation_id UUID,
    referred_client_id UUID,
    worth_minor BIGINT,
    worth_currency TEXT,
    reason TEXT DEFAULT '' NOT NULL,
    created_by TEXT NOT NULL,
    created_by_name TEXT DEFAULT '' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_points_entries PRIMARY KEY (id),
    CONSTRAINT uq_points_entries_organisation_id_key UNIQUE (organisation_id, key),
    CONSTRAINT ck_points_entries_points CHECK (points <> 0),
    CONSTRAINT fk_points_entries_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_points_entries_client_id FOREIGN KEY(client_id) REFERENCES loyalty_members (client_id),
    CONSTRAINT ck_points_entries_entrykind CHECK (kind IN ('earned', 'referral', 'redeemed', 'refunded', 'expired', 'adjusted'))
);
CREATE INDEX ix_points_entries_client_id_created_at ON points_entries (client_id, created_at);
CREATE INDEX ix_points_entries_reservation_id ON points_entries (reservation_id);
CREATE TABLE achievements (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    name TEXT NOT NULL,
    icon TEXT DEFAULT '' NOT NULL,
    place INTEGER DEFAULT 0 NOT NULL,
    required_stays INTEGER DEFAULT 0 NOT NULL,
    required_referrals INTEGER DEFAULT 0 NOT NULL,
    required_referred_stays INTEGER DEFAULT 0 NOT NULL,
    active BOOLEAN DEFAULT true NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_achievements PRIMARY KEY (id),
    CONSTRAINT ck_achievements_needs CHECK (least(required_stays, required_referrals, required_referred_stays) >= 0),
    CONSTRAINT fk_achievements_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE UNIQUE INDEX uq_achievements_name ON achievements (organisation_id, lower(name));
CREATE TABLE client_achievements (
    client_id UUID NOT NULL,
    achievement_id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    earned_at TIMESTAMP WITH TIME ZONE NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_client_achievements PRIMARY KEY (client_id, achievement_id),
    CONSTRAINT fk_client_achievements_client_id FOREIGN KEY(client_id) REFERENCES clients (id),
    CONSTRAINT fk_client_achievements_achievement_id FOREIGN KEY(achievement_id) REFERENCES achievements (id),
    CONSTRAINT fk_client_achievements_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_client_achievements_achievement_id ON client_achievements (achievement_id);
CREATE TABLE referral_months (
    organisation_id UUID NOT NULL,
    month DATE NOT NULL,
    currency TEXT,
    made_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_referral_months PRIMARY KEY (organisation_id, month),
    CONSTRAINT fk_referral_months_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE TABLE referral_rankings (
    organisation_id UUID NOT NULL,
    month DATE NOT NULL,
    client_id UUID NOT NULL,
    position INTEGER NOT NULL,
    stays INTEGER NOT NULL,
    revenue_minor BIGINT NOT NULL,
    new_referrals INTEGER NOT NULL,
    points BIGINT NOT NULL,
    CONSTRAINT pk_referral_rankings PRIMARY KEY (organisation_id, month, client_id),
    CONSTRAINT fk_referral_rankings_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
"""

# Points are only ever added to; what staff wrote beside them may be forgotten with the person.
_ONLY_ADDED = """
CREATE FUNCTION points_only_added() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN IF TG_OP = 'UPDATE' AND NEW.reason = '' AND
    ROW(NEW.id, NEW.organisation_id, NEW.client_id, NEW.kind, NEW.points, NEW.key)
    IS NOT DISTINCT FROM ROW(OLD.id, OLD.organisation_id, OLD.client_id, OLD.kind, OLD.points, OLD.key)
    THEN RETURN NEW; END IF; RAISE EXCEPTION 'points are only ever added to'; END $$;
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON points_entries
    FOR EACH ROW EXECUTE FUNCTION points_only_added();
"""

DOWNGRADE = """
DROP TABLE referral_rankings;
DROP TABLE referral_months;
DROP TABLE client_achievements;
DROP TABLE achievements;
DROP TABLE points_entries;
DROP FUNCTION points_only_added();
DROP TABLE loyalty_members;
DROP TABLE loyalty_settings;
"""


def upgrade() -> None:
    run(UPGRADE)
    run(_ONLY_ADDED)


def downgrade() -> None:
    run(DOWNGRADE)
