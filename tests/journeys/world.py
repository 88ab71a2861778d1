"""What time is it in a journey? One true time that can stand still or jump, and a house's clocks."""

from datetime import datetime, timedelta

from cloud_api.kit.clock import SystemClock


class World:
    """True time, as the cloud and the locks know it: runs by itself, until told to jump or stand.

    It starts at the machine's time unless told otherwise, and never before it: the database's own
    clock judges some things too.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._real = SystemClock()
        self._start = start or self._real.utc_now()
        self._passed = timedelta()
        self._since = self._real.monotonic()
        self._stands = False

    def utc_now(self) -> datetime:
        return self._start + self._elapsed()

    def monotonic(self) -> float:
        return self._elapsed().total_seconds()

    def jump(self, by: timedelta) -> None:
        """So much time has passed, for everybody."""
        self._passed += by

    def stand_at(self, instant: datetime) -> None:
        """It becomes this instant, and stays it."""
        self._stands = True
        self._passed = instant - self._start

    def _elapsed(self) -> timedelta:
        if self._stands:
            return self._passed
        return self._passed + timedelta(seconds=self._real.monotonic() - self._since)


class HouseClock:
    """The clocks of one Pi in that world: the wall clock may lie, a boot begins at zero."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._booted_at = world.monotonic() - 1000.0
        self._boots = 1
        self._lie = timedelta()

    def wall(self) -> datetime:
        return self._world.utc_now() + self._lie

    def boot_seconds(self) -> float:
        return self._world.monotonic() - self._booted_at

    def boot_id(self) -> str:
        return f"boot-{self._boots}"

    def reboot(self, *, lie: timedelta = timedelta()) -> None:
        """The Pi starts anew; its wall clock comes up wrong by `lie`."""
        self._boots += 1
        self._booted_at = self._world.monotonic() - 5.0
        self._lie = lie
