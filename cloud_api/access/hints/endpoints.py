"""Where does the lock vendor send its messages, and what does it get to hear?"""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import Depends, Request
from fastapi.responses import PlainTextResponse
from pydantic import JsonValue, ValidationError

from cloud_api.access.auth import MakingsOf, per_address
from cloud_api.access.errors import HookUnknownError
from cloud_api.access.hints import service
from cloud_api.access.hints.schemas import RECORDS, VENDOR_LOCK, CallbackOut
from cloud_api.accounts.types import Permission
from cloud_api.kit.errors import TooManyAttempts, problem_responses
from cloud_api.kit.http import DbSession, allow, room_router
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.throttle import Limit

_log = structlog.get_logger("portero.access")

router = room_router(prefix="", tag="access")

PER_ADDRESS = Limit(attempts=300, window=timedelta(minutes=1))
HEARD = "success"
"""The vendor sends again until it reads exactly this."""

_OPEN: dict[str, JsonValue] = {"security": []}
Owner = Annotated[Scope, Depends(allow(Permission.ORGANISATION_WRITE))]


@router.get("/lock-vendor/callback")
async def show_callback(scope: Owner, makings: MakingsOf) -> CallbackOut:
    """The address to give to the lock vendor for its messages."""
    return CallbackOut(path=service.path_of(makings.vault, scope.organisation_id))


@router.post(
    "/hooks/lock-vendor/{organisation_id}/{secret}",
    dependencies=[Depends(per_address("access.lock_vendor", PER_ADDRESS))],
    openapi_extra=_OPEN,
    response_class=PlainTextResponse,
    responses=problem_responses(HookUnknownError, TooManyAttempts),
)
async def hear(
    request: Request, session: DbSession, makings: MakingsOf, organisation_id: UUID, secret: str
) -> PlainTextResponse:
    """Take a message of the vendor as a hint: something may have happened at a lock."""
    service.require_secret(makings.vault, organisation_id, secret)
    form = await request.form()
    try:
        vendor_lock = VENDOR_LOCK.validate_python(str(form["lockId"]))
        records = RECORDS.validate_json(str(form["records"]))
    except (KeyError, ValidationError):
        _log.info("lock_vendor_told_nothing_readable", organisation=str(organisation_id))
        return PlainTextResponse(HEARD)
    now = makings.clock.utc_now()
    await service.hear(session, organisation_id, vendor_lock=vendor_lock, records=records, now=now)
    return PlainTextResponse(HEARD)
