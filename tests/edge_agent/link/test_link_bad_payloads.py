"""What can a hostile or broken sender do over the broker? Be counted, nothing else."""

import random
from uuid import uuid4

import pytest

from edge_agent.link.client import Link
from protocol.envelope import MAX_ENVELOPE_BYTES, Kind, seal
from protocol.house import SnapshotAck
from protocol.ids import HouseId
from protocol.signing import Signer
from protocol.topics import Down, Up
from tests.edge_agent.courier_peer import CourierPeer
from tests.edge_agent.doorman import CLOUD_KID, Doorman, a_snapshot
from tests.edge_agent.link_kit import running, until

SEED = 20300101


def _good(house: HouseId, signer: Signer) -> bytes:
    return seal(Kind.SNAPSHOT, a_snapshot(house, 9).to_bytes(), signer)


def _bad_frames(house: HouseId, signer: Signer) -> dict[str, bytes]:
    chance = random.Random(SEED)  # noqa: S311 - a seed that can be told
    good = _good(house, signer)
    deep = b"[" * 100_000 + b"]" * 100_000
    stranger = Signer.from_seed(CLOUD_KID, b"\x66" * 32)
    return {
        "random": chance.randbytes(5_000),
        "truncated": good[: len(good) // 2],
        "header only": good.split(b"\n", 1)[0],
        "deep": seal(Kind.SNAPSHOT, deep, signer),
        "huge": good + b" " * MAX_ENVELOPE_BYTES,
        "nothing but nul": b"\x00" * 1000,
        "wrong kind": seal(Kind.RECEIPT, b"{}", signer),
        "stranger's key": seal(Kind.SNAPSHOT, a_snapshot(house, 9).to_bytes(), stranger),
        "one bit": good[:-1] + bytes([good[-1] ^ 1]),
        "escape sequences": b"\x1b[2J\r\nfake log line",
    }


NAMES = sorted(_bad_frames(HouseId(uuid4()), Signer.from_seed(CLOUD_KID, b"\x07" * 32)))


@pytest.mark.parametrize("name", NAMES)
async def test_a_bad_snapshot_is_counted_and_the_next_good_one_still_taken(  # noqa: PLR0917 - fixtures
    link: Link,
    courier: CourierPeer,
    doorman: Doorman,
    house: HouseId,
    cloud: Signer,
    name: str,
) -> None:
    async with running(link):
        await courier.send_raw(Down.SNAPSHOT, _bad_frames(house, cloud)[name])
        await until(lambda: sum(link.counters.refused.values()) == 1)
        assert doorman.position is None
        await courier.send(Down.SNAPSHOT, Kind.SNAPSHOT, a_snapshot(house, 1), retain=True)
        await courier.next(Up.ACK, Kind.SNAPSHOT_ACK, SnapshotAck, doorman.signer.public_hex)
    assert link.counters.connections == 1


async def test_noise_on_every_channel_ends_in_counts_alone(
    link: Link, courier: CourierPeer, doorman: Doorman
) -> None:
    chance = random.Random(SEED)  # noqa: S311 - a seed that can be told
    async with running(link):
        for _ in range(25):
            for channel in Down:
                await courier.send_raw(channel, chance.randbytes(chance.randrange(1, 3000)))
        counters = link.counters
        await until(
            lambda: sum(counters.refused.values()) + sum(counters.dropped.values()) >= 25 * 7
        )
        assert counters.online
    assert doorman.position is None
    assert doorman.opened == 0
    assert doorman.taken == []


async def test_a_planted_retained_command_is_never_carried(
    link: Link, courier: CourierPeer, doorman: Doorman
) -> None:
    await courier.send_raw(Down.COMMAND, b"PORTERO/1 command", retain=True)
    async with running(link):
        await until(lambda: link.counters.refused["command.retained"] == 1)
    assert "command" not in doorman.taken


async def test_twenty_copies_in_any_order_end_in_the_newest_book(
    link: Link, courier: CourierPeer, doorman: Doorman, house: HouseId, cloud: Signer
) -> None:
    frames = [
        seal(Kind.SNAPSHOT, a_snapshot(house, version).to_bytes(), cloud) for version in range(1, 5)
    ] * 5
    random.Random(SEED).shuffle(frames)  # noqa: S311 - a seed that can be told
    async with running(link):
        for frame in frames:
            await courier.send_raw(Down.SNAPSHOT, frame)
        await until(lambda: len(doorman.taken) == len(frames))
    assert doorman.position is not None
    assert doorman.position.version == 4


async def test_a_snapshot_that_came_before_its_keys_is_offered_again(
    link: Link, courier: CourierPeer, doorman: Doorman, house: HouseId, cloud: Signer
) -> None:
    doorman.knows_keys = False
    root = Signer("root", cloud._key)
    async with running(link):
        await courier.send(Down.SNAPSHOT, Kind.SNAPSHOT, a_snapshot(house, 1), retain=True)
        await until(lambda: link.counters.refused["snapshot.unknown_key"] == 1)
        await courier.send_raw(Down.KEYS, seal(Kind.KEY_DOCUMENT, b"{}", root), retain=True)
        await until(lambda: doorman.position is not None)


async def test_a_flood_fills_a_lane_and_is_dropped_not_remembered(
    link: Link, courier: CourierPeer, doorman: Doorman
) -> None:
    doorman.slow_channels["command"] = 5
    async with running(link):
        for _ in range(200):
            await courier.send_raw(Down.COMMAND, b"x")
        await until(lambda: link.counters.received["command"] == 200)
        assert link.counters.dropped["command"] >= 200 - 8 - 64
