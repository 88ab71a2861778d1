"""B1: cut off from the cloud for days. A guest who is there stays; a lease ends to the second.

Time is virtual, everything else is as lockd has it. What the house doubts of its own clock (its
crystal) it takes off the end, so the last second that must open lies before that.
"""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from edge_agent.actions.trusted_time import DRIFT
from edge_agent.policy.decide import decide
from edge_agent.policy.model import Allowed, Wish
from protocol.access import Window, open_door
from protocol.ids import GrantId
from tests.edge_agent.lockd_kit import FakeClock, settle, snapshot_frame
from tests.edge_agent.means_kit import Desk, desk
from tests.edge_agent.policy_kit import BOOKER, FRONT, NOON, a_grant, a_snapshot, named
from tests.faults.figures import Figure, Scale

pytestmark = [pytest.mark.fault, pytest.mark.timeout(3600)]

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
ARRIVED, REVOKED_UNHEARD = BOOKER, GrantId(named("revoked, and nobody could tell"))


@dataclass
class Cut:
    """One partition: how long leases are here, when the stay ends."""

    lease: timedelta
    stay: timedelta

    def doubt(self, cut_for: timedelta) -> timedelta:
        """How much earlier than the true end this house may end, after so long by itself."""
        return cut_for * (2 * DRIFT) + SECOND


def opens(made: Desk, grant: GrantId) -> bool:
    wish = Wish(grant, open_door(FRONT))
    return isinstance(decide(made.means.ledger.book, wish, made.means.time.now()), Allowed)


def test_leases_and_stays_end_to_the_second_without_a_cloud(tmp_path: Path, scale: Scale) -> None:
    dice, figure = scale.dice("B1"), Figure("B1 partition, virtual days", scale.seed)
    for number in scale.tries(15, 500):
        folder, clock = tmp_path / str(number), FakeClock()
        cut = Cut(dice.uniform(1, 14 * 24) * HOUR, dice.uniform(24, 40 * 24) * HOUR)
        settle(folder)
        window = Window(starts=NOON - HOUR, ends=NOON + cut.stay)
        with desk(folder, clock) as made:
            made.take_keys()
            made.trust_time()
            grants = (
                a_grant(ARRIVED, window=window, checked_in=True),
                a_grant(REVOKED_UNHEARD, window=window),
            )
            made.offer(
                snapshot_frame(a_snapshot(*grants, issued_at=NOON, lease_until=NOON + cut.lease))
            )
            made.means.time.save()
        ends = {ARRIVED: cut.stay, REVOKED_UNHEARD: min(cut.stay, cut.lease)}
        for grant, end in sorted(ends.items(), key=lambda each: each[1]):
            for moment, must in _moments(cut, end):
                if NOON + moment < clock.now:
                    continue  # both end together: that second has been
                clock.pass_time(NOON + moment - clock.now)
                with desk(folder, clock) as made:  # restarted within the same boot each time
                    opened = opens(made, grant)
                    made.means.time.save()
                figure.tried += 1
                figure.note("opened", opened)
                figure.violations += opened != must
    figure.note("longest, days", 40)
    figure.publish(scale)
    assert figure.violations == 0


def _moments(cut: Cut, end: timedelta) -> list[tuple[timedelta, bool]]:
    last = end - cut.doubt(end)
    return [(last, True), (end, False), (end + SECOND, False)] if last > timedelta() else []
