"""How is a wish for a thing of the house carried out once lockd has permitted it?

Permit, hold to the host's bounds, ask the thing, answer. The same path for a person on the LAN and
for a wish the cloud relayed. A house without Home Assistant still lists its things.
"""

from collections.abc import Collection
from typing import Final, Protocol

from edge_agent.doorkeeper import HomeGate, ThingPermit, ThingRights
from edge_agent.errors import PickAnother, Unsupported
from edge_agent.ports import HomeThings, SetTemperature, ThingReading, ThingWish, Turn
from protocol.access import Refusal
from protocol.home import HomeVerb, Thing, Things, ThingView, UseThing

NO_HOME_HERE: Final = "no_home_here"
"""The reason when the house has no Home Assistant at all."""

_LONGEST_STATE = 255


class ChosenThings(HomeThings, Protocol):
    """The things of a server, as far as they are chosen."""

    def choose(self, things: Collection[str]) -> None:
        """From now on these as well; the server's names."""


class Home:
    """The things of one house. `things` None: there is no Home Assistant here."""

    def __init__(self, gate: HomeGate, things: ChosenThings | None) -> None:
        self._gate = gate
        self._things = things

    @property
    def is_here(self) -> bool:
        """True when the house has a Home Assistant configured."""
        return self._things is not None

    async def for_guest(self, token: str, ask: HomeVerb) -> tuple[ThingView, ...] | Refusal:
        """A wish of somebody on the LAN. Unsupported(no_home_here) where nothing can be used."""
        return await self.when_permitted(await self._gate.permit_thing(token, ask), ask)

    async def when_permitted(
        self, permit: ThingPermit, ask: HomeVerb
    ) -> tuple[ThingView, ...] | Refusal:
        """What came of a wish lockd has judged: the things it was about, as they are now.

        PickAnother: a temperature the host does not allow. OutcomeUnknown: asked, and the state
        did not follow.
        """
        if not permit.allowed:
            return permit.refusal or Refusal.NO_SUCH_RIGHT
        if self._things is not None:
            self._things.choose([each.thing.entity for each in permit.things])
        if isinstance(ask, Things):
            return await self._views(permit.things)
        return await self._used(permit, ask)

    async def _used(self, permit: ThingPermit, ask: UseThing) -> tuple[ThingView, ...] | Refusal:
        if self._things is None:
            raise Unsupported(NO_HOME_HERE, "This house has no Home Assistant.")
        for each in permit.things:
            if each.thing.thing == ask.thing and each.may_use:
                await self._things.use(each.thing.entity, _wish(each.thing, ask))
                return await self._views((each,))
        return Refusal.NO_SUCH_RIGHT

    async def _views(self, things: tuple[ThingRights, ...]) -> tuple[ThingView, ...]:
        readings: dict[str, ThingReading] = {}
        if self._things is not None:
            readings = {each.thing: each for each in await self._things.things()}
        return tuple(_view(each, readings.get(each.thing.entity)) for each in things)


def _wish(thing: Thing, ask: UseThing) -> ThingWish:
    if ask.degrees is None:
        return Turn(on=ask.on is True)
    low, high = thing.lowest, thing.highest
    if (low is not None and ask.degrees < low) or (high is not None and ask.degrees > high):
        raise PickAnother("temperature_out_of_range")
    return SetTemperature(degrees=ask.degrees)


def _view(rights: ThingRights, reading: ThingReading | None) -> ThingView:
    thing = rights.thing
    bare = ThingView(
        thing=thing.thing,
        name=thing.name,
        kind=thing.kind,
        may_use=rights.may_use,
        lowest=thing.lowest,
        highest=thing.highest,
    )
    if reading is None:
        return bare
    return bare.model_copy(
        update={
            "state": reading.state[:_LONGEST_STATE],
            "stale": reading.stale,
            "unit": reading.unit and reading.unit[:40],
            "measured": reading.measured,
            "target": reading.target,
        }
    )
