"""Does the house hold what we issued, and is this status news or a replay?"""

from datetime import timedelta

from cloud_api.fleet.standing.types import Ledger, Standing, StatusVerdict
from protocol.house import HouseStatus, Position

CLOCK_SLACK = timedelta(minutes=10)
"""How far a restarted house's clock may lie behind what it said before."""

SESSIONS_KEPT = 32


def stand(ledger: Ledger, position: Position | None, *, issued_hash: str | None) -> Standing:
    """`issued_hash`: what we stored for the very epoch and version the house names, if anything.

    Only the present epoch can be strange: a new epoch was begun exactly because the last was.
    """
    if position is None:
        return Standing.NOTHING
    held, ours = (position.epoch, position.version), (ledger.epoch, ledger.version)
    if held > ours:
        return Standing.AHEAD
    if position.epoch == ledger.epoch and issued_hash not in (None, position.hash):
        return Standing.DIVERGED
    return Standing.CURRENT if held == ours and issued_hash == position.hash else Standing.BEHIND


def judge_status(ledger: Ledger, status: HouseStatus) -> StatusVerdict:
    """The last session known is the present one; its `online=False` (the last will) ends it.

    A session we have seen before never comes back, and an unseen one may not be older than what
    the house already said: both are replays.
    """
    if ledger.sessions and status.session == ledger.sessions[-1]:
        return _within_session(ledger, status)
    if status.session in ledger.sessions:
        return StatusVerdict.OLD
    if ledger.status_at is not None and status.at < ledger.status_at - CLOCK_SLACK:
        return StatusVerdict.OLD
    return StatusVerdict.NEWS


def _within_session(ledger: Ledger, status: HouseStatus) -> StatusVerdict:
    if not ledger.online:
        return StatusVerdict.OLD
    if not status.online:
        return StatusVerdict.NEWS
    newer = ledger.status_at is None or status.at > ledger.status_at
    return StatusVerdict.NEWS if newer else StatusVerdict.OLD


def sessions_with(sessions: list[str], session: str) -> list[str]:
    """The sessions seen, newest last."""
    if sessions and sessions[-1] == session:
        return sessions
    return [*sessions, session][-SESSIONS_KEPT:]
