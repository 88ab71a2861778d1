"""How do chosen entities of Home Assistant serve as the house's heating, lights and switches?

Doors are never among them, whatever is chosen: they have a way of their own, through lockd.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import JsonValue

from edge_agent.drivers.home_assistant.states import UNAVAILABLE, Change, EntityState
from edge_agent.errors import (
    DeviceUnreachable,
    NoSuchThing,
    OutcomeUnknown,
    PickAnother,
    Unsupported,
)
from edge_agent.ports import SetTemperature, ThingReading, ThingWish, Turn

if TYPE_CHECKING:
    from edge_agent.drivers.home_assistant.config import HomeAssistantConfig
    from edge_agent.drivers.home_assistant.link import Link

_SWITCHED = frozenset({"switch", "light", "fan", "input_boolean"})
_CLIMATE = "climate"
_SHOWN = _SWITCHED | {_CLIMATE, "sensor", "binary_sensor", "weather", "water_heater"}
_CAN_TURN_OFF, _CAN_TURN_ON = 128, 256
_OFF = "off"


@dataclass(frozen=True, slots=True)
class _Order:
    """A service, and how the state shows that it was carried out."""

    service: str
    data: dict[str, JsonValue]
    is_done: Callable[[EntityState], bool]


class HomeAssistantThings:
    """The HomeThings port, on one link."""

    def __init__(self, config: "HomeAssistantConfig", link: "Link") -> None:
        self._config = config
        self._link = link
        self._chosen = frozenset(config.things)
        self._known: dict[str, ThingReading] = {}
        self._waiting: set[asyncio.Event] = set()
        link.on_change(self._heard)

    def choose(self, things: Collection[str]) -> None:
        """These as well, from now on; what is not shown to anybody is refused even then."""
        if not self._chosen.issuperset(things):
            self._chosen = self._chosen.union(things)
            self._heard(None)

    async def things(self) -> tuple[ThingReading, ...]:
        """The chosen ones, by name."""
        return tuple(sorted(self._known.values(), key=lambda t: (t.name.casefold(), t.thing)))

    async def use(self, thing: str, wish: ThingWish) -> None:
        """See HomeThings. PickAnother: a temperature this thing does not take."""
        caller = self._link.caller()
        state = self._link.states.get(thing)
        if state is None or not self._is_ours(thing):
            raise NoSuchThing("no_such_thing")
        if state.state == UNAVAILABLE:
            raise DeviceUnreachable("thing_not_connected")
        order = _order(state, wish)
        news = asyncio.Event()
        self._waiting.add(news)
        try:
            await caller.call(_domain(thing), order.service, {"entity_id": thing, **order.data})
            await self._until(thing, order.is_done, news)
        finally:
            self._waiting.discard(news)

    async def _until(
        self, thing: str, is_done: Callable[[EntityState], bool], news: asyncio.Event
    ) -> None:
        try:
            async with asyncio.timeout(self._config.confirm_limit.total_seconds()):
                while not ((state := self._link.states.get(thing)) and is_done(state)):
                    news.clear()
                    await news.wait()
                    if not self._link.status.connected:
                        raise OutcomeUnknown("link_lost")
        except TimeoutError:
            raise OutcomeUnknown("state_did_not_change") from None

    def _is_ours(self, entity: str) -> bool:
        return entity in self._chosen and _domain(entity) in _SHOWN

    def _heard(self, change: Change | None) -> None:
        if change is not None and not self._is_ours(change.entity):
            return
        if self._link.status.connected:
            chosen = (self._link.states.get(thing) for thing in self._chosen)
            self._known = {s.entity: _reading(s) for s in chosen if s and self._is_ours(s.entity)}
        else:
            self._known = {k: replace(t, stale=True) for k, t in self._known.items()}
        for event in self._waiting:
            event.set()


def _order(state: EntityState, wish: ThingWish) -> _Order:
    if isinstance(wish, SetTemperature):
        return _warm(state, wish.degrees)
    return _turned(state, wish)


def _turned(state: EntityState, wish: Turn) -> _Order:
    domain, service = _domain(state.entity), "turn_on" if wish.on else "turn_off"
    if domain in _SWITCHED:
        word = "on" if wish.on else _OFF
        return _Order(service, {}, lambda now: now.state == word)
    if domain == _CLIMATE and state.has_feature(_CAN_TURN_ON if wish.on else _CAN_TURN_OFF):
        return _Order(service, {}, lambda now: (now.state != _OFF) is wish.on)
    raise Unsupported("cannot_be_turned")


def _warm(state: EntityState, degrees: float) -> _Order:
    if _domain(state.entity) != _CLIMATE or state.number("temperature") is None:
        raise Unsupported("takes_no_temperature")
    low, high = state.number("min_temp"), state.number("max_temp")
    if (low is not None and degrees < low) or (high is not None and degrees > high):
        raise PickAnother("temperature_out_of_range")
    return _Order(
        "set_temperature",
        {"temperature": degrees},
        lambda now: now.number("temperature") == degrees,
    )


def _reading(state: EntityState) -> ThingReading:
    return ThingReading(
        thing=state.entity,
        name=state.text("friendly_name") or state.entity,
        state=state.state,
        unit=state.text("unit_of_measurement"),
        measured=state.number("current_temperature"),
        target=state.number("temperature"),
        stale=False,
    )


def _domain(entity: str) -> str:
    return entity.split(".", 1)[0]
