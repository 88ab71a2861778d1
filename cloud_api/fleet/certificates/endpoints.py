"""How does a device renew its certificate, and how do staff and brokers learn who is refused?"""

from datetime import timedelta
from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import Depends, Request, Response

from cloud_api.accounts.types import Permission
from cloud_api.fleet.certificates import service
from cloud_api.fleet.certificates.types import Wish
from cloud_api.fleet.errors import (
    AuthorityUnavailableError,
    CertificateRefusedError,
    CertificateRequestRefusedError,
    HouseUnknownError,
)
from cloud_api.fleet.ports import Authority, Enrolment
from cloud_api.fleet.schemas import CertificateOut, CertifiedOut, RefusedOut, RenewIn
from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.errors import Forbidden, TooManyAttempts, Unauthenticated, problem_responses
from cloud_api.kit.http import ClockOf, DbSession, allow, backstage, room_router
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.throttle import Limit, source_of

router = room_router(prefix="", tag="fleet")

FleetRead = Annotated[Scope, Depends(allow(Permission.FLEET_READ))]
FleetWrite = Annotated[Scope, Depends(allow(Permission.FLEET_WRITE))]
_READ = problem_responses(Unauthenticated, Forbidden, HouseUnknownError)
_A_MINUTE = Limit(30, timedelta(minutes=1))
_PEM: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/x-pem-file": {"schema": {"type": "string"}}}}
}


async def _enrolment(request: Request) -> Enrolment:
    return cast("Enrolment", request.app.state.enrolment)


EnrolmentOf = Annotated[Enrolment, Depends(_enrolment)]


async def _authority(enrolment: EnrolmentOf) -> Authority:
    if enrolment.authority is None:
        raise AuthorityUnavailableError
    return enrolment.authority


AuthorityOf = Annotated[Authority, Depends(_authority)]


@router.post(
    "/certificates/renewals",
    status_code=201,
    openapi_extra={"security": []},  # the device's own signature is the proof
    responses=problem_responses(
        CertificateRequestRefusedError,
        CertificateRefusedError,
        AuthorityUnavailableError,
        TooManyAttempts,
    ),
)
async def renew(
    body: RenewIn, request: Request, session: DbSession, clock: ClockOf, authority: AuthorityOf
) -> CertifiedOut:
    """A fresh certificate for a house and key that have one. No account: the key is the proof."""
    await _not_too_often(request, "fleet.renew")
    wish = Wish(body.certificate_request.encode(), authority)
    return CertifiedOut.of(await service.renew(session, wish, clock=clock))


@router.get(
    "/certificates/refusals",
    response_class=Response,
    openapi_extra={"security": []},  # signed, and for every broker to read
    responses={**_PEM, **problem_responses(AuthorityUnavailableError, TooManyAttempts)},
)
async def list_refusals(
    request: Request, session: DbSession, clock: ClockOf, authority: AuthorityOf
) -> Response:
    """The signed list of refused certificates (X.509 CRL, PEM), for brokers. Not a secret."""
    await _not_too_often(request, "fleet.refusals")
    signed = await service.refusals(session, authority, clock=clock)
    return Response(signed, media_type="application/x-pem-file")


@router.get("/houses/{house_id}/certificates", responses=_READ)
async def list_certificates(
    house_id: UUID, session: DbSession, scope: FleetRead
) -> list[CertificateOut]:
    """The certificates of the house's devices, newest first."""
    return [CertificateOut.of(row) for row in await service.of_house(session, scope, house_id)]


@router.post("/houses/{house_id}/refuse-device", status_code=201, responses=_READ)
async def refuse_device(
    house_id: UUID, session: DbSession, scope: FleetWrite, clock: ClockOf
) -> RefusedOut:
    """A stolen or lost device: its certificates are renewed no more and the broker refuses them."""
    refused = await service.refuse_house(session, scope, house_id, clock=clock)
    await audit.record(
        session, scope, action=Deed.DEVICE_REFUSED, object_type="house", object_id=house_id
    )
    return RefusedOut(refused=refused)


async def _not_too_often(request: Request, what: str) -> None:
    address = source_of(request.client and request.client.host)
    wait = await backstage(request).throttle.hit(what, address, _A_MINUTE)
    if wait is not None:
        raise TooManyAttempts(retry_after_seconds=wait)
