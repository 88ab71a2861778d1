"""What does each no of the vendor become: wait, log in, another PIN, a person, or unknown?"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_agent.drivers.ttlock_cloud import QuotaSpent
from edge_agent.drivers.ttlock_cloud.budget import BURST, PER_SECOND, Budget, MonthQuota, next_month
from edge_agent.drivers.ttlock_cloud.refusals import refusal
from edge_agent.errors import (
    AskHost,
    CapacityReached,
    DeviceBusy,
    DeviceUnreachable,
    EdgeError,
    NoSuchThing,
    NotPermitted,
    OutcomeUnknown,
    PickAnother,
    TryLater,
    Unsupported,
)
from edge_agent.ports import PinCode
from edge_agent.simulator.ttlock_cloud.model import FaultKind
from tests.edge_agent.drivers.ttlock_cloud.bench import CloudBench, open_again, token_file

PIN = PinCode("482915", datetime(2026, 3, 10, 15), datetime(2026, 3, 13, 11))  # noqa: DTZ001 - a lock's local time


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        *((code, TryLater) for code in (-3003, -3037, -3002, -2012, -3036, -3035, 90000, 80000)),
        (30006, DeviceBusy),
        *(
            (code, NotPermitted)
            for code in (10003, 10004, 10000, 10001, 10007, 10011, -2018, 20002)
        ),
        *((code, PickAnother) for code in (-3007, -2032, -3006)),
        *((code, CapacityReached) for code in (-3009, -4056)),
        *((code, NoSuchThing) for code in (-2009, -1007, -1003)),
        (-4043, Unsupported),
        *((code, AskHost) for code in (-2025, 30008, -3008)),
        (1, OutcomeUnknown),
        (4711, OutcomeUnknown),
    ],
)
def test_each_number_has_its_reaction(code: int, kind: type[EdgeError]) -> None:
    assert isinstance(refusal(code, changes=True), kind)


@pytest.mark.parametrize("code", [1, 4711])
def test_an_unexplained_no_to_a_question_changes_nothing(code: int) -> None:
    assert isinstance(refusal(code, changes=False), TryLater)


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"gateway_online": False}, DeviceUnreachable),
        ({"lock_in_range": False}, DeviceUnreachable),
        ({"remote_unlock": False}, Unsupported),
        ({"wrong_region": True}, AskHost),
    ],
)
async def test_nothing_moves_when_the_vendor_says_no(
    bench: CloudBench, changed: dict[str, object], kind: type[EdgeError]
) -> None:
    bench.conditions(**changed)
    with pytest.raises(kind):
        await bench.device.bolt.unlock()
    assert bench.unlocks() == 0


async def test_the_months_quota_is_a_state_with_an_end(bench: CloudBench) -> None:
    await bench.device.bolt.read()
    bench.conditions(month_quota=0)
    with pytest.raises(QuotaSpent) as told:
        await bench.device.bolt.unlock()
    assert told.value.until > datetime.now(UTC)  # noqa: TID251 - the month's end lies ahead
    asked = bench.calls("/v3/lock/unlock")
    with pytest.raises(QuotaSpent):
        await bench.device.bolt.unlock()
    assert bench.calls("/v3/lock/unlock") == asked, "nothing is asked that cannot be answered"
    assert bench.unlocks() == 0


def test_the_month_ends_in_beijing() -> None:
    assert next_month(datetime(2026, 11, 30, 15, 59, tzinfo=UTC)) == datetime(
        2026, 11, 30, 16, tzinfo=UTC
    )
    assert next_month(datetime(2026, 11, 30, 16, tzinfo=UTC)) == datetime(
        2026, 12, 31, 16, tzinfo=UTC
    )


def test_bought_calls_are_noticed_within_the_hour_and_the_month_ends_by_itself() -> None:
    quota, now = MonthQuota(), datetime(2026, 11, 10, tzinfo=UTC)
    until = quota.note_spent(now)
    assert quota.spent_until(now + timedelta(minutes=59)) == until
    assert quota.spent_until(now + timedelta(minutes=61)) is None
    assert quota.spent_until(now + timedelta(minutes=62)) == until
    assert quota.spent_until(until) is None
    quota.note_served()
    assert quota.spent_until(now) is None


def test_no_minute_has_more_than_a_hundred_calls() -> None:
    budget, now, made = Budget(), 0.0, list[float]()
    while now < 300:
        wait = budget.wait(now, door=True)
        if wait:
            now += wait
        else:
            made.append(now)
    assert max(sum(start <= each < start + 60 for each in made) for start in made) <= 100
    assert BURST + 60 * PER_SECOND <= 100


def test_the_last_calls_are_for_people_at_a_door() -> None:
    budget = Budget()
    while not budget.wait(0.0, door=False):
        pass
    assert budget.wait(0.0, door=True) == 0.0


async def test_an_expired_token_is_refreshed_once(bench: CloudBench) -> None:
    await bench.device.bolt.read()
    bench.vendor.accounts.expire()
    await bench.device.bolt.unlock()
    assert bench.unlocks() == 1
    assert (bench.vendor.accounts.logins, bench.vendor.accounts.refreshes) == (1, 1)


async def test_a_lost_refresh_ends_in_one_login(bench: CloudBench) -> None:
    await bench.device.bolt.read()
    bench.vendor.accounts.expire()
    bench.fault(FaultKind.CUT_AFTER, "/oauth2/token")
    with pytest.raises(TryLater):
        await bench.device.bolt.unlock()
    await bench.device.bolt.unlock()
    assert bench.unlocks() == 1


async def test_a_taken_back_permission_asks_for_a_person_and_stops_asking(
    bench: CloudBench,
) -> None:
    await bench.device.bolt.read()
    bench.vendor.accounts.revoke()
    bench.fault(FaultKind.ERRCODE, "/oauth2/token", errcode=10011)
    bench.fault(FaultKind.ERRCODE, "/oauth2/token", errcode=10007)
    for _ in range(3):
        with pytest.raises(NotPermitted):
            await bench.device.bolt.unlock()
    assert bench.vendor.accounts.logins == 1
    assert bench.unlocks() == 0


async def test_tokens_outlive_a_restart_in_a_file_of_our_own(
    bench: CloudBench, tmp_path: Path
) -> None:
    await bench.device.bolt.read()
    assert token_file(tmp_path).stat().st_mode & 0o777 == 0o600
    logins = bench.vendor.accounts.logins
    bench.device = open_again(bench, tmp_path)
    await bench.device.bolt.read()
    assert bench.vendor.accounts.logins == logins


async def test_several_locks_of_an_account_share_one_login(
    bench: CloudBench, tmp_path: Path
) -> None:
    other = open_again(bench, tmp_path)
    await bench.device.bolt.read()
    await other.bolt.read()
    assert bench.vendor.accounts.logins == 1
