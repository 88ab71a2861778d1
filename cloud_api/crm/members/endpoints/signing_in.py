"""How do people sign in who have no login of staff, and what does a stranger learn? Nothing.

Whoever asks for a code gets the same answer in the same time, known or not; a code, a password
and an unknown person are refused in the same words.
"""

from fastapi import Request, Response
from pydantic import JsonValue

from cloud_api.clients.accounts.errors import CodeWrong, SignInWrong
from cloud_api.clients.accounts.service import OpenedSession
from cloud_api.clients.errors import ContactInvalid
from cloud_api.clients.types import CodePurpose
from cloud_api.crm.members import service
from cloud_api.crm.members.endpoints import gates
from cloud_api.crm.members.schemas import (
    CodeIn,
    CodeWantedIn,
    CodeWantedOut,
    MemberSessionOut,
    PasswordByCodeIn,
    PasswordSignInIn,
    RegisterIn,
)
from cloud_api.kit.errors import NotFound, TooManyAttempts, problem_responses
from cloud_api.kit.http import ClockOf, DbSession, backstage, room_router

router = room_router(prefix="/members", tag="members")

# In the document: no login.
_OPEN: dict[str, JsonValue] = {"security": []}
_PROOF = problem_responses(CodeWrong, TooManyAttempts)


@router.post(
    "/codes",
    status_code=202,
    openapi_extra=_OPEN,
    responses=problem_responses(NotFound, ContactInvalid, TooManyAttempts),
)
async def want_code(
    request: Request, wanted: CodeWantedIn, session: DbSession, clock: ClockOf
) -> CodeWantedOut:
    """Have a code of six digits sent, good for ten minutes and five tries."""
    owner, region = await gates.organisation_at(request, wanted.property_id)
    async with backstage(request).database.reading() as look:
        contact = await service.contact_meant(
            look, owner, wanted.channel.kind, wanted.contact, region=region
        )
    purpose = CodePurpose(wanted.purpose)
    await gates.count_code(request, owner, contact, to_anybody=purpose is CodePurpose.REGISTER)
    code_id = await service.want_code(
        session,
        owner,
        purpose=purpose,
        channel=wanted.channel,
        contact=contact,
        language=wanted.language,
        now=clock.utc_now(),
    )
    return CodeWantedOut(code_id=code_id)


@router.post(
    "/sessions",
    status_code=201,
    response_model=MemberSessionOut,
    openapi_extra=_OPEN,
    responses=_PROOF,
)
async def sign_in(
    request: Request, given: CodeIn, session: DbSession, clock: ClockOf
) -> MemberSessionOut | Response:
    """Sign in with a code."""
    await gates.count_proof(request, given.code_id)
    vault = backstage(request).vault
    return _answer(await service.sign_in(session, vault, given, now=clock.utc_now()))


@router.post(
    "/registrations",
    status_code=201,
    response_model=MemberSessionOut,
    openapi_extra=_OPEN,
    responses=_PROOF,
)
async def register(
    request: Request, given: RegisterIn, session: DbSession, clock: ClockOf
) -> MemberSessionOut | Response:
    """Become known; who is known already is signed in."""
    await gates.count_proof(request, given.code_id)
    vault = backstage(request).vault
    return _answer(await service.register(session, vault, given, now=clock.utc_now()))


@router.post(
    "/passwords",
    status_code=201,
    response_model=MemberSessionOut,
    openapi_extra=_OPEN,
    responses=_PROOF,
)
async def set_password(
    request: Request, given: PasswordByCodeIn, session: DbSession, clock: ClockOf
) -> MemberSessionOut | Response:
    """Set a first password, or another one; all sessions end, and a new one begins."""
    await gates.count_proof(request, given.code_id)
    vault = backstage(request).vault
    return _answer(await service.reset_password(session, vault, given, now=clock.utc_now()))


@router.post(
    "/sessions/password",
    status_code=201,
    openapi_extra=_OPEN,
    responses=problem_responses(NotFound, SignInWrong, TooManyAttempts),
)
async def sign_in_with_password(
    request: Request, given: PasswordSignInIn, session: DbSession, clock: ClockOf
) -> MemberSessionOut:
    """Sign in with a password."""
    owner, region = await gates.organisation_at(request, given.property_id)
    await gates.count_sign_in(request, owner, given.contact)
    opened = await service.sign_in_with_password(
        session,
        owner,
        contact=given.contact,
        region=region,
        password=given.password,
        now=clock.utc_now(),
    )
    return _shown(opened)


def _answer(result: OpenedSession | CodeWrong) -> MemberSessionOut | Response:
    return gates.refusal(result) if isinstance(result, CodeWrong) else _shown(result)


def _shown(opened: OpenedSession) -> MemberSessionOut:
    return MemberSessionOut(token=opened.token, expires_at=opened.expires_at)
