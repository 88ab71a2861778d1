"""Where a house stands, and which of its words are news."""

from datetime import timedelta
from uuid import UUID

import pytest

from cloud_api.fleet.standing.rules import SESSIONS_KEPT, judge_status, sessions_with, stand
from cloud_api.fleet.standing.types import Ledger, Standing, StatusVerdict
from protocol.facts import GENESIS
from protocol.house import HouseStatus, Position
from protocol.ids import HouseId
from tests.cloud_api.fleet.stage import NOON

OURS = "a" * 64
OTHER = "b" * 64


def ledger(**changes: object) -> Ledger:
    known: dict[str, object] = {
        "epoch": 2,
        "version": 5,
        "head_hash": OURS,
        "frozen": False,
        "facts_through": 0,
        "facts_head": GENESIS,
        "again_asked_at": None,
        "status_at": NOON,
        "sessions": ["0" * 32, "1" * 32],
        "online": True,
    }
    return Ledger(**{**known, **changes})  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(
    ("epoch", "version", "digest", "issued", "standing"),
    [
        (2, 5, OURS, OURS, Standing.CURRENT),
        (2, 4, OURS, OURS, Standing.BEHIND),
        (2, 4, OURS, None, Standing.BEHIND),  # so old that we forgot it
        (1, 99, OURS, None, Standing.BEHIND),  # what the new epoch was begun for
        (1, 3, OTHER, OURS, Standing.BEHIND),
        (2, 6, OURS, None, Standing.AHEAD),
        (3, 1, OURS, None, Standing.AHEAD),
        (2, 5, OTHER, OURS, Standing.DIVERGED),
        (2, 3, OTHER, OURS, Standing.DIVERGED),
    ],
)
def test_a_position_is_judged_by_what_we_issued(
    epoch: int, version: int, digest: str, issued: str | None, standing: Standing
) -> None:
    position = Position(epoch=epoch, version=version, hash=digest)
    assert stand(ledger(), position, issued_hash=issued) is standing


def test_no_position_is_nothing() -> None:
    assert stand(ledger(), None, issued_hash=None) is Standing.NOTHING


def status(session: str, *, online: bool = True, minutes: float = 1) -> HouseStatus:
    return HouseStatus(
        house=HouseId(UUID(int=1)),
        online=online,
        session=session,
        at=NOON + timedelta(minutes=minutes),
    )


NOW, BEFORE, FRESH = "1" * 32, "0" * 32, "2" * 32


@pytest.mark.parametrize(
    ("known", "said", "verdict"),
    [
        (ledger(), status(NOW), StatusVerdict.NEWS),
        (ledger(), status(NOW, minutes=0), StatusVerdict.OLD),
        (ledger(), status(NOW, online=False, minutes=-60), StatusVerdict.NEWS),
        (ledger(online=False), status(NOW), StatusVerdict.OLD),
        (ledger(online=False), status(NOW, online=False), StatusVerdict.OLD),
        (ledger(), status(BEFORE, minutes=60), StatusVerdict.OLD),
        (ledger(), status(BEFORE, online=False, minutes=60), StatusVerdict.OLD),
        (ledger(), status(FRESH), StatusVerdict.NEWS),
        (ledger(), status(FRESH, minutes=-9), StatusVerdict.NEWS),
        (ledger(), status(FRESH, minutes=-11), StatusVerdict.OLD),
        (ledger(sessions=[], status_at=None), status(FRESH, minutes=-999), StatusVerdict.NEWS),
    ],
)
def test_a_replayed_status_is_not_news(
    known: Ledger, said: HouseStatus, verdict: StatusVerdict
) -> None:
    assert judge_status(known, said) is verdict


def test_sessions_are_remembered_and_bounded() -> None:
    sessions: list[str] = []
    for number in range(100):
        sessions = sessions_with(sessions, f"{number:032x}")
        sessions = sessions_with(sessions, f"{number:032x}")
    assert len(sessions) == SESSIONS_KEPT
    assert sessions[-1] == f"{99:032x}"
