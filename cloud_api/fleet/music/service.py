"""How does a wish for music reach the house and its answer come back, while both are fresh?"""

import math
from datetime import timedelta
from uuid import UUID

from pydantic import TypeAdapter

from cloud_api.fleet.errors import CommandUnknownError, HouseNotEnrolledError
from cloud_api.fleet.models import MusicAskRow
from cloud_api.fleet.music import repository
from cloud_api.fleet.music.repository import OpenAsk
from cloud_api.fleet.ports import Desk
from cloud_api.fleet.repository import notify
from cloud_api.fleet.rules import read_from_house
from cloud_api.fleet.types import CHANNEL_DONE, CHANNEL_WORK, Letter, MusicState, Sender
from cloud_api.kit.bell import Bell
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Database, Session
from cloud_api.kit.ids import new_id
from cloud_api.kit.tenancy import Scope
from protocol.envelope import Kind
from protocol.ids import GrantId, HouseId, RequestId
from protocol.music import MusicAnswer, MusicRequest, RelayedVerb
from protocol.topics import Down

FRESH_SECONDS = 10.0
_KEPT = timedelta(days=1)
_VERB: TypeAdapter[RelayedVerb] = TypeAdapter(RelayedVerb)


async def ask_music(
    session: Session,
    *,
    house_id: UUID,
    grant_id: UUID,
    ask: RelayedVerb,
    request_id: UUID | None = None,
    within_seconds: float = FRESH_SECONDS,
) -> UUID:
    """Relay one wish; answers its id. The house decides, and ignores it after `within_seconds`.

    The same `request_id` again is the same wish. Raises HouseNotEnrolledError.
    """
    chosen = request_id or new_id()
    if not await repository.insert(
        session,
        request_id=chosen,
        house_id=house_id,
        grant_id=grant_id,
        ask=_VERB.dump_python(ask, mode="json"),
        seconds=within_seconds,
    ):
        raise HouseNotEnrolledError
    await notify(session, CHANNEL_WORK, f"music {chosen}")
    return chosen


async def await_music(
    database: Database,
    bell: Bell,
    scope: Scope,
    request_id: UUID,
    *,
    wait_seconds: float = FRESH_SECONDS,
) -> MusicAnswer | None:
    """The house's answer, or None when none came in time. Raises CommandUnknownError."""
    async for _ in bell.rings(f"music {request_id}", within_seconds=wait_seconds):
        async with database.transaction() as session:
            row = await repository.find(session, scope, request_id)
        if row is None:
            raise CommandUnknownError
        if row.state in (MusicState.ANSWERED, MusicState.EXPIRED):
            return _answer(row)
    return None


async def relay_music(
    database: Database,
    bell: Bell,
    scope: Scope,
    *,
    house_id: UUID,
    grant_id: UUID,
    ask: RelayedVerb,
) -> MusicAnswer | None:
    """Ask and wait: the house's answer, or None when none came in time.

    Uses short transactions of its own, so call it outside any. Raises HouseNotEnrolledError.
    """
    async with database.transaction() as session:
        chosen = await ask_music(session, house_id=house_id, grant_id=grant_id, ask=ask)
    return await await_music(database, bell, scope, chosen)


async def claim(session: Session, desk: Desk, *, most: int) -> tuple[Letter, ...]:
    """Take wishes nobody has sent; answers what to publish."""
    return tuple(
        [await _request(each, desk) for each in await repository.claim(session, most=most)]
    )


async def take_answer(
    session: Session, sender: Sender, frame: bytes, _desk: Desk
) -> tuple[Letter, ...]:
    """The house's one answer; more of the same change nothing."""
    said = read_from_house(sender, frame, Kind.MUSIC_ANSWER, MusicAnswer)
    document = said.model_dump(mode="json")
    if await repository.answer(session, said.request, sender.house_id, document):
        await notify(session, CHANNEL_DONE, f"music {said.request}")
    return ()


async def expire(session: Session) -> int:
    """End every wish that is too late; answers how many."""
    expired = await repository.expire(session)
    for request_id in expired:
        await notify(session, CHANNEL_DONE, f"music {request_id}")
    return len(expired)


async def prune(session: Session, clock: Clock) -> None:
    """Forget wishes of yesterday and before."""
    await repository.prune(session, before=clock.utc_now() - _KEPT)


def _answer(row: MusicAskRow) -> MusicAnswer | None:
    return None if row.answer is None else MusicAnswer.model_validate(row.answer)


async def _request(ask: OpenAsk, desk: Desk) -> Letter:
    request = MusicRequest(
        house=HouseId(ask.house_id),
        request=RequestId(ask.id),
        grant=GrantId(ask.grant_id),
        ask=_VERB.validate_python(ask.ask),
        expires_at=ask.expires_at,
    )
    frame = await desk.sealer.seal(Kind.MUSIC_REQUEST, request.to_bytes())
    expiry = max(1, math.ceil(ask.left_seconds))
    return Letter(ask.house_id, Down.MUSIC, frame, expiry)
