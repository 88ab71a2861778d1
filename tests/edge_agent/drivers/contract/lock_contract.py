"""What must every lock driver keep, whatever the vendor?

One class a port. `test_every_lock.py` runs them over every driver that offers the port; a new
driver brings a bench and a line in `benches.py`.
"""

import asyncio
import contextlib
from datetime import datetime, timedelta
from typing import Protocol

import pytest

from edge_agent.actions.move_door import MOVE_SECONDS
from edge_agent.errors import (
    CalledOff,
    CapacityReached,
    EdgeError,
    Jammed,
    OutcomeUnknown,
    PickAnother,
    TryLater,
)
from edge_agent.ports import (
    BoltState,
    Keypad,
    LockClock,
    LockDevice,
    LockLog,
    LockLogKind,
    PinCode,
)

ARRIVAL = datetime(2026, 3, 10, 15, 0)  # noqa: DTZ001 - a lock's local time
DEPARTURE = datetime(2026, 3, 13, 11, 0)  # noqa: DTZ001 - a lock's local time
PIN = PinCode("482915", ARRIVAL, DEPARTURE)


class LockBench(Protocol):
    """A driver with its simulated lock, whose own record is believed."""

    device: LockDevice

    silence_is_proof: bool
    """The lock's log is read from the lock itself: what is not in it did not happen."""

    def unlocks(self) -> int:
        """How often the bolt was drawn back by the app, by the lock's own record."""

    def jam(self) -> None:
        """Let the bolt stick."""

    def vanish(self) -> None:
        """Take the lock out of range."""

    def lose_next_answer(self, *, acted: bool) -> None:
        """The next motor command gets no answer, whether the lock acts on it or not."""

    def find_every_answer(self) -> None:
        """No answer is lost from now on."""

    def fill_code_table(self) -> None:
        """No room for another code."""

    def press(self, digits: str) -> bool:
        """Type a code; whether the door opened."""

    def set_clock(self, local: datetime) -> None:
        """Turn the lock's clock by hand."""

    def settable(self) -> datetime:
        """A local time this lock lets itself be set to."""

    def plant(self, digits: str) -> None:
        """Somebody else's code is in the lock already."""


class BoltContract:
    """Every driver."""

    async def test_unlock_draws_the_bolt_exactly_once(self, bench: LockBench) -> None:
        await bench.device.bolt.unlock()
        assert bench.unlocks() == 1
        assert (await bench.device.bolt.read()).bolt is BoltState.UNLOCKED

    async def test_lock_closes_what_unlock_opened(self, bench: LockBench) -> None:
        await bench.device.bolt.unlock()
        await bench.device.bolt.lock()
        assert (await bench.device.bolt.read()).bolt is BoltState.LOCKED

    async def test_nothing_moves_when_it_is_not_wanted_at_the_last_moment(
        self, bench: LockBench
    ) -> None:
        with pytest.raises(CalledOff):
            await bench.device.bolt.unlock(lambda: False)
        assert bench.unlocks() == 0
        await bench.device.bolt.unlock()
        with pytest.raises(CalledOff):
            await bench.device.bolt.lock(lambda: False)
        assert (await bench.device.bolt.read()).bolt is BoltState.UNLOCKED

    async def test_reading_moves_nothing_and_tells_the_battery(self, bench: LockBench) -> None:
        reading = await bench.device.bolt.read()
        assert bench.unlocks() == 0
        assert reading.battery_percent is not None
        assert 0 <= reading.battery_percent <= 100

    async def test_jammed_bolt_is_not_reported_as_open(self, bench: LockBench) -> None:
        bench.jam()
        with pytest.raises(Jammed):
            await bench.device.bolt.unlock()
        assert bench.unlocks() == 0

    async def test_absent_lock_is_try_later_and_nothing_moves(self, bench: LockBench) -> None:
        bench.vanish()
        with pytest.raises(TryLater):
            await bench.device.bolt.unlock()
        assert bench.unlocks() == 0

    async def test_lost_answer_after_acting_is_found_out_not_repeated(
        self, bench: LockBench
    ) -> None:
        bench.lose_next_answer(acted=True)
        await bench.device.bolt.unlock()
        assert bench.unlocks() == 1

    async def test_lost_answer_before_acting_is_not_called_done_and_not_repeated(
        self, bench: LockBench
    ) -> None:
        bench.lose_next_answer(acted=False)
        with pytest.raises(TryLater if bench.silence_is_proof else OutcomeUnknown):
            await bench.device.bolt.unlock()
        assert bench.unlocks() == 0

    async def test_whoever_gives_up_waiting_leaves_the_lock_usable(self, bench: LockBench) -> None:
        bench.lose_next_answer(acted=False)
        with contextlib.suppress(EdgeError), pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await bench.device.bolt.unlock()
        bench.find_every_answer()
        await bench.device.bolt.unlock()
        assert bench.unlocks() == 1

    async def test_absent_lock_is_told_in_time(self, bench: LockBench) -> None:
        bench.vanish()
        async with asyncio.timeout(MOVE_SECONDS):
            with pytest.raises(TryLater):
                await bench.device.bolt.unlock()
            with pytest.raises(TryLater):
                await bench.device.bolt.read()

    async def test_two_at_once_wait_for_each_other(self, bench: LockBench) -> None:
        async with asyncio.TaskGroup() as both:
            both.create_task(bench.device.bolt.unlock())
            both.create_task(bench.device.bolt.unlock())
        assert bench.unlocks() == 2


class KeypadContract:
    """Drivers that write codes."""

    async def test_written_code_opens_inside_its_window_only(self, bench: LockBench) -> None:
        await _keypad(bench).write(PIN)
        assert await _keypad(bench).holds(PIN) in {True, None}
        for moment, opens in [
            (ARRIVAL - timedelta(minutes=1), False),
            (ARRIVAL, True),
            (DEPARTURE - timedelta(minutes=1), True),
            (DEPARTURE, False),
        ]:
            bench.set_clock(moment)
            assert bench.press(PIN.digits) is opens, moment

    async def test_extending_keeps_the_digits(self, bench: LockBench) -> None:
        await _keypad(bench).write(PIN)
        longer = PinCode(PIN.digits, ARRIVAL, DEPARTURE + timedelta(days=1))
        await _keypad(bench).write(longer)
        bench.set_clock(DEPARTURE + timedelta(hours=1))
        assert bench.press(PIN.digits)
        assert await _keypad(bench).holds(PIN) in {False, None}

    async def test_removed_code_opens_nothing_and_may_be_removed_again(
        self, bench: LockBench
    ) -> None:
        await _keypad(bench).write(PIN)
        await _keypad(bench).remove(PIN)
        await _keypad(bench).remove(PIN)
        bench.set_clock(ARRIVAL)
        assert not bench.press(PIN.digits)

    async def test_full_table_asks_for_a_person(self, bench: LockBench) -> None:
        bench.fill_code_table()
        with pytest.raises(CapacityReached):
            await _keypad(bench).write(PIN)

    @pytest.mark.parametrize("digits", ["123", "12a456", "\uff11\uff12\uff13\uff14", ""])
    async def test_impossible_digits_ask_for_others(self, bench: LockBench, digits: str) -> None:
        with pytest.raises(PickAnother):
            await _keypad(bench).write(PinCode(digits, ARRIVAL, DEPARTURE))

    async def test_window_without_a_minute_asks_for_another(self, bench: LockBench) -> None:
        with pytest.raises(PickAnother):
            await _keypad(bench).write(PinCode("482915", DEPARTURE, ARRIVAL))

    async def test_somebody_elses_digits_ask_for_others(self, bench: LockBench) -> None:
        bench.plant(PIN.digits)
        with pytest.raises(PickAnother):
            await _keypad(bench).write(PIN)

    async def test_absent_lock_takes_no_code(self, bench: LockBench) -> None:
        bench.vanish()
        with pytest.raises(TryLater):
            await _keypad(bench).write(PIN)
        bench.set_clock(ARRIVAL)
        assert not bench.press(PIN.digits)


class ClockContract:
    """Drivers that read and set the lock's clock."""

    async def test_clock_keeps_the_local_time_it_is_given(self, bench: LockBench) -> None:
        local = bench.settable()
        bench.set_clock(local - timedelta(minutes=7))
        await _clock(bench).set(local)
        # A second less: what is rounded down twice on its way.
        assert timedelta(seconds=-1) <= await _clock(bench).read() - local < timedelta(seconds=60)

    async def test_drift_is_seen(self, bench: LockBench) -> None:
        local = bench.settable()
        bench.set_clock(local - timedelta(minutes=7))
        late = local - await _clock(bench).read()
        assert timedelta(minutes=6) < late < timedelta(minutes=8)
        bench.set_clock(local)


class LogContract:
    """Drivers that read the lock's own record."""

    async def test_log_tells_new_records_in_order_and_no_more_than_asked(
        self, bench: LockBench
    ) -> None:
        await bench.device.bolt.unlock()
        await bench.device.bolt.lock()
        bench.press("999999")
        first, *rest = await _log(bench).entries(after=None, limit=50)
        assert [e.kind for e in (first, *rest)] == [
            LockLogKind.APP_UNLOCK,
            LockLogKind.APP_LOCK,
            LockLogKind.PIN_REFUSED,
        ]
        assert await _log(bench).entries(after=first.number, limit=1) == (rest[0],)
        assert await _log(bench).entries(after=rest[-1].number, limit=50) == ()


def _keypad(bench: LockBench) -> Keypad:
    assert bench.device.keypad is not None
    return bench.device.keypad


def _clock(bench: LockBench) -> LockClock:
    assert bench.device.clock is not None
    return bench.device.clock


def _log(bench: LockBench) -> LockLog:
    assert bench.device.log is not None
    return bench.device.log
