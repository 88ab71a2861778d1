"""What goes down beside grants: who of two is the house, how it is set, where to look."""

import secrets
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text

from cloud_api.fleet.commands import service as commands
from cloud_api.fleet.configurations import service as configurations
from cloud_api.fleet.inbox import service as inbox
from cloud_api.fleet.looks import service as looks
from cloud_api.fleet.ports import Desk
from cloud_api.fleet.types import Letter
from cloud_api.kit.db import Database
from protocol.configuration import (
    ConfigurationFate,
    ConfigurationHeld,
    Configured,
    DesiredConfiguration,
    HouseSettings,
)
from protocol.envelope import Kind, Opened, open_envelope, read_body
from protocol.facts import fact_hash
from protocol.house import CurrentAnswer, CurrentQuery
from protocol.ids import HouseId
from protocol.keys import KeyUse
from protocol.life import Life
from protocol.live import Look, NonceGrant
from protocol.topics import Down, Up, up
from tests.builders import JsonDict, SmallHotel, build_small_hotel, found_tenant
from tests.cloud_api.fleet.stage import Bench

FIRST = Life(number=1, id="0" * 15 + "1")
OURS, COPY = FIRST.next("a" * 16), FIRST.next("b" * 16)


class Wire:
    """Frames to the inbox and the answers, without a broker."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.desk = Desk(bench.keyring.live(), bench.clock)

    async def say(self, channel: Up, frame: bytes) -> tuple[Letter, ...]:
        topic = up(HouseId(self.bench.place.house_id), channel)
        async with self.bench.database.transaction() as session:
            return await inbox.take(session, topic, frame, self.desk)

    async def ask(
        self,
        life: Life | None,
        *,
        proof: str | None = None,
        held: ConfigurationHeld | None = None,
    ) -> tuple[CurrentAnswer, tuple[Letter, ...]]:
        query = CurrentQuery(
            house=self.bench.house.id,
            nonce=secrets.token_hex(16),
            position=None,
            key_document=1,
            facts_through=0,
            life=life,
            proof=proof,
            configuration=held,
        )
        letters = await self.say(Up.CURRENT, self.bench.house.seal(Kind.CURRENT_QUERY, query))
        frame = next(each.frame for each in letters if each.channel is Down.CURRENT)
        return read_body(self._opened(frame, Kind.CURRENT_ANSWER), CurrentAnswer), letters

    async def ask_alive(self, life: Life) -> CurrentAnswer:
        """As a device that is really there."""
        answer, _ = await self.ask(life)
        if answer.prove is not None:
            answer, _ = await self.ask(life, proof=answer.prove)
        return answer

    def _opened(self, frame: bytes, kind: Kind) -> Opened:
        keys = self.bench.house.keys
        assert keys is not None
        return open_envelope(frame, kind, lambda kid: keys.key_for(kid, KeyUse.LIVE))


@pytest.fixture
def wire(bench: Bench) -> Wire:
    return Wire(bench)


async def test_the_copy_is_told_the_winner_goes_on_and_a_person_hears_of_it_once(
    wire: Wire, bench: Bench
) -> None:
    assert (await wire.ask_alive(OURS)).rival is None
    before = await bench.delivery()
    assert before.doubled is None
    for _ in range(2):
        assert (await wire.ask_alive(COPY)).rival == OURS.id
    assert (await wire.ask_alive(COPY.next("c" * 16))).rival == OURS.id
    assert (await wire.ask_alive(OURS.next("d" * 16))).rival is None
    events = await bench.events("fleet.house_doubled")
    assert [(each["device"], each["other"]) for each in events] == [(OURS.id, COPY.id)]
    doubled = (await bench.delivery()).doubled
    assert doubled is not None
    assert (doubled.device, doubled.others) == ("d" * 16, (COPY.id, "c" * 16))


async def test_nothing_but_the_verdict_goes_to_who_lost(wire: Wire, bench: Bench) -> None:
    await bench.desire(bench.place.grant())
    await bench.build()
    await wire.ask_alive(OURS)
    await wire.ask_alive(COPY)
    answer, letters = await wire.ask(COPY)
    assert [each.channel for each in letters] == [Down.CURRENT]
    assert (answer.rival, answer.position) == (OURS.id, None)


async def test_a_replayed_question_makes_nobody_lose(wire: Wire, bench: Bench) -> None:
    await wire.ask_alive(FIRST)
    await wire.ask_alive(OURS)
    for _ in range(3):
        answer, _ = await wire.ask(FIRST, proof="0" * 32)
        assert answer.prove is not None
    assert await bench.events("fleet.house_doubled") == []
    assert (await wire.ask_alive(OURS)).rival is None


async def test_no_command_goes_to_the_nonce_of_who_lost(wire: Wire, bench: Bench) -> None:
    await wire.ask_alive(OURS)
    await wire.ask_alive(COPY)
    async with bench.database.transaction() as session:
        command = await commands.door_command(
            session,
            house_id=bench.place.house_id,
            grant_id=bench.place.lock,
            lock_id=bench.place.lock,
            move="open",
        )
        await commands.claim(session, wire.desk, most=10)
    for life, sent in ((COPY, 0), (OURS, 1)):
        grant = NonceGrant.model_validate(
            {
                "house": bench.house.id,
                "command": command,
                "nonce": secrets.token_hex(16),
                "life": life.id,
            }
        )
        letters = await wire.say(Up.NONCE, bench.house.seal(Kind.NONCE_GRANT, grant))
        assert [each.channel for each in letters] == [Down.COMMAND] * sent


async def test_a_claimed_device_begins_with_a_clean_sheet(wire: Wire, bench: Bench) -> None:
    await wire.ask_alive(OURS)
    await wire.ask_alive(COPY)
    from cloud_api.fleet.lives import service as lives  # noqa: PLC0415 - one use

    async with bench.database.transaction() as session:
        await lives.forget(session, bench.place.house_id)
    assert (await wire.ask_alive(COPY)).rival is None


async def test_a_house_of_the_version_before_is_answered_as_before(wire: Wire) -> None:
    await wire.ask_alive(OURS)
    answer, _ = await wire.ask(None)
    assert (answer.prove, answer.rival) == (None, None)
    assert b"rival" not in answer.to_bytes()
    assert b"prove" not in answer.to_bytes()


async def test_a_configuration_is_signed_sent_and_told_of(wire: Wire, bench: Bench) -> None:
    wanted = HouseSettings(look_after_seconds=60)
    async with bench.database.transaction() as session:
        await configurations.configure(
            session, bench.scope, bench.place.house_id, wanted, clock=bench.clock
        )
    await bench.build()
    async with bench.database.transaction() as session:
        (signed,) = await configurations.unpublished(session, most=10)
        await configurations.mark_published(session, signed, bench.clock)
    desired = DesiredConfiguration.from_bytes(signed.frame.partition(b"\n")[2])
    assert (desired.version, desired.epoch, desired.settings) == (1, 1, wanted)
    _, letters = await wire.ask(OURS)
    assert signed.frame in [each.frame for each in letters]
    _, letters = await wire.ask(OURS, held=ConfigurationHeld(epoch=1, version=1))
    assert Down.CONFIG not in [each.channel for each in letters]
    fate = Configured(
        epoch=1,
        version=1,
        hash=fact_hash(signed.frame),
        fate=ConfigurationFate.ROLLED_BACK,
        reason="cloud_not_reached",
    )
    bench.house.record(fate)
    await wire.say(Up.FACTS, bench.house.batch(1, 1))
    async with bench.database.transaction() as session:
        view = await configurations.configuration(session, bench.scope, bench.place.house_id)
    assert (view.state, view.reason) == ("rolled_back", "cloud_not_reached")


async def test_a_configuration_is_signed_anew_for_a_new_epoch(bench: Bench) -> None:
    async with bench.database.transaction() as session:
        await configurations.configure(
            session,
            bench.scope,
            bench.place.house_id,
            HouseSettings(advertise=True),
            clock=bench.clock,
        )
        await configurations.sign(
            session, bench.place.house_id, 1, bench.workshop.sealer, bench.clock
        )
        await configurations.sign(
            session, bench.place.house_id, 2, bench.workshop.sealer, bench.clock
        )
        (signed,) = await configurations.unpublished(session, most=10)
    assert (signed.epoch, signed.version) == (2, 1)


async def test_of_many_words_of_a_lock_one_hint_goes_down(wire: Wire, bench: Bench) -> None:
    async def claimed() -> tuple[Letter, ...]:
        async with bench.database.transaction() as session:
            return await looks.claim(session, wire.desk, most=10)

    async def spoke() -> None:
        async with bench.database.transaction() as session:
            await looks.want(session, bench.place.lock, bench.place.organisation_id)

    for _ in range(3):
        await spoke()
    (letter,) = await claimed()
    look = Look.from_bytes(letter.frame.partition(b"\n")[2])
    assert (letter.channel, look.lock) == (Down.LOOK, bench.place.lock)
    assert look.until <= bench.clock.utc_now() + timedelta(seconds=looks.LIVES_SECONDS)
    await spoke()
    assert await claimed() == ()
    async with bench.database.transaction() as session:
        await session.execute(text("UPDATE fleet_looks SET sent_at = sent_at - interval '10 s'"))
    assert len(await claimed()) == 1
    assert await claimed() == ()


async def test_a_lock_of_nobody_is_left_alone(wire: Wire, bench: Bench) -> None:
    async with bench.database.transaction() as session:
        await looks.want(session, bench.place.house_id, bench.place.organisation_id)
        await looks.want(session, bench.place.lock, bench.place.house_id)
        assert await looks.claim(session, wire.desk, most=10) == ()


async def test_a_host_sets_his_own_house_only_and_nothing_that_leads_outside(
    http: httpx.AsyncClient, database: Database
) -> None:
    hotel: SmallHotel = await build_small_hotel(await found_tenant(database, http))
    path = f"/houses/{hotel.house_id}/configuration"
    assert (await hotel.tenant.get(path)).json()["state"] == "none"
    said = await http.put(
        f"/api/v1{path}", json={"look_after_seconds": 60}, headers=hotel.tenant.headers
    )
    assert said.status_code == 200, said.text
    assert (said.json()["version"], said.json()["state"]) == (1, "pending")
    again = await http.put(
        f"/api/v1{path}", json={"look_after_seconds": 60}, headers=hotel.tenant.headers
    )
    assert again.json()["version"] == 1
    wrong: tuple[JsonDict, ...] = (
        {"music_url": "http://evil.example"},
        {"music_url": "http://user:word@192.168.1.5"},
        {"look_after_seconds": 1},
        {"lan_names": []},
        {"lock_key": "x"},
    )
    for bad in wrong:
        refused = await http.put(f"/api/v1{path}", json=bad, headers=hotel.tenant.headers)
        assert refused.status_code == 422, bad
    stranger = await found_tenant(database, http)
    foreign = await http.put(f"/api/v1{path}", json={}, headers=stranger.headers)
    assert foreign.status_code == 404
