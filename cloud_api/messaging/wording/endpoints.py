"""How does a host read, try and change what guests are told?"""

from typing import Annotated

from fastapi import Depends, Path

from cloud_api.accounts.types import Permission
from cloud_api.kit.errors import NotFound, problem_responses
from cloud_api.kit.http import DbSession, allow, room_router
from cloud_api.kit.tenancy import Scope
from cloud_api.messaging.types import Medium, MessageEvent
from cloud_api.messaging.wording import service
from cloud_api.messaging.wording.errors import TemplateInvalid, TemplateUnknownVariables
from cloud_api.messaging.wording.schemas import PreviewIn, PreviewOut, TemplateIn, TemplateOut
from cloud_api.messaging.wording.types import Place

router = room_router(prefix="/message-templates", tag="messages")

Reader = Annotated[Scope, Depends(allow(Permission.MESSAGES_READ))]
Writer = Annotated[Scope, Depends(allow(Permission.MESSAGING_SETUP))]
InLanguage = Annotated[
    str, Path(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35, examples=["es"])
]
_PROBLEMS = problem_responses(TemplateInvalid, TemplateUnknownVariables)


@router.get("")
async def list_templates(
    session: DbSession, scope: Reader, event: MessageEvent | None = None
) -> list[TemplateOut]:
    """All words there are, the organisation's own in the place of those that come along."""
    return await service.show(session, scope, event)


@router.post("/preview", responses=_PROBLEMS)
async def preview_template(asked: PreviewIn, session: DbSession, scope: Reader) -> PreviewOut:
    """How a draft, or what would be said now, reads."""
    return await service.preview(session, scope, asked)


@router.put("/{event}/{medium}/{language}", responses=_PROBLEMS)
async def keep_template(  # noqa: PLR0917 - a path of three parts
    event: MessageEvent,
    medium: Medium,
    language: InLanguage,
    wanted: TemplateIn,
    session: DbSession,
    scope: Writer,
) -> TemplateOut:
    """Say it in one's own words; unknown variables are refused and listed."""
    return await service.keep(session, scope, Place(event, medium, language), wanted)


@router.delete(
    "/{event}/{medium}/{language}", status_code=204, responses=problem_responses(NotFound)
)
async def restore_template(
    event: MessageEvent, medium: Medium, language: InLanguage, session: DbSession, scope: Writer
) -> None:
    """Say it as it came along again."""
    await service.restore(session, scope, Place(event, medium, language))
