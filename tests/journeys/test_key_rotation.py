"""The root lists a new key for snapshots; once it lists it alone, the old one is refused."""

import shutil
from pathlib import Path

import pytest

from cloud_api.fleet.keyring import Keyring
from protocol.envelope import Kind, open_envelope, read_body
from protocol.house import CurrentQuery, Snapshot
from protocol.keys import KeyUse, open_key_document
from protocol.topics import Down
from provisioning import ceremony
from tests.journeys.stage import until
from tests.journeys.town import FRONT, NewTown, Stay, Town
from tests.journeys.wire import Wiretap, tapped

pytestmark = pytest.mark.journey


async def test_a_rotated_snapshot_key_takes_over_and_the_old_one_is_refused(
    new_town: NewTown, tmp_path: Path
) -> None:
    async with new_town(rooms=("Sea room", "Garden room")) as town, tapped(town.broker.port) as tap:
        old, fresh = town.cloud.keys, tmp_path / "keys" / "cloud-2"
        first = await town.book("Sea room")
        listed = ceremony.read_document(old)
        assert listed is not None
        _next_keys(old, fresh)
        now = town.world.utc_now()
        ceremony.sign_document(town.root_keys, fresh, epochs={1}, now=now, keep=listed.keys)
        await town.cloud.use_keys(fresh)
        await _house_has_keys(tap, version=2)
        second = await town.book("Garden room")
        ceremony.sign_document(town.root_keys, fresh, epochs={1}, now=now)
        await town.cloud.use_keys(fresh)
        await _house_has_keys(tap, version=3)

        book = _opened_by_new_key(tap.on("/down/snapshot")[-1], Keyring(fresh))
        await _old_key_is_refused(town, tap, book, Keyring(old))
        assert (await town.health())["lockd"]["version"] == book.version
        await _both_get_in(town, first, second)
        await town.house.stop()
        await town.house.start()
        await _both_get_in(town, first, second)
        assert town.house.openings(FRONT) == 4


def _next_keys(old: Path, fresh: Path) -> None:
    """A folder with keys of the next generation, under the same root."""
    fresh.mkdir(mode=0o700)
    for name in ("root.pub", "keys.signed"):
        shutil.copy(old / name, fresh / name)
    ceremony.create_cloud_keys(fresh, serial=2)


async def _house_has_keys(tap: Wiretap, *, version: int) -> None:
    """By the house's own questions to the cloud."""

    async def has() -> bool:
        bodies = [frame.partition(b"\n")[2] for frame in tap.on("/up/current")]
        return any(CurrentQuery.from_bytes(each).key_document == version for each in bodies)

    await until(has, f"the house did not take key document {version}")


def _opened_by_new_key(frame: bytes, ring: Keyring) -> Snapshot:
    document = open_key_document(ring.document(), ring.root_public())
    opened = open_envelope(frame, Kind.SNAPSHOT, lambda kid: document.key_for(kid, KeyUse.SNAPSHOT))
    assert opened.kid == "snapshot-2"
    return read_body(opened, Snapshot)


async def _old_key_is_refused(town: Town, tap: Wiretap, book: Snapshot, ring: Keyring) -> None:
    """Somebody has the old key, and signs an empty book far ahead with it."""
    forged = book.model_copy(update={"version": book.version + 1000, "grants": ()})
    before = await _of_unknown_keys(town)
    frame = await ring.snapshots().seal(Kind.SNAPSHOT, forged.to_bytes())
    await tap.say(town.topic(Down.SNAPSHOT), frame)

    async def is_refused() -> bool:
        return await _of_unknown_keys(town) > before

    await until(is_refused, "the old key's book was not refused")


async def _of_unknown_keys(town: Town) -> int:
    refused = (await town.health())["link"]["refused"]
    return int(refused.get("snapshot.unknown_key", 0))


async def _both_get_in(town: Town, *stays: Stay) -> None:
    for stay in stays:
        guest = await town.in_house(stay)
        assert (await guest.tap(town.place.locks[FRONT]))["outcome"] == "opened"
