"""Whatever arrives over the broker, at both ends: counted, explained, kept bounded, nothing else.

Courier, agent and lockd are the real processes. Genuine frames are overheard first, so that the
noise is as near to the truth as a stranger can make it without a key.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

import aiomqtt
import pytest

from cloud_api.fleet.inbox.service import HEAD_BYTES, KEPT_A_MINUTE
from portero.demo.client import Caller
from portero.demo.waiting import until
from protocol.envelope import MAX_ENVELOPE_BYTES, Kind, seal
from protocol.ids import HouseId
from protocol.signing import Signer
from protocol.topics import RETAINED, Down, Up, down, up
from tests.faults.figures import Figure, Scale
from tests.faults.lockd_bench import CLOCK
from tests.faults.staff import let_staff_open, open_from_afar
from tests.faults.whole import SOON, Whole

pytestmark = [
    pytest.mark.fault,
    pytest.mark.timeout(3600),
    pytest.mark.xdist_group("whole system"),
]

COUNTS = "SELECT coalesce(sum(times), 0) FROM fleet_bad_message_counts"
CHANGES = (
    "SELECT (SELECT count(*) FROM fleet_snapshots), (SELECT count(*) FROM fleet_grants),"
    " (SELECT count(*) FROM access_grants), (SELECT count(*) FROM reservations),"
    " (SELECT count(*) FROM fleet_commands), (SELECT count(*) FROM fleet_key_documents)"
)

BY_ITSELF = frozenset({"alarm", "lock_witnessed", "lock_cared", "clock", "pin"})
"""What a house records on its own rounds, whoever makes noise meanwhile."""

type Shape = Callable[[bytes, random.Random], bytes]


def _kid(frame: bytes) -> str:
    return frame.split(b" ", 3)[2].decode()


def _kind(frame: bytes) -> Kind:
    return Kind(frame.split(b" ", 2)[1].decode())


def _foreign_key(frame: bytes, dice: random.Random) -> bytes:
    """The true body under the true name, signed by somebody else."""
    stranger = Signer.from_seed(_kid(frame), dice.randbytes(32))
    return seal(_kind(frame), frame.split(b"\n", 1)[1], stranger)


def _one_bit(frame: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(frame))
    return frame[:place] + bytes([frame[place] ^ (1 << dice.randrange(8))]) + frame[place + 1 :]


def _wrong_kind(frame: bytes, dice: random.Random) -> bytes:
    other = dice.choice([each for each in Kind if each != _kind(frame)])
    return frame.replace(f" {_kind(frame).value} ".encode(), f" {other.value} ".encode(), 1)


SHAPES: dict[str, Shape] = {
    "random": lambda _, dice: dice.randbytes(dice.randrange(1, 4000)),
    "truncated": lambda frame, dice: frame[: dice.randrange(1, len(frame))],
    "longer": lambda frame, dice: frame + dice.randbytes(dice.randrange(1, 9)),
    "one bit": _one_bit,
    "deep": lambda frame, _: frame.split(b"\n", 1)[0] + b"\n" + b"[" * 60_000,
    "huge": lambda frame, _: frame + b" " * MAX_ENVELOPE_BYTES,
    "wrong kind": _wrong_kind,
    "foreign key": _foreign_key,
    "newer": lambda frame, _: frame.replace(b"PORTERO/1 ", b"PORTERO/77 ", 1),
    "nul": lambda _, dice: b"\x00" * dice.randrange(1, 4000),
    "log line": lambda *_: b'\r\n{"event": "forged-line"}\x1b[2J',
}


@dataclass
class Wire:
    """A stranger at the broker with every right, and one genuine frame of each channel."""

    client: aiomqtt.Client
    house: HouseId
    genuine: dict[str, bytes]
    dice: random.Random

    def frame(self, topic: str) -> bytes:
        """A genuine one of this topic, or of any other."""
        return self.genuine.get(topic) or self.dice.choice(sorted(self.genuine.values()))

    async def make_noise(self, topic: str, shape: Shape) -> None:
        """One bad frame. Not retained: what is planted there has a test of its own."""
        payload = shape(self.frame(topic), self.dice)
        await self.client.publish(topic, payload, qos=1)


async def test_noise_at_both_ends_is_counted_and_nothing_else(whole: Whole, scale: Scale) -> None:
    figure = Figure("E12 MQTT noise at courier and agent", scale.seed)
    async with whole.host() as host, _at_broker(whole) as client:
        await let_staff_open(whole, host)
        wire = await _overheard(whole, host, client, scale.dice("noise"))
        before = await _state(whole)
        counted, refused = whole.rows(COUNTS)[0][0], await _refused(whole)
        up_count = down_count = 0
        for _ in scale.tries(3, 300):
            for shape in SHAPES.values():
                for channel in Up:
                    await wire.make_noise(up(wire.house, channel), shape)
                    up_count += 1
                for word in Down:
                    await wire.make_noise(down(wire.house, word), shape)
                    down_count += 1
            await asyncio.sleep(0.2)
        figure.tried = up_count + down_count
        await _until_counted(whole, int(str(counted)) + up_count, refused + down_count)
        after = await _state(whole)
        began = CLOCK.monotonic()
        outcome = await open_from_afar(whole, host)
        figure.took(CLOCK.monotonic() - began)
    figure.violations = int(before != after) + int(outcome != "opened")
    figure.publish(scale)
    assert after == before
    assert outcome == "opened"
    assert whole.troupe.dead() == ()
    _is_bounded(whole)


async def test_noise_in_other_houses_names_reaches_nobody(whole: Whole, scale: Scale) -> None:
    async with whole.host() as host, _at_broker(whole) as client:
        await let_staff_open(whole, host)
        wire = await _overheard(whole, host, client, scale.dice("others"))
        before, refused = await _state(whole), await _refused(whole)
        stranger = HouseId(uuid4())
        for topic in (
            *(up(stranger, channel) for channel in Up),
            *(down(stranger, word) for word in Down),
            *("portero/x/up/status", "portero/up/status", "portero//up/ack", "$x/up", "a/b/c/d"),
            f"portero/{wire.house}/up/unheard-of",
            f"portero/{str(wire.house).upper()}/down/command",
        ):
            for genuine in wire.genuine.values():
                await client.publish(topic, genuine, qos=1)
        await asyncio.sleep(1.0)
        assert await _state(whole) == before
        assert await _refused(whole) == refused
        assert await open_from_afar(whole, host) == "opened"


async def test_rubbish_planted_on_retained_topics_changes_no_book(whole: Whole) -> None:
    """A wiped and poisoned broker, then a restart of the house: its own book goes on."""
    house = HouseId(UUID(whole.place.house))
    async with whole.host() as host, _at_broker(whole) as client:
        await let_staff_open(whole, host)
        book = whole.book()
        for word in Down:
            await client.publish(down(house, word), b"planted", qos=1, retain=True)
        for victim in ("agent", "lockd"):
            await asyncio.to_thread(whole.kill, victim)
            whole.start(victim)
        try:
            assert await open_from_afar(whole, host, patiently=True) == "opened"
            assert whole.book() == book
            planted = (await _health(whole))["link"]["refused"]
            assert all(planted.get(f"{w.value}.retained") for w in Down if w not in RETAINED)
        finally:
            for word in Down:
                await client.publish(down(house, word), b"", qos=1, retain=True)


def _at_broker(whole: Whole) -> aiomqtt.Client:
    return aiomqtt.Client(
        "127.0.0.1",
        whole.ground.ports.broker,
        identifier=f"stranger-{uuid4().hex[:8]}",
        protocol=aiomqtt.ProtocolVersion.V5,
    )


async def _overheard(
    whole: Whole, host: Caller, client: aiomqtt.Client, dice: random.Random
) -> Wire:
    """Listen to one remote opening: nonce, command, outcome, facts, receipt, retained words."""
    genuine = dict[str, bytes]()
    await client.subscribe("portero/#", qos=1)
    async with asyncio.TaskGroup() as group:
        listening = group.create_task(_listen(client, genuine), name="overhear")
        assert await open_from_afar(whole, host, patiently=True) == "opened"
        await asyncio.sleep(1.0)
        listening.cancel()
    await client.unsubscribe("portero/#")
    assert len(genuine) >= 6, sorted(genuine)
    return Wire(client, HouseId(UUID(whole.place.house)), genuine, dice)


async def _listen(client: aiomqtt.Client, genuine: dict[str, bytes]) -> None:
    async for message in client.messages:
        payload = bytes(message.payload)
        if payload.startswith(b"PORTERO/"):
            genuine[str(message.topic)] = payload


async def _state(whole: Whole) -> tuple[object, ...]:
    """What no message of a stranger may change, in the cloud, in the house, at the door."""
    kinds = Counter(each.body.kind for each in whole.facts() if each.body.kind not in BY_ITSELF)
    openings = await whole.openings()
    return (*sorted(kinds.items()), len(openings), whole.book(), *whole.rows(CHANGES))


async def _health(whole: Whole) -> dict[str, dict[str, dict[str, int]]]:
    async with whole.somebody(whole.ground.lan_url) as somebody:
        answer = await somebody.http.get("/healthz")
    health: dict[str, dict[str, dict[str, int]]] = answer.json()
    return health


async def _refused(whole: Whole) -> int:
    """Bad frames the agent has counted: refused, or found their queue full."""
    link = (await _health(whole))["link"]
    return sum(link["refused"].values()) + sum(link["dropped"].values())


async def _until_counted(whole: Whole, in_cloud: int, in_house: int) -> None:
    """Every one is counted, none twice."""

    async def are() -> bool:
        counted = int(str(whole.rows(COUNTS)[0][0]))
        return counted >= in_cloud and await _refused(whole) >= in_house

    await until(are, SOON, "not all noise was counted", troupe=whole.troupe)
    assert int(str(whole.rows(COUNTS)[0][0])) == in_cloud
    assert await _refused(whole) == in_house


def _is_bounded(whole: Whole) -> None:
    """Each house we know may fill its part of a minute; all strangers fill one more together."""
    [(kept, longest, minutes, houses)] = whole.rows(
        "SELECT count(*), max(length(head)), count(DISTINCT date_trunc('minute', received_at)),"
        " (SELECT count(*) FROM fleet_houses) FROM fleet_bad_messages"
    )
    assert int(str(kept)) <= KEPT_A_MINUTE * int(str(minutes)) * (int(str(houses)) + 1)
    assert int(str(longest)) <= HEAD_BYTES
    for name in ("agent", "lockd", "courier"):
        log = (whole.troupe.logs / f"{name}.log").stat().st_size
        assert log < 5_000_000, f"{name}.log has {log} bytes"
