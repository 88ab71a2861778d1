"""How are templates spoken of over HTTP?"""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from cloud_api.clients.schemas import Language
from cloud_api.kit.text import Line, OptionalLine
from cloud_api.messaging.types import Medium, MessageEvent
from cloud_api.messaging.wording.types import VARIABLES, Kind, Place, Words, Written

type Source = Annotated[str, Field(min_length=1, max_length=20_000)]


class TemplateIn(BaseModel):
    """An organisation's own words. Subject and HTML are for mails; HTML is the page's inside.

    `vendor_template` and `vendor_variables`: an approved template of WhatsApp, and what fills it.
    """

    model_config = ConfigDict(extra="forbid")

    body: Source
    subject: OptionalLine = ""
    html: Source | None = None
    vendor_template: Annotated[str | None, Field(pattern=r"^[a-z0-9_]{1,512}$")] = None
    vendor_variables: Annotated[list[Line], Field(max_length=20)] = []

    def words(self, medium: Medium) -> Words:
        """Only what the medium has."""
        mail, whatsapp = medium is Medium.EMAIL, medium is Medium.WHATSAPP
        return Words(
            body=self.body,
            subject=self.subject if mail else "",
            html=self.html if mail else None,
            vendor_template=self.vendor_template if whatsapp else None,
            vendor_variables=tuple(self.vendor_variables) if whatsapp else (),
        )


class TemplateOut(BaseModel):
    """Words for an event. `own`: the organisation's; `unused`: needed variables it does not say."""

    event: MessageEvent
    medium: Medium
    language: str
    subject: str
    body: str
    html: str | None
    vendor_template: str | None
    vendor_variables: list[str]
    own: bool
    unused: list[str]

    @classmethod
    def of(
        cls,
        place: Place,
        words: Words,
        *,
        own: bool,
        unused: Sequence[str],
    ) -> Self:
        """As it stands."""
        return cls(
            **place._asdict(),
            subject=words.subject,
            body=words.body,
            html=words.html,
            vendor_template=words.vendor_template,
            vendor_variables=list(words.vendor_variables),
            own=own,
            unused=list(unused),
        )


class PreviewIn(BaseModel):
    """Which words, and what they are filled with; example values stand where nothing is given."""

    model_config = ConfigDict(extra="forbid")

    event: MessageEvent
    medium: Medium
    language: Language = "en"
    draft: TemplateIn | None = None
    variables: dict[str, Annotated[str, Field(max_length=500)]] = {}


class PreviewOut(BaseModel):
    """How it reads."""

    language: str
    subject: str
    body: str
    html: str | None
    unused: list[str]

    @classmethod
    def of(cls, written: Written, *, language: str, unused: Sequence[str]) -> Self:
        """A text."""
        return cls(
            language=language,
            subject=written.subject,
            body=written.body,
            html=written.html,
            unused=list(unused),
        )


class VariableOut(BaseModel):
    """A word a template may use."""

    name: str
    kind: Kind
    optional: bool


def variables_of(event: MessageEvent) -> list[VariableOut]:
    """The words of an event."""
    return [
        VariableOut(name=each.name, kind=each.kind, optional=each.optional)
        for each in VARIABLES[event]
    ]
