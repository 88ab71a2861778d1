"""How do staff tell a person all we know, forget them, and say how long things are kept?"""

import json
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from cloud_api.accounts.types import Permission
from cloud_api.clients.accounts import service as members
from cloud_api.kit.errors import Forbidden, NotFound, Unauthenticated, problem_responses
from cloud_api.kit.http import IDEMPOTENT, ClockOf, DbSession, allow, backstage, room_router
from cloud_api.kit.tenancy import PrincipalKind, Scope
from cloud_api.privacy import service
from cloud_api.privacy.errors import StayNotOver
from cloud_api.privacy.schemas import ErasureOut, RetentionIO
from cloud_api.privacy.types import Retention

router = room_router(prefix="", tag="privacy")

Exporter = Annotated[Scope, Depends(allow(Permission.PRIVACY_EXPORT))]
Eraser = Annotated[Scope, Depends(allow(Permission.PRIVACY_ERASE))]
Ruler = Annotated[Scope, Depends(allow(Permission.PRIVACY_RULES))]


@router.get(
    "/clients/{client_id}/export",
    response_class=Response,
    responses=problem_responses(NotFound, Forbidden),
)
async def export_client(
    client_id: UUID, session: DbSession, scope: Exporter, clock: ClockOf, request: Request
) -> Response:
    """Everything about this person in one JSON file; each export is on record."""
    vault = backstage(request).vault
    told = await service.export(session, scope, client_id, vault=vault, now=clock.utc_now())
    return Response(
        json.dumps(told, ensure_ascii=False, indent=2),
        media_type="application/json",
        headers={"content-disposition": f'attachment; filename="person-{client_id}.json"'},
    )


@router.post(
    "/clients/{client_id}/erase",
    dependencies=[IDEMPOTENT],
    responses=problem_responses(NotFound, Forbidden, StayNotOver),
)
async def erase_client(client_id: UUID, session: DbSession, scope: Eraser) -> ErasureOut:
    """Forget this person; nights, amounts and the record of deeds stay without them."""
    return await service.erase(session, scope, client_id)


@router.delete(
    "/members/me", status_code=204, responses=problem_responses(Unauthenticated, StayNotOver)
)
async def erase_me(request: Request, session: DbSession, clock: ClockOf) -> None:
    """Forget me: what stays of my bookings is nights and amounts; my sessions end."""
    header = request.headers.get("authorization")
    member = await members.authenticate(session, header, now=clock.utc_now())
    scope = Scope(member.organisation_id, PrincipalKind.GUEST, member.client_id)
    await service.erase(session, scope, member.client_id)


@router.get("/retention", responses=problem_responses(Forbidden))
async def read_retention(session: DbSession, scope: Ruler) -> RetentionIO:
    """How long what is kept after check-out."""
    return _out(await service.retention(session, scope))


@router.put("/retention", responses=problem_responses(Forbidden))
async def change_retention(wanted: RetentionIO, session: DbSession, scope: Ruler) -> RetentionIO:
    """Keep for other times from now on."""
    return _out(await service.set_retention(session, scope, wanted))


def _out(rules: Retention) -> RetentionIO:
    return RetentionIO(
        id_document_days=rules.id_document_days,
        voucher_days=rules.voucher_days,
        paper_days=rules.paper_days,
    )
