"""Which frames may a client send, and how is each answered?"""

import json
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

from edge_agent.simulator.home.world import Json


class Unreadable(Exception):  # noqa: N818 - the real one hangs up
    """No JSON object with a number and a type."""


class Flawed(Exception):  # noqa: N818 - an answer, not a failure of ours
    """A frame that is answered with an error."""

    def __init__(self, number: int, code: str, message: str) -> None:
        super().__init__(message)
        self.number = number
        self.code = code


class _Frame(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Auth(_Frame):
    """The first thing a client says."""

    type: Literal["auth"]
    access_token: str


class _Numbered(_Frame):
    id: int


class Ping(_Numbered):
    """Are you there?"""

    type: Literal["ping"]


class Features(_Numbered):
    """What the client can take."""

    type: Literal["supported_features"]
    features: dict[str, int]


class GetStates(_Numbered):
    """All entities."""

    type: Literal["get_states"]


class Subscribe(_Numbered):
    """News of one kind, or of all."""

    type: Literal["subscribe_events"]
    event_type: str | None = None


class Unsubscribe(_Numbered):
    """No more news."""

    type: Literal["unsubscribe_events"]
    subscription: int


class CallService(_Numbered):
    """Do something."""

    type: Literal["call_service"]
    domain: str
    service: str
    service_data: dict[str, JsonValue] = Field(default_factory=dict)
    target: dict[str, JsonValue] | None = None
    return_response: bool = False


type Command = Ping | Features | GetStates | Subscribe | Unsubscribe | CallService
_COMMAND: TypeAdapter[Command] = TypeAdapter(
    Annotated[
        Ping | Features | GetStates | Subscribe | Unsubscribe | CallService,
        Field(discriminator="type"),
    ]
)


def parse(text: str, *, after: int) -> tuple[int, Command]:
    """A frame and its number, which must be higher than `after`."""
    try:
        raw = json.loads(text)
        number = raw["id"]
        kind = raw["type"]
    except (ValueError, TypeError, KeyError):
        raise Unreadable from None
    if not isinstance(number, int) or not isinstance(kind, str):
        raise Unreadable
    if number <= after:
        raise Flawed(number, "id_reuse", "Identifier values have to increase.")
    try:
        return number, _COMMAND.validate_python(raw)
    except ValidationError as error:
        unknown = error.errors()[0]["type"] == "union_tag_invalid"
        code = "unknown_command" if unknown else "invalid_format"
        raise Flawed(number, code, code) from error


def name_of(command: Command) -> tuple[str, Json]:
    """How journal and faults call it, and what it says."""
    if isinstance(command, CallService):
        return f"{command.domain}.{command.service}", dict(command.service_data)
    return command.type, {}


def succeeded(number: int, result: JsonValue) -> Json:
    """The server took it."""
    return {"id": number, "type": "result", "success": True, "result": result}


def failed(number: int, code: str, message: str) -> Json:
    """The server did not."""
    error: Json = {"code": code, "message": message}
    return {"id": number, "type": "result", "success": False, "error": error}
