"""Who is asking, and did they ask too often?

Each question here is a transaction of its own, over before the next one begins and before the
request's own begins: nobody waits for a second connection while holding a first.
"""

from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi.responses import JSONResponse
from structlog.contextvars import get_contextvars

from cloud_api.clients.accounts import service as accounts
from cloud_api.clients.tiers import service as tiers
from cloud_api.clients.types import Member, TierSettings
from cloud_api.kit.errors import MEDIA_TYPE, Problem, TooManyAttempts
from cloud_api.kit.http import Backstage, backstage
from cloud_api.kit.throttle import Limit, source_of
from cloud_api.properties import service as properties

_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)
# Five tries a code: a person's contact can be guessed at two hundred times a day at most, from
# wherever, against a million codes. A stranger alone does not use up what the person may ask.
CODES_FOR_CONTACT_FROM_ADDRESS: Final = Limit(attempts=3, window=timedelta(minutes=10))
CODES_FOR_CONTACT: Final = Limit(attempts=10, window=timedelta(hours=6))
CODES_FROM_ADDRESS: Final = Limit(attempts=20, window=timedelta(hours=1))
# Messages cost money: nobody has them sent by the thousand to numbers we do not know. Codes for
# people we know are not counted here, or strangers could keep everybody from signing in.
CODES_TO_ANYBODY: Final = Limit(attempts=300, window=timedelta(hours=1))
PROOFS_FROM_ADDRESS: Final = Limit(attempts=30, window=timedelta(minutes=15))
SIGN_INS_FOR_CONTACT_FROM_ADDRESS: Final = Limit(attempts=10, window=timedelta(minutes=15))
SIGN_INS_FOR_CONTACT: Final = Limit(attempts=100, window=timedelta(hours=1))
SIGN_INS_FROM_ADDRESS: Final = Limit(attempts=30, window=timedelta(minutes=15))

type Counted = tuple[str, str, Limit]
"""What is counted, under which name, and how often it may be."""


async def _member(request: Request) -> Member:
    stage = backstage(request)
    async with stage.database.reading() as session:
        header = request.headers.get("authorization")
        member = await accounts.authenticate(session, header, now=stage.clock.utc_now())
    request.state.principal = f"client:{member.client_id}"
    name = str(member.client_id)
    await count(
        stage,
        ("member minute", name, Limit(member.allowance.per_minute, _MINUTE)),
        ("member day", name, Limit(member.allowance.per_day, _DAY)),
    )
    return member


MemberOf = Annotated[Member, Depends(_member)]


async def organisation_at(request: Request, property_id: UUID) -> tuple[UUID, str]:
    """Whose property it is, and its country. Raises NotFound and TooManyAttempts."""
    stage = backstage(request)
    async with stage.database.reading() as session:
        owner = await properties.owner_of(session, property_id)
        region = await properties.region_of(session, owner, property_id)
        bounds = await tiers.settings_of(session, owner)
    await _count_stranger(request, bounds)
    return owner, region


async def count_proof(request: Request, code_id: UUID) -> None:
    """Somebody brings a code. Raises TooManyAttempts."""
    stage = backstage(request)
    async with stage.database.reading() as session:
        owner = await accounts.organisation_of(session, code_id)
        bounds = TierSettings() if owner is None else await tiers.settings_of(session, owner)
    await _count_stranger(request, bounds)
    await count(stage, ("member proof", address_of(request), PROOFS_FROM_ADDRESS))


async def count_code(
    request: Request, organisation_id: UUID, contact: str, *, to_anybody: bool
) -> None:
    """Somebody wants a code; `to_anybody`: whoever they are. Raises TooManyAttempts."""
    address, whose = address_of(request), f"{organisation_id} {contact}"
    shared = ("member code anybody", str(organisation_id), CODES_TO_ANYBODY)
    await count(
        backstage(request),
        ("member code address", address, CODES_FROM_ADDRESS),
        ("member code both", f"{address} {whose}", CODES_FOR_CONTACT_FROM_ADDRESS),
        ("member code contact", whose, CODES_FOR_CONTACT),
        *((shared,) if to_anybody else ()),
    )


async def count_sign_in(request: Request, organisation_id: UUID, contact: str) -> None:
    """Somebody tries a password. Raises TooManyAttempts."""
    address, whose = address_of(request), f"{organisation_id} {contact.strip().lower()}"
    await count(
        backstage(request),
        ("member login address", address, SIGN_INS_FROM_ADDRESS),
        ("member login both", f"{address} {whose}", SIGN_INS_FOR_CONTACT_FROM_ADDRESS),
        ("member login contact", whose, SIGN_INS_FOR_CONTACT),
    )


async def count(stage: Backstage, *counted: Counted) -> None:
    """Count each in its turn, and no further than the first that is too many.

    A refused request uses up nothing of what others share. Raises TooManyAttempts.
    """
    for kind, name, limit in counted:
        wait = await stage.throttle.hit(kind, name, limit)
        if wait is not None:
            raise TooManyAttempts(retry_after_seconds=wait)


def address_of(request: Request) -> str:
    """Under which name the caller's address is counted."""
    return source_of(request.client and request.client.host)


def refusal(problem: Problem) -> Response:
    """A refusal that is answered, not raised: the try it cost is committed."""
    request_id = get_contextvars().get("request_id")
    return JSONResponse(
        problem.document(request_id), problem.status, problem.headers, media_type=MEDIA_TYPE
    )


async def _count_stranger(request: Request, bounds: TierSettings) -> None:
    most = Limit(bounds.anonymous_per_minute, _MINUTE)
    await count(backstage(request), ("member anonymous", address_of(request), most))
