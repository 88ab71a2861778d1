"""Events, contests, and who takes part in them."""

from cloud_api.migrations.script import run

revision = "0027_contests"
down_revision = "0026_loyalty"
branch_labels = None
depends_on = None

UPGRADE = """
CREATE TABLE contest_categories (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    title TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_contest_categories PRIMARY KEY (id),
    CONSTRAINT fk_contest_categories_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE UNIQUE INDEX uq_contest_categories_title ON contest_categories (organisation_id, lower(title));
CREATE TABLE contests (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    category_id UUID,
    title TEXT NOT NULL,
    slug TEXT NOT NULL,
    description TEXT DEFAULT '' NOT NULL,
    status VARCHAR(40) NOT NULL,
    active BOOLEAN DEFAULT true NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    deadline TIMESTAMP WITH TIME ZONE NOT NULL,
    capacity INTEGER,
    min_points BIGINT DEFAULT 0 NOT NULL,
    needs_facebook BOOLEAN DEFAULT false NOT NULL,
    needs_stay BOOLEAN DEFAULT true NOT NULL,
    needs_evidence BOOLEAN DEFAULT false NOT NULL,
    achievement_ids UUID[] DEFAULT '{}' NOT NULL,
    counts VARCHAR(40),
    winners_on DATE NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_contests PRIMARY KEY (id),
    CONSTRAINT uq_contests_organisation_id_slug UNIQUE (organisation_id, slug),
    CONSTRAINT ck_contests_deadline CHECK (deadline <= starts_at),
    CONSTRAINT ck_contests_capacity CHECK (capacity > 0),
    CONSTRAINT fk_contests_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_contests_category_id FOREIGN KEY(category_id) REFERENCES contest_categories (id),
    CONSTRAINT ck_contests_conteststatus CHECK (status IN ('draft', 'published', 'closed', 'cancelled')),
    CONSTRAINT ck_contests_counts CHECK (counts IN ('referrals', 'referred_stays'))
);
CREATE INDEX ix_contests_winners_on ON contests (winners_on);
CREATE TABLE contest_entries (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    contest_id UUID NOT NULL,
    client_id UUID NOT NULL,
    status VARCHAR(40) NOT NULL,
    registered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    file_id UUID,
    reason TEXT DEFAULT '' NOT NULL,
    winner BOOLEAN DEFAULT false NOT NULL,
    prize TEXT DEFAULT '' NOT NULL,
    notified_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_contest_entries PRIMARY KEY (id),
    CONSTRAINT uq_contest_entries_contest_id_client_id UNIQUE (contest_id, client_id),
    CONSTRAINT fk_contest_entries_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_contest_entries_contest_id FOREIGN KEY(contest_id) REFERENCES contests (id),
    CONSTRAINT fk_contest_entries_client_id FOREIGN KEY(client_id) REFERENCES clients (id),
    CONSTRAINT ck_contest_entries_entrystatus CHECK (status IN ('incomplete', 'pending', 'approved', 'rejected', 'cancelled'))
);
CREATE INDEX ix_contest_entries_client_id ON contest_entries (client_id);
CREATE INDEX ix_contest_entries_untold ON contest_entries (contest_id) WHERE winner AND notified_at IS NULL;
"""

DOWNGRADE = """
DROP TABLE contest_entries;
DROP TABLE contests;
DROP TABLE contest_categories;
"""


def upgrade() -> None:
    run(UPGRADE)


def downgrade() -> None:
    run(DOWNGRADE)
