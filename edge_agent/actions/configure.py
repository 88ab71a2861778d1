"""Is this the newest configuration of this house, does it work, and what is in force?

Verified like the book: signed by a key that may sign snapshots of that epoch, for this house,
strictly newer. It is in force at once, on trial: when the cloud is not heard under it in time, the
house goes back by itself to the last one that worked. Each step goes on record.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pydantic import PositiveInt

from edge_agent.actions.keeping import ConfigurationShelf, KeptConfiguration
from edge_agent.actions.means import Means
from edge_agent.doorkeeper import Configuration
from protocol.base import Wire
from protocol.configuration import (
    ConfigurationFate,
    ConfigurationHeld,
    Configured,
    DesiredConfiguration,
    HouseSettings,
)
from protocol.envelope import EnvelopeError, Flaw, Kind, Opened, read_body
from protocol.facts import Alarmed, fact_hash
from protocol.ids import HouseId
from protocol.keys import KeyUse
from protocol.version import not_understood

_IN_FORCE: Final = frozenset({ConfigurationFate.TRIED, ConfigurationFate.APPLIED})


class _Order(Wire):
    """What must be readable to say which configuration is refused."""

    house: HouseId
    epoch: PositiveInt
    version: PositiveInt


@dataclass(frozen=True, slots=True)
class _Read:
    """A verified configuration. `desired` None: signed, but this house cannot use it."""

    frame: bytes
    order: _Order
    desired: DesiredConfiguration | None
    why_not: str | None = None

    @property
    def place(self) -> tuple[int, int]:
        """For comparing."""
        return self.order.epoch, self.order.version


class ConfigurationDesk:
    """Takes configurations, proves them, goes back. `tune` is told what is in force.

    `trial_seconds`: so long the cloud may stay unheard under a new one.
    """

    def __init__(
        self,
        means: Means,
        shelf: ConfigurationShelf,
        *,
        trial_seconds: float,
    ) -> None:
        self._means = means
        self._shelf = shelf
        self._trial_seconds = trial_seconds
        self._kept = shelf.load()
        self._since = means.time.boot_seconds()
        self._runs: tuple[int, float] | None = None
        self._tune: Callable[[HouseSettings], None] = lambda _: None

    def on_change(self, tune: Callable[[HouseSettings], None]) -> None:
        """Tell `tune` what is in force, now and whenever it changes."""
        self._tune = tune
        tune(self._settings())

    def held(self) -> ConfigurationHeld | None:
        """The newest that was taken, whatever became of it."""
        taken = self._taken()
        if taken is None:
            return None
        return ConfigurationHeld(epoch=taken.order.epoch, version=taken.order.version)

    def take(self, frame: bytes) -> str | None:
        """None: taken, or held already; else why it was left. Raises EnvelopeError."""
        offered, taken = self._verified(frame), self._taken()
        if taken is not None and taken.frame == frame:
            return None
        if taken is not None and offered.place < taken.place:
            return "older"
        if taken is not None and offered.place == taken.place:
            self._means.record(Alarmed(name="configuration_forked", detail=_named(offered)))
            return "same_version_other_hash"
        self._keep(offered)
        return offered.why_not

    def in_force(self, *, running: int) -> Configuration:
        """For the agent, which says which version it runs; 0: none."""
        if self._runs is None or self._runs[0] != running:
            self._runs = (running, self._means.time.boot_seconds())
        self.look()
        version, settings = self._version(), self._settings()
        return Configuration(version=version, settings=settings)

    def cloud_heard(self, *, asked_at: float) -> None:
        """The cloud has answered a question of that moment (boot seconds): a trial may be over."""
        taken = self._on_trial()
        if taken is None or self._runs is None:
            return
        version, since = self._runs
        if version == taken.order.version and asked_at >= max(since, self._since):
            self._end(taken, ConfigurationFate.APPLIED, None)

    def look(self) -> None:
        """A trial that lasts too long ends with the way back."""
        taken = self._on_trial()
        lasts = self._means.time.boot_seconds() - self._since
        if taken is not None and lasts >= self._trial_seconds:
            self._end(taken, ConfigurationFate.ROLLED_BACK, "cloud_not_reached")

    def _keep(self, offered: _Read) -> None:
        usable = offered.desired is not None
        fate = ConfigurationFate.TRIED if usable else ConfigurationFate.REFUSED
        self._store(offered, fate)
        self._since = self._means.time.boot_seconds()
        if usable:
            self._tune(self._settings())

    def _end(self, taken: _Read, fate: ConfigurationFate, reason: str | None) -> None:
        self._store(taken, fate, reason)
        if fate is ConfigurationFate.ROLLED_BACK:
            self._tune(self._settings())

    def _store(self, read: _Read, fate: ConfigurationFate, reason: str | None = None) -> None:
        good = None if self._kept is None else self._kept.good
        if fate is ConfigurationFate.APPLIED:
            good = read.frame
        self._kept = KeptConfiguration(read.frame, fate, good)
        self._shelf.save(self._kept)
        said = Configured(
            epoch=read.order.epoch,
            version=read.order.version,
            hash=fact_hash(read.frame),
            fate=fate,
            reason=reason or read.why_not,
        )
        self._means.record(said)

    def _taken(self) -> _Read | None:
        """Nothing is believed because it was stored; what a withdrawn key signed is none."""
        return None if self._kept is None else self._believed(self._kept.taken)

    def _on_trial(self) -> _Read | None:
        is_tried = self._kept is not None and self._kept.fate is ConfigurationFate.TRIED
        return self._taken() if is_tried else None

    def _current(self) -> DesiredConfiguration | None:
        if self._kept is None:
            return None
        frame = self._kept.taken if self._kept.fate in _IN_FORCE else self._kept.good
        read = None if frame is None else self._believed(frame)
        return None if read is None else read.desired

    def _settings(self) -> HouseSettings:
        current = self._current()
        return HouseSettings() if current is None else current.settings

    def _version(self) -> int:
        current = self._current()
        return 0 if current is None else current.version

    def _believed(self, frame: bytes) -> _Read | None:
        try:
            return self._verified(frame)
        except EnvelopeError:
            return None

    def _verified(self, frame: bytes) -> _Read:
        opened = self._means.envelope(frame, Kind.CONFIGURATION, KeyUse.SNAPSHOT)
        order = _order(opened)
        if order.house != self._means.house:
            raise EnvelopeError(Flaw.WRONG_HOUSE)
        keys = self._means.ledger.keys
        if keys is None or not keys.allows_epoch(opened.kid, order.epoch):
            raise EnvelopeError(Flaw.UNKNOWN_KEY, "epoch_not_listed")
        return _read(frame, opened, order)


def _order(opened: Opened) -> _Order:
    loose = Opened(opened.kind, opened.kid, opened.version + 1, opened.body)
    return read_body(loose, _Order)


def _read(frame: bytes, opened: Opened, order: _Order) -> _Read:
    try:
        desired = read_body(opened, DesiredConfiguration)
    except EnvelopeError:
        return _Read(frame, order, None, "bad_value")
    missing = not_understood(desired.must_understand)
    if missing:
        return _Read(frame, order, None, "not_understood")
    return _Read(frame, order, desired)


def _named(read: _Read) -> str:
    return f"{read.order.epoch}.{read.order.version}"
