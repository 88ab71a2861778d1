"""Does a companion who was sent away stay away, whatever is lost and wherever lockd was cut off?"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.actions.companions import Companions
from edge_agent.doorkeeper import Joined, RequestView
from edge_agent.errors import StopGranting
from edge_agent.store import state
from edge_agent.store.audit import AuditStore
from edge_agent.store.sqlite import set_aside
from protocol.access import Grant
from protocol.facts import DelegationEnded
from protocol.ids import GrantId
from tests.edge_agent.lockd_kit import FakeClock, snapshot_frame
from tests.edge_agent.means_kit import Desk, desk
from tests.edge_agent.policy_kit import BOOKER, a_grant, a_snapshot


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def working(folder: Path, clock: FakeClock) -> Iterator[Desk]:
    with desk(folder, clock) as opened:
        opened.take_keys()
        opened.trust_time()
        opened.offer(snapshot_frame(a_snapshot(a_grant(), version=1)))
        yield opened


def companions(opened: Desk) -> Companions:
    return Companions(opened.means, opened.state.requests)


def booker(opened: Desk) -> Grant:
    return opened.means.ledger.book.grants[BOOKER]


def let_in(opened: Desk) -> GrantId:
    desk_of = companions(opened)
    asked = desk_of.ask(booker(opened), name="Eve", wants=("door:open",))
    assert isinstance(asked, Joined)
    view = desk_of.decide(booker(opened), asked.request, approve=True)
    assert isinstance(view, RequestView)
    assert view.delegation is not None
    return view.delegation


def test_a_lost_state_file_brings_nobody_back(
    folder: Path, clock: FakeClock, working: Desk
) -> None:
    gone, kept = let_in(working), let_in(working)
    assert companions(working).end(booker(working), gone) is None
    working.state.close()
    set_aside(folder / state.FILE)
    with desk(folder, clock) as again:
        assert set(again.means.ledger.book.delegations) == {kept}


def test_nobody_is_on_record_as_sent_away_and_still_in(
    folder: Path, clock: FakeClock, working: Desk
) -> None:
    """The disk fails half way: what is told the cloud is never more than what holds here."""
    gone = let_in(working)
    working.state.close()
    with pytest.raises(StopGranting):
        companions(working).end(booker(working), gone)
    with desk(folder, clock) as again:
        told = [each.delegation for each in again.facts() if isinstance(each, DelegationEnded)]
        assert not set(told) & set(again.means.ledger.book.delegations)


def test_sent_away_is_sent_away_although_the_record_failed(
    folder: Path, clock: FakeClock, working: Desk
) -> None:
    gone = let_in(working)
    record = working.means.audit
    assert isinstance(record, AuditStore)
    record.close()
    with pytest.raises(StopGranting):
        companions(working).end(booker(working), gone)
    with desk(folder, clock) as again:
        assert dict(again.means.ledger.book.delegations) == {}
