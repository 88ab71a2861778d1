"""How do staff see their houses' fleet state, and how does a device claim its house?"""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request
from pydantic import TypeAdapter

from cloud_api.accounts.types import Permission
from cloud_api.fleet import service
from cloud_api.fleet.certificates.endpoints import EnrolmentOf
from cloud_api.fleet.certificates.types import Wish
from cloud_api.fleet.errors import (
    AuthorityUnavailableError,
    CertificateRequestRefusedError,
    ClaimExpiredError,
    ClaimRefusedError,
    ClaimUsedError,
    EpochNotListedError,
    HouseUnknownError,
    KeysNotInstalledError,
    NotFrozenError,
)
from cloud_api.fleet.schemas import (
    BadMessageOut,
    ClaimIn,
    ClaimTokenIn,
    ClaimTokenOut,
    DeliveryOut,
    EnrolledOut,
    EpochOut,
    FactOut,
    FleetHouseOut,
)
from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.errors import (
    Forbidden,
    InvalidRequest,
    TooManyAttempts,
    Unauthenticated,
    problem_responses,
)
from cloud_api.kit.http import IDEMPOTENT, ClockOf, DbSession, allow, backstage, room_router
from cloud_api.kit.paging import Page, PageWindow, page_of
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.throttle import Limit, source_of
from protocol.facts import FactBody

router = room_router(prefix="", tag="fleet")

FleetRead = Annotated[Scope, Depends(allow(Permission.FLEET_READ))]
FleetWrite = Annotated[Scope, Depends(allow(Permission.FLEET_WRITE))]
_READ = problem_responses(Unauthenticated, Forbidden, HouseUnknownError)
FACT_KINDS = frozenset(TypeAdapter(FactBody).json_schema()["discriminator"]["mapping"])
_CLAIMS_A_MINUTE = Limit(10, timedelta(minutes=1))


@router.get("/fleet/houses", responses=problem_responses(Unauthenticated, Forbidden))
async def list_houses(
    session: DbSession, scope: FleetRead, window: PageWindow, clock: ClockOf
) -> Page[FleetHouseOut]:
    """All houses by name, with what they hold and whether they are there."""
    rows, total = await service.houses(session, scope, window, clock=clock)
    items = [FleetHouseOut.of(house, delivery) for house, delivery in rows]
    return page_of(items, total=total, window=window)


@router.get("/houses/{house_id}/delivery", responses=_READ)
async def get_delivery(
    house_id: UUID, session: DbSession, scope: FleetRead, clock: ClockOf
) -> DeliveryOut:
    """Wanted against acknowledged, and until when a pending revocation may stay unheard."""
    return DeliveryOut.of(await service.delivery(session, scope, house_id, clock=clock))


@router.get("/houses/{house_id}/facts", responses=_READ)
async def list_facts(
    house_id: UUID,
    session: DbSession,
    scope: FleetRead,
    window: PageWindow,
    kind: Annotated[str | None, Query(max_length=100, pattern=r"^[a-z_]+$")] = None,
) -> Page[FactOut]:
    """What happened in the house, newest first."""
    if kind is not None and kind not in FACT_KINDS:
        raise InvalidRequest("no fact is of this kind", extra={"kinds": sorted(FACT_KINDS)})
    facts, total = await service.facts(session, scope, house_id, window, kind=kind)
    return page_of([FactOut.of(fact) for fact in facts], total=total, window=window)


@router.get("/fleet/bad-messages", responses=problem_responses(Unauthenticated, Forbidden))
async def list_bad_messages(
    session: DbSession, scope: FleetRead, window: PageWindow, house_id: UUID | None = None
) -> Page[BadMessageOut]:
    """Messages in the name of the caller's houses that were refused, and why; newest first."""
    rows, total = await service.bad_messages(session, scope, window, house_id=house_id)
    return page_of([BadMessageOut.of(row) for row in rows], total=total, window=window)


@router.post(
    "/houses/{house_id}/claim-token",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=_READ,
)
async def make_claim_token(
    house_id: UUID,
    session: DbSession,
    scope: FleetWrite,
    clock: ClockOf,
    body: ClaimTokenIn | None = None,
) -> ClaimTokenOut:
    """A one-time token for a new device; shown once. An older unused one dies."""
    lifetime = timedelta(minutes=(body or ClaimTokenIn()).valid_minutes)
    token = await service.make_claim_token(session, scope, house_id, clock=clock, lifetime=lifetime)
    await audit.record(
        session, scope, action=Deed.CLAIM_TOKEN_MADE, object_type="house", object_id=house_id
    )
    return ClaimTokenOut.of(token)


@router.post(
    "/houses/{house_id}/epochs",
    status_code=201,
    dependencies=[IDEMPOTENT],
    responses=_READ | problem_responses(NotFrozenError, EpochNotListedError, KeysNotInstalledError),
)
async def begin_epoch(house_id: UUID, session: DbSession, scope: FleetWrite) -> EpochOut:
    """Publish to a frozen house again, above everything it ever held."""
    epoch = await service.begin_epoch(session, scope, house_id)
    await audit.record(
        session, scope, action=Deed.EPOCH_BEGUN, object_type="house", object_id=house_id
    )
    return EpochOut(epoch=epoch)


@router.post(
    "/claims",
    status_code=201,
    responses=problem_responses(
        ClaimRefusedError,
        ClaimUsedError,
        ClaimExpiredError,
        CertificateRequestRefusedError,
        KeysNotInstalledError,
        AuthorityUnavailableError,
        TooManyAttempts,
    ),
)
async def claim(
    body: ClaimIn, request: Request, session: DbSession, clock: ClockOf, enrolment: EnrolmentOf
) -> EnrolledOut:
    """A device becomes the house's own. The token works once; a guess is not told why not.

    With `certificate_request` the device is certified for the broker, where this cloud has a
    certificate authority; `certificate` is null where it has none.
    """
    address = source_of(request.client and request.client.host)
    wait = await backstage(request).throttle.hit("fleet.claim", address, _CLAIMS_A_MINUTE)
    if wait is not None:
        raise TooManyAttempts(retry_after_seconds=wait)
    wish = None
    if body.certificate_request is not None and enrolment.authority is not None:
        wish = Wish(body.certificate_request.encode(), enrolment.authority)
    enrolled = await service.claim(
        session,
        token=body.token.get_secret_value(),
        proof=body.proof.encode(),
        clock=clock,
        wish=wish,
    )
    return EnrolledOut.of(enrolled, broker_url=enrolment.broker_url)
