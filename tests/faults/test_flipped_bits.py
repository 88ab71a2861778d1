"""A9: bits flip in the book's file. The house decides from the true book or from none at all.

Whatever is left of the file, nothing but bytes that the cloud signed is ever believed; offered
again, the same book is in force again.
"""

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge_agent.policy.decide import decide
from edge_agent.policy.model import Allowed, Wish
from edge_agent.store.book import FILE, BookStore
from edge_agent.store.sqlite import Damaged, set_aside
from protocol.access import open_door
from protocol.facts import Via
from protocol.house import AckResult, Snapshot
from protocol.ids import GrantId
from tests.edge_agent.lockd_kit import FakeClock, settle, snapshot_frame
from tests.edge_agent.means_kit import Desk, desk
from tests.edge_agent.policy_kit import BOOKER, FRONT, a_grant, a_snapshot, named
from tests.faults.figures import Figure, Scale

pytestmark = [pytest.mark.fault, pytest.mark.timeout(3600)]

GRANTS = 40
REVOKED = GrantId(named("revoked"))


@dataclass
class House:
    """A house with a book on its disk, as it was before the flips."""

    folder: Path
    truth: Snapshot
    frame: bytes

    def fresh(self, to: Path) -> Path:
        shutil.rmtree(to, ignore_errors=True)
        return Path(shutil.copytree(self.folder, to))


@pytest.fixture
def house(tmp_path: Path) -> House:
    folder = tmp_path / "house"
    settle(folder)
    grants = [a_grant(GrantId(named(f"guest {n}")), stay=None) for n in range(GRANTS)]
    truth = a_snapshot(a_grant(), *grants, version=3, revoked=(REVOKED,))
    frame = snapshot_frame(truth)
    with desk(folder, FakeClock()) as made:
        made.take_keys()
        made.trust_time()
        assert made.offer(frame).result is AckResult.APPLIED
    return House(folder, truth, frame)


@pytest.mark.parametrize("flips", [1, 8, 64])
def test_flipped_bits_never_make_another_book(
    house: House, tmp_path: Path, scale: Scale, flips: int
) -> None:
    dice = scale.dice(f"A9 {flips}")
    figure = Figure(f"A9 {flips} flipped bits in the book's file", scale.seed)
    for _ in scale.tries(120, 5000):
        folder = house.fresh(tmp_path / "case")
        _flip(folder / FILE, flips, dice)
        figure.tried += 1
        figure.violations += not _believes_truth_or_nothing(house, folder, figure)
    figure.publish(scale)
    assert figure.violations == 0


@pytest.mark.parametrize("damage", ["zeroed page", "cut", "empty", "garbage"])
def test_worse_damage_never_makes_another_book(
    house: House, tmp_path: Path, scale: Scale, damage: str
) -> None:
    dice = scale.dice(damage)
    figure = Figure(f"A9 {damage}", scale.seed)
    for _ in scale.tries(10, 200):
        folder = house.fresh(tmp_path / "case")
        _damage(folder / FILE, damage, dice)
        figure.tried += 1
        figure.violations += not _believes_truth_or_nothing(house, folder, figure)
    figure.publish(scale)
    assert figure.violations == 0


def _believes_truth_or_nothing(house: House, folder: Path, figure: Figure) -> bool:
    """Start on what is left; then the cloud offers the same book again."""
    with _started(folder) as started:
        book = started.means.ledger.book.snapshot
        figure.note("started without a book", book is None)
        sound = (book is None or book == house.truth) and not _opens(started, REVOKED)
        sound = sound and (book is not None or not _opens(started, BOOKER))
        if started.means.ledger.keys is None:
            started.take_keys()
        result = started.offer(house.frame).result
        back = started.means.ledger.book.snapshot == house.truth and _opens(started, BOOKER)
        return sound and back and result is not AckResult.REFUSED


@contextmanager
def _started(folder: Path) -> Iterator[Desk]:
    """As lockd starts: a damaged book is set aside."""
    try:
        BookStore(folder).close()
    except Damaged:
        set_aside(folder / FILE)
    with desk(folder, FakeClock()) as started:
        started.trust_time()
        yield started


def _opens(started: Desk, grant: GrantId) -> bool:
    wish = Wish(grant, open_door(FRONT), Via.LAN)
    means = started.means
    return isinstance(decide(means.ledger.book, wish, means.time.now()), Allowed)


def _flip(file: Path, flips: int, dice: random.Random) -> None:
    content = bytearray(file.read_bytes())
    for _ in range(flips):
        content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
    file.write_bytes(content)


def _damage(file: Path, damage: str, dice: random.Random) -> None:
    content = file.read_bytes()
    match damage:
        case "zeroed page":
            page = 4096 * dice.randrange(len(content) // 4096)
            file.write_bytes(content[:page] + bytes(4096) + content[page + 4096 :])
        case "cut":
            file.write_bytes(content[: dice.randrange(len(content))])
        case "empty":
            file.write_bytes(b"")
        case _:
            file.write_bytes(dice.randbytes(len(content)))
