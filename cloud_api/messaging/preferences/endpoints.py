"""How does a person say what they want to hear, themselves or at the desk?"""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Request
from fastapi.responses import HTMLResponse
from pydantic import JsonValue

from cloud_api.accounts.types import Permission
from cloud_api.clients import service as clients
from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.errors import NotFound, problem_responses
from cloud_api.kit.http import ClockOf, DbSession, allow, backstage, room_router
from cloud_api.kit.tenancy import Scope
from cloud_api.messaging import service
from cloud_api.messaging.preferences import repository as wishes
from cloud_api.messaging.preferences.schemas import PreferencesIn, PreferencesOut
from cloud_api.messaging.types import Medium, PreferenceType

router = room_router(prefix="", tag="messages")
# In the document: no login.
_OPEN: dict[str, JsonValue] = {"security": []}

Reader = Annotated[Scope, Depends(allow(Permission.MESSAGES_READ))]
Writer = Annotated[Scope, Depends(allow(Permission.MESSAGES_WRITE))]
Spared = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
_PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Messages</title></head>'
    "<body><main>{}</main></body></html>"
)
_ASK = '<form method="post"><button>No more messages of this kind / No recibir más</button></form>'
_PERSON = "/clients/{client_id}/message-preferences"


@router.get(_PERSON, responses=problem_responses(NotFound))
async def read_preferences(client_id: UUID, session: DbSession, scope: Reader) -> PreferencesOut:
    """What this person agreed to hear."""
    await clients.get_client(session, client_id, scope)
    row = await wishes.preferences_of(session, scope.organisation_id, str(client_id))
    return PreferencesOut() if row is None else PreferencesOut.model_validate(row)


@router.put(_PERSON, responses=problem_responses(NotFound))
async def keep_preferences(
    client_id: UUID, wanted: PreferencesIn, session: DbSession, scope: Writer, clock: ClockOf
) -> PreferencesOut:
    """Write down what this person agreed to hear."""
    return await _keep(session, scope, clock, client_id, wanted, deed=Deed.PREFERENCES_CHANGED)


@router.delete(_PERSON, responses=problem_responses(NotFound))
async def opt_out(
    client_id: UUID, session: DbSession, scope: Writer, clock: ClockOf
) -> PreferencesOut:
    """This person wants nothing more: every channel, offers and newsletters off, with the date."""
    nothing = PreferencesIn(
        media=dict.fromkeys(Medium, False),
        kinds={PreferenceType.PROMOTIONAL: False, PreferenceType.NEWSLETTERS: False},
    )
    return await _keep(session, scope, clock, client_id, nothing, deed=Deed.OPTED_OUT)


@router.get("/unsubscribe/{token}", response_class=HTMLResponse, openapi_extra=_OPEN)
async def ask_to_be_spared(token: Spared) -> HTMLResponse:
    """A page with one button: machines that follow links change nothing."""
    del token
    return HTMLResponse(_PAGE.format(_ASK))


@router.post(
    "/unsubscribe/{token}",
    response_class=HTMLResponse,
    openapi_extra=_OPEN,
    responses=problem_responses(NotFound),
)
async def be_spared(
    token: Spared, session: DbSession, request: Request, clock: ClockOf
) -> HTMLResponse:
    """No more messages of this kind (RFC 8058); twice is once."""
    await service.spare(session, backstage(request).vault, token, now=clock.utc_now())
    return HTMLResponse(_PAGE.format("<p>Done. / Hecho.</p>"))


async def _keep(
    session: DbSession,
    scope: Scope,
    clock: ClockOf,
    client_id: UUID,
    wanted: PreferencesIn,
    *,
    deed: Deed,
) -> PreferencesOut:
    await clients.get_client(session, client_id, scope)
    now = clock.utc_now()
    values: dict[str, object] = {
        "media": {name.value: on for name, on in wanted.media.items()},
        "kinds": {name.value: on for name, on in wanted.kinds.items()},
        "hours_from": wanted.hours_from,
        "hours_until": wanted.hours_until,
        "opted_out_at": now if deed is Deed.OPTED_OUT else None,
        "changed_at": now,
    }
    await wishes.keep_preferences(session, scope.organisation_id, str(client_id), values)
    await audit.record(session, scope, action=deed, object_type="client", object_id=client_id)
    return PreferencesOut.model_validate(
        wanted.model_dump() | {"opted_out_at": values["opted_out_at"]}
    )
