"""How does a house's device get its certificate, keep it fresh, and lose it?"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from cloud_api.fleet.certificates import repository
from cloud_api.fleet.certificates.rules import Renewal, renewal
from cloud_api.fleet.certificates.types import Certified, Why, Wish
from cloud_api.fleet.errors import (
    CertificateRefusedError,
    CertificateRequestRefusedError,
    HouseUnknownError,
)
from cloud_api.fleet.models import CertificateRow
from cloud_api.fleet.ports import Authority
from cloud_api.fleet.repository import find_house
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.tenancy import Scope
from protocol.certificates import (
    GRACE,
    CertificateRequest,
    RequestFlaw,
    RequestRefusedError,
    read_request,
)

_KEPT = GRACE + timedelta(days=335)


def read_wish(wish: Wish, house_id: UUID) -> CertificateRequest:
    """The request, if it is this house's and good. CertificateRequestRefusedError with the flaw."""
    request = _read(wish)
    if request.house != house_id:
        raise CertificateRequestRefusedError(RequestFlaw.COMMON_NAME.value)
    return request


async def enrol(
    session: Session, house_id: UUID, *, wish: Wish | None, clock: Clock
) -> Certified | None:
    """A new device: whatever was certified before is refused from now on, wish or not."""
    request = None if wish is None else read_wish(wish, house_id)
    await repository.refuse(session, house_id=house_id, why=Why.REPLACED, now=clock.utc_now())
    if wish is None or request is None:
        return None
    return await _issue(session, wish.authority, request, clock)


async def again(session: Session, house_id: UUID, *, wish: Wish, clock: Clock) -> Certified | None:
    """The same device asks again: what its very key was given; None when that is another key."""
    request = read_wish(wish, house_id)
    known = await repository.newest(session, house_id=house_id, key_hash=request.key_hash)
    if known is None or known.refused_at is not None or known.ends <= clock.utc_now():
        return None
    return Certified(known.chain, wish.authority.root)


async def renew(session: Session, wish: Wish, *, clock: Clock) -> Certified:
    """A fresh certificate for the same house and key; the request's own signature is the proof.

    Asked twice within a day it answers the same. A certificate may have ended up to 30 days ago:
    houses are offline at times. Raises CertificateRequestRefusedError, CertificateRefusedError.
    """
    request = _read(wish)
    newest = await repository.newest(session, house_id=request.house, key_hash=request.key_hash)
    verdict = renewal(newest, now=clock.utc_now())
    if verdict is Renewal.NEW:
        return await _issue(session, wish.authority, request, clock)
    if verdict is Renewal.SAME and newest is not None:
        return Certified(newest.chain, wish.authority.root)
    raise CertificateRefusedError(verdict.value)


async def refuse_house(session: Session, scope: Scope, house_id: UUID, *, clock: Clock) -> int:
    """The house's device gets no line any more, until it is claimed anew. HouseUnknownError."""
    await _house(session, scope, house_id)
    return await repository.refuse(
        session, house_id=house_id, why=Why.BY_STAFF, now=clock.utc_now()
    )


async def refusals(session: Session, authority: Authority, *, clock: Clock) -> bytes:
    """The list a broker checks, PEM."""
    now = clock.utc_now()
    return await authority.refusals(await repository.refused(session, now=now), now=now)


async def of_house(session: Session, scope: Scope, house_id: UUID) -> Sequence[CertificateRow]:
    """Every certificate of the house, newest first. HouseUnknownError."""
    await _house(session, scope, house_id)
    return await repository.of_house(session, scope, house_id)


async def prune(session: Session, clock: Clock) -> None:
    """Forget those that ended a year ago."""
    await repository.prune(session, before=clock.utc_now() - _KEPT)


def _read(wish: Wish) -> CertificateRequest:
    try:
        return read_request(wish.request)
    except RequestRefusedError as error:
        raise CertificateRequestRefusedError(error.flaw.value) from None


async def _issue(
    session: Session, authority: Authority, request: CertificateRequest, clock: Clock
) -> Certified:
    now = clock.utc_now()
    issued = await authority.issue(request, now=now)
    await repository.insert(
        session, issued, house_id=request.house, key_hash=request.key_hash, now=now
    )
    return Certified(issued.chain, authority.root)


async def _house(session: Session, scope: Scope, house_id: UUID) -> None:
    if await find_house(session, scope, house_id) is None:
        raise HouseUnknownError
