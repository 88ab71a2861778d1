"""Does a database that somebody has used come through every upgrade, and back?"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import sql
from psycopg.rows import TupleRow
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

import cloud_api.migrations
from cloud_api.migrations.runner import upgrade

FIRST_USED = "0007_access"
_HERE = Path(cloud_api.migrations.__file__).parent

type Rows = list[TupleRow]


class Used:
    """A database at one revision after another, with rows in it."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.organisation, self.property, self.house = uuid4(), uuid4(), uuid4()

    def sql(self, statement: LiteralString, **values: object) -> Rows:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            done = connection.execute(statement, values)
            return done.fetchall() if done.description else []

    @contextmanager
    def alembic(self) -> Iterator[Config]:
        engine = create_engine(
            "postgresql+psycopg://", creator=lambda: psycopg.connect(self.dsn), poolclass=NullPool
        )
        with engine.begin() as connection:
            config = Config()
            config.set_main_option("script_location", str(_HERE))
            config.attributes["connection"] = connection
            yield config
        engine.dispose()

    def up_to(self, revision: str) -> None:
        with self.alembic() as config:
            command.upgrade(config, revision)

    def back_to(self, revision: str) -> None:
        with self.alembic() as config:
            command.downgrade(config, revision)

    def found(self) -> None:
        """An organisation with one house that a courier has built for."""
        self.sql(
            "INSERT INTO organisations (id, name) VALUES (%(id)s, 'Sol')", id=self.organisation
        )
        self.sql(
            "INSERT INTO properties (id, organisation_id, name, region)"
            " VALUES (%(id)s, %(organisation)s, 'Sol', 'PE')",
            id=self.property,
            organisation=self.organisation,
        )
        self.sql(
            "INSERT INTO houses (id, organisation_id, property_id, name, zone, check_in_from,"
            " check_out_until) VALUES (%(id)s, %(organisation)s, %(property)s, 'Casa',"
            " 'America/Lima', '15:00', '11:00')",
            id=self.house,
            organisation=self.organisation,
            property=self.property,
        )

    def fleet_house(self, *, house: UUID, acked: tuple[int, int] | None, version: int = 7) -> UUID:
        epoch, seen = acked or (None, None)
        self.sql(
            "INSERT INTO fleet_houses (house_id, organisation_id, epoch, version, acked_epoch,"
            " acked_version) VALUES (%(house)s, %(organisation)s, 2, %(version)s, %(epoch)s,"
            " %(seen)s)",
            house=house,
            organisation=self.organisation,
            version=version,
            epoch=epoch,
            seen=seen,
        )
        return house

    def grant(self, house: UUID, *, ends: str = "1 day", buried: int | None = None) -> UUID:
        """A guest's, with a PIN; `buried` is the version that told the house of its end."""
        grant = uuid4()
        self.sql(
            "INSERT INTO fleet_grants (id, organisation_id, house_id, generation, role, starts,"
            " ends, rights, checked_in, max_delegations, pins, digest) VALUES (%(id)s,"
            " %(organisation)s, %(house)s, 1, 'guest', now() - interval '9 days',"
            " now() + CAST(%(ends)s AS interval), ARRAY['door:open:x'], false, 0,"
            """ '[{"credential": "c1"}]', 'd')""",
            id=grant,
            organisation=self.organisation,
            house=house,
            ends=ends,
        )
        if buried is not None:
            self.sql(
                "INSERT INTO fleet_tombstones (house_id, id, organisation_id, revoked_at,"
                " window_end, until, epoch, version) VALUES (%(house)s, %(id)s,"
                " %(organisation)s, now(), now() + interval '1 day', now() + interval '2 days',"
                " 2, %(buried)s)",
                id=grant,
                house=house,
                organisation=self.organisation,
                buried=buried,
            )
        return grant

    def lock(self, name: str, *, archived: bool = False) -> None:
        self.sql(
            "INSERT INTO locks (id, organisation_id, house_id, vendor, name, archived_at)"
            " VALUES (%(id)s, %(organisation)s, %(house)s, 'ttlock', %(name)s,"
            " CASE WHEN %(archived)s THEN now() END)",
            id=uuid4(),
            organisation=self.organisation,
            house=self.house,
            name=name,
            archived=archived,
        )

    def player(self, name: str, speaker: str = "") -> None:
        self.sql(
            "INSERT INTO players (id, organisation_id, house_id, vendor, name, speaker)"
            " VALUES (%(id)s, %(organisation)s, %(house)s, 'music_assistant', %(name)s,"
            " %(speaker)s)",
            id=uuid4(),
            organisation=self.organisation,
            house=self.house,
            name=name,
            speaker=speaker,
        )


@pytest.fixture
def used(postgres_dsn: str) -> Iterator[Used]:
    """A house of the first release that was used; nothing of later ones."""
    name = f"portero_upgrade_{uuid4().hex}"
    with psycopg.connect(postgres_dsn, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        used = Used(psycopg.conninfo.make_conninfo(postgres_dsn, dbname=name))
        used.up_to(FIRST_USED)
        used.found()
        yield used
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_what_houses_may_still_act_on_is_known_after_the_upgrade(used: Used) -> None:
    here = used.fleet_house(house=used.house, acked=(2, 5))
    gone_before = used.fleet_house(house=uuid4(), acked=(1, 50))
    unheard = used.fleet_house(house=uuid4(), acked=None)
    never_built = used.fleet_house(house=uuid4(), acked=None, version=0)
    lives, buried = used.grant(here), used.grant(here, buried=6)
    used.grant(here, ends="-1 day")
    in_new_epoch, unknown = used.grant(gone_before), used.grant(unheard)
    used.grant(never_built)
    upgrade(used.dsn)
    told = used.sql(
        "SELECT grant_id, epoch, version, gone_epoch, gone_version, credentials, role"
        " FROM fleet_issued"
    )
    assert {row[0]: row[1:5] for row in told} == {
        lives: (2, 5, None, None),
        buried: (2, 5, 2, 6),
        in_new_epoch: (2, 1, None, None),
        unknown: (2, 1, None, None),
    }
    assert {(tuple(row[5]), row[6]) for row in told} == {(("c1",), "guest")}


def test_names_used_twice_are_told_apart_and_speakers_are_still_found(used: Used) -> None:
    for name in ("Front", "front", "Front", "Front (2)"):
        used.lock(name)
    used.lock("Front", archived=True)
    used.player("Kitchen")
    used.player("Kitchen")
    used.player("Kitchen", "ma-7")
    upgrade(used.dsn)
    names = [row[0] for row in used.sql("SELECT name FROM locks WHERE archived_at IS NULL")]
    assert len({name.lower() for name in names}) == len(names) == 4
    assert "Front" in names
    assert used.sql("SELECT name FROM locks WHERE archived_at IS NOT NULL") == [("Front",)]
    speakers = used.sql("SELECT name, coalesce(nullif(speaker, ''), name) FROM players")
    assert sorted(speaker for _, speaker in speakers) == ["Kitchen", "Kitchen", "ma-7"]
    assert len({name for name, _ in speakers}) == 3


def test_every_step_goes_back_and_forth_and_what_was_there_before_is_kept(used: Used) -> None:
    grant = used.grant(used.fleet_house(house=used.house, acked=(2, 5)))
    used.lock("Front")
    upgrade(used.dsn)
    with used.alembic() as config:
        script = ScriptDirectory.from_config(config)
        steps = [each.revision for each in script.walk_revisions(FIRST_USED, "head")]
    assert len(steps) == len(set(steps)) > 5
    for step in steps[1:]:
        used.back_to(step)
    assert used.sql("SELECT id FROM fleet_grants") == [(grant,)]
    assert used.sql("SELECT name FROM locks") == [("Front",)]
    assert used.sql("SELECT to_regclass('fleet_issued'), to_regclass('job_runs')") == [(None, None)]
    upgrade(used.dsn)
    assert used.sql("SELECT grant_id FROM fleet_issued") == [(grant,)]
    used.back_to("base")
    left = used.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert left == [("alembic_version",)]
