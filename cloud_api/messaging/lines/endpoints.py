"""How does an owner set up the channels?"""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from cloud_api.accounts.types import Permission
from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.errors import NotFound, problem_responses
from cloud_api.kit.http import IDEMPOTENT, ClockOf, DbSession, allow, backstage, room_router
from cloud_api.kit.ids import new_id
from cloud_api.kit.tenancy import Scope
from cloud_api.messaging import service as messaging
from cloud_api.messaging.lines import service
from cloud_api.messaging.lines.schemas import AccountIn, AccountOut, TryIn
from cloud_api.messaging.types import Medium, MessageEvent, Recipient

router = room_router(prefix="/channel-accounts", tag="messages")

Owner = Annotated[Scope, Depends(allow(Permission.MESSAGING_SETUP))]


@router.get("")
async def list_accounts(session: DbSession, scope: Owner, request: Request) -> list[AccountOut]:
    """The organisation's accounts, their credentials masked."""
    return await service.show(session, scope, backstage(request).vault)


@router.put("")
async def keep_account(
    wanted: AccountIn, session: DbSession, scope: Owner, request: Request, clock: ClockOf
) -> AccountOut:
    """Store the account of a channel, over the one there is."""
    return await service.keep(session, scope, backstage(request).vault, wanted, now=clock.utc_now())


@router.post(
    "/{account_id}/test",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=problem_responses(NotFound),
)
async def try_account(  # noqa: PLR0917 - what an endpoint is handed
    account_id: UUID,
    asked: TryIn,
    session: DbSession,
    scope: Owner,
    request: Request,
    clock: ClockOf,
) -> dict[str, UUID]:
    """Send a test message by this channel alone; how it ends is told at `/messages/{id}`."""
    row = await service.find(session, scope, account_id)
    medium = row.channel.medium
    to = Recipient(
        name="",
        language=asked.language,
        email=asked.to if medium is Medium.EMAIL else None,
        phone=asked.to if medium is Medium.SMS else None,
        whatsapp=asked.to if medium is Medium.WHATSAPP else None,
        telegram=asked.to if medium is Medium.TELEGRAM else None,
    )
    ids = await messaging.tell(
        session,
        scope.organisation_id,
        event=MessageEvent.TEST,
        to=to,
        variables={"sender_name": "Portero"},
        key=f"test {new_id()}",
        vault=backstage(request).vault,
        now=clock.utc_now(),
        by=(row.channel,),
    )
    await audit.record(
        session,
        scope,
        action=Deed.CHANNEL_TRIED,
        object_type="channel_account",
        object_id=account_id,
    )
    return {"message_id": ids[0]}
