"""What do members send, and what are they shown?"""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from cloud_api.clients.schemas import Language, NewPassword
from cloud_api.clients.types import CODE_LIFE, CodeChannel, ContactKind, Membership, Tier
from cloud_api.kit.days import Day
from cloud_api.kit.patches import Patch
from cloud_api.kit.text import Line

type _Digits = Annotated[SecretStr, Field(min_length=6, max_length=6)]
type _Contact = Annotated[Line, Field(max_length=254)]


def _plain(token: SecretStr) -> SecretStr:
    word = token.get_secret_value()
    if not (word.isascii() and word.isprintable() and " " not in word):
        raise ValueError("a token has letters, digits and signs alone")
    return token


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CodeWantedIn(_In):
    """A code to prove a contact with. `property_id`: any of the business one wants to sign in at.

    A number without `+` is one of the property's country.
    """

    property_id: UUID
    purpose: Literal["sign_in", "register", "password"]
    channel: CodeChannel
    contact: _Contact
    language: Language = "en"


class CodeWantedOut(BaseModel):
    """The same whoever asked: a code goes out only where there is somebody to send it to."""

    code_id: UUID
    minutes: int = int(CODE_LIFE.total_seconds() // 60)


class CodeIn(_In):
    """The code as it came."""

    code_id: UUID
    code: _Digits


class RegisterIn(CodeIn):
    """Somebody new; who is known already keeps name and language."""

    name: Line
    language: Language | None = None
    password: NewPassword | None = None


class PasswordByCodeIn(CodeIn):
    """Set a first password, or another one; every session ends and one begins."""

    password: NewPassword


class PasswordSignInIn(_In):
    """Sign in with a mail address or a number in any form, and a password."""

    property_id: UUID
    contact: _Contact
    password: Annotated[SecretStr, Field(min_length=1, max_length=200)]


class MemberSessionOut(BaseModel):
    """A new session; send the token as `Authorization: Bearer`. It is shown this once."""

    token: str
    expires_at: datetime


class OwnContactOut(BaseModel):
    """A way to reach you; `proven`: it may sign you in."""

    id: UUID
    kind: ContactKind
    value: str
    proven: bool


class FacebookOut(BaseModel):
    """Who you are at Facebook."""

    id: str
    name: str


class MeOut(BaseModel):
    """What we know of you."""

    id: UUID
    name: str
    language: str | None
    birth_date: date | None
    contacts: list[OwnContactOut]
    visits: int
    tier: Tier
    membership: Membership
    has_password: bool
    facebook: FacebookOut | None


class MePatch(Patch):
    """What changes; `language` and `birth_date` may be null."""

    clearable = frozenset({"language", "birth_date"})

    name: Line | None = None
    language: Language | None = None
    birth_date: Day | None = None


class NewContactIn(_In):
    """One more way to reach you; it counts when its code came back."""

    channel: CodeChannel
    contact: _Contact


class FacebookIn(_In):
    """The token Facebook gave your browser for our application."""

    access_token: Annotated[
        SecretStr, Field(min_length=10, max_length=1000), AfterValidator(_plain)
    ]
