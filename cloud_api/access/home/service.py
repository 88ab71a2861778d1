"""How does a wish for a thing reach the house, and what does its answer mean?"""

from dataclasses import dataclass
from typing import assert_never
from uuid import UUID

from cloud_api.access.doors import repository as staff_repository
from cloud_api.access.errors import (
    HouseNotReachedError,
    HouseRefusedError,
    NoStaffGrantError,
    NotYoursError,
)
from cloud_api.access.home.errors import NoHomeHereError, ThingFailedError, ThingNotTakenError
from cloud_api.access.home.schemas import ThingsOut, ThingStateOut
from cloud_api.access.types import Guest
from cloud_api.fleet import service as fleet_service
from cloud_api.fleet.errors import HouseNotEnrolledError
from cloud_api.kit.bell import Bell
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Database
from cloud_api.kit.tenancy import Scope
from cloud_api.properties import service as properties_service
from guest_ui.texts import CATALOGUE, ENGLISH
from protocol.access import Right, Verb
from protocol.home import HomeVerb, Things, UseThing
from protocol.music import MusicAnswer, MusicResult

_FRESH_SECONDS = 10.0
_NOT_TAKEN = frozenset({"temperature_out_of_range", "takes_no_temperature", "cannot_be_turned"})


@dataclass(frozen=True, slots=True)
class Line:
    """What a relayed wish needs; nothing of it holds a transaction while waiting."""

    database: Database
    bell: Bell
    clock: Clock


@dataclass(frozen=True, slots=True)
class Asker:
    """On whose grant in which house is asked."""

    scope: Scope
    house_id: UUID
    grant_id: UUID
    rights: frozenset[str]
    language: str = "en"

    @classmethod
    def of(cls, guest: Guest) -> "Asker":
        """A guest asks on his own grant."""
        return cls(guest.scope, guest.house_id, guest.grant_id, guest.rights, guest.language)

    def may_use(self, thing_id: UUID) -> bool:
        """A first look only: the house decides again on its own book."""
        return str(Right(Verb.HOME_USE, thing_id)) in self.rights

    def may_see(self, thing_id: UUID) -> bool:
        """Who may use a thing may see it."""
        return self.may_use(thing_id) or str(Right(Verb.HOME_READ, thing_id)) in self.rights


async def staff_asker(line: Line, scope: Scope, house_id: UUID) -> Asker:
    """A member of staff asks on the own grant there. NoStaffGrantError, NotFound."""
    async with line.database.reading() as session:
        layout = await properties_service.house_layout(session, house_id, scope)
        for thing in layout.things:
            right = str(Right(Verb.HOME_USE, thing.id))
            now = line.clock.utc_now()
            grant_id = await staff_repository.staff_grant(
                session, scope, house_id=house_id, right=right, now=now
            )
            if grant_id is not None:
                rights = frozenset(str(Right(Verb.HOME_USE, each.id)) for each in layout.things)
                return Asker(scope, house_id, grant_id, rights)
    raise NoStaffGrantError


async def things(line: Line, asker: Asker) -> ThingsOut:
    """The asker's things, always: with live states where the house answers.

    Raises HouseRefusedError where the house itself says no.
    """
    async with line.database.reading() as session:
        layout = await properties_service.house_layout(session, asker.house_id)
    mine = [each for each in layout.things if asker.may_see(each.id)]
    if not mine:
        return ThingsOut(things=[], live=False)
    try:
        answer = await _ask(line, asker, Things())
    except (
        HouseNotEnrolledError,
        HouseNotReachedError,
        NoHomeHereError,
        ThingFailedError,
    ) as problem:
        silent = [ThingStateOut.silent(each, may_use=asker.may_use(each.id)) for each in mine]
        return ThingsOut(things=silent, live=False, why=problem.code)
    return ThingsOut(things=[ThingStateOut.told(each) for each in answer.things], live=True)


async def use(line: Line, asker: Asker, wish: UseThing) -> ThingsOut:
    """Done when the state shows it.

    Raises NotYoursError before asking; HouseNotEnrolledError, HouseNotReachedError,
    HouseRefusedError, NoHomeHereError, ThingNotTakenError, ThingFailedError.
    """
    if not asker.may_use(wish.thing):
        raise NotYoursError
    answer = await _ask(line, asker, wish)
    return ThingsOut(things=[ThingStateOut.told(each) for each in answer.things], live=True)


async def _ask(line: Line, asker: Asker, wish: HomeVerb) -> MusicAnswer:
    async with line.database.transaction() as session:
        request_id = await fleet_service.ask_music(
            session,
            house_id=asker.house_id,
            grant_id=asker.grant_id,
            ask=wish,
            within_seconds=_FRESH_SECONDS,
        )
    answer = await fleet_service.await_music(
        line.database, line.bell, asker.scope, request_id, wait_seconds=_FRESH_SECONDS
    )
    return _judged(answer, asker)


def _judged(answer: MusicAnswer | None, asker: Asker) -> MusicAnswer:
    if answer is None or answer.result is MusicResult.EXPIRED:
        raise HouseNotReachedError
    reason = answer.reason or answer.result.value
    match answer.result:
        case MusicResult.DONE:
            return answer
        case MusicResult.REFUSED:
            words = CATALOGUE.get(asker.language, ENGLISH)
            raise HouseRefusedError(words.get(f"refusal.{reason}"), extra={"reason": reason})
        case MusicResult.NO_HOME_HERE | MusicResult.NO_MUSIC_HERE:
            raise NoHomeHereError
        case MusicResult.FAILED:
            failed = ThingNotTakenError if reason in _NOT_TAKEN else ThingFailedError
            raise failed(extra={"reason": reason})
        case _:
            assert_never(answer.result)
