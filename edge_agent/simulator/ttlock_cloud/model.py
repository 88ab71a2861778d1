"""Which words describe the simulated vendor: its error codes, calls, knobs and faults?"""

from enum import IntEnum, StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr
from pydantic.alias_generators import to_camel

type Answer = dict[str, JsonValue]
type Digits = Annotated[str, Field(min_length=1, max_length=20)]
type Millis = Annotated[int, Field(ge=0, le=4_102_444_800_000)]


class Errcode(IntEnum):
    """What the vendor answers instead of an HTTP status."""

    OK = 0
    FAILED = 1
    INVALID_PARAMETER = -3
    NO_SUCH_LOCK = -1003
    PERIOD_USED_BEFORE = -1026
    NO_SUCH_PASSCODE = -2009
    NO_GATEWAY_NEAR = -2012
    TOO_SIMPLE = -2032
    GATEWAY_OFFLINE = -3002
    GATEWAY_BUSY = -3003
    LENGTH = -3006
    DUPLICATE = -3007
    NEVER_USED = -3008
    CAPACITY = -3009
    LOCK_OFFLINE = -3036
    LOCK_BUSY = -3037
    UNSUPPORTED = -4043
    INVALID_CLIENT = 10001
    UNKNOWN_TOKEN = 10003
    TOKEN_OVER = 10004
    BAD_LOGIN = 10007
    BAD_REFRESH = 10011
    NOT_LOCK_ADMIN = 20002
    RATE = 30006
    QUOTA = 30007
    REGION = 30008
    CLOCK = 80000


class Status(IntEnum):
    """Where a passcode stands in the vendor's list."""

    NORMAL = 1
    ADDING = 4
    ADD_FAILED = 5
    CHANGING = 6
    CHANGE_FAILED = 7
    DELETING = 8
    DELETE_FAILED = 9


class Way(IntEnum):
    """How a change is said to reach the lock."""

    BLUETOOTH = 1
    GATEWAY = 2
    LATER = 4


class Refused(Exception):  # noqa: N818 - what the vendor says, not what we do
    """The call ends with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"errcode {code}")
        self.code = code


class Account(BaseModel):
    """One developer's application and one owner with one lock."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    client_id: str = "an-application"
    client_secret: SecretStr = SecretStr("application-secret")
    username: str = "owner"
    password: SecretStr = SecretStr("owners password")
    lock_id: int = 7001
    gateway_id: int = 88


class Conditions(BaseModel):
    """How the vendor, the gateway and the lock stand.

    `settle_seconds`: passcode changes are answered at once and done that much later, or, with
    `settling_fails`, never. `uploads`: the gateway sends the lock's records up.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    gateway_online: bool = True
    lock_in_range: bool = True
    remote_unlock: bool = True
    wrong_region: bool = False
    uploads: bool = True
    capacity: int = Field(default=250, ge=0)
    month_quota: int = Field(default=30_000, ge=0)
    minute_quota: int = Field(default=100, ge=0)
    settle_seconds: float = Field(default=0.0, ge=0)
    settling_fails: bool = False
    callback_url: str | None = None


class FaultKind(StrEnum):
    """What goes wrong with a call."""

    CUT_BEFORE = "cut_before"  # the connection dies, nothing was done
    CUT_AFTER = "cut_after"  # done, and the connection dies
    HANG = "hang"  # nothing is done and nothing is ever said
    LATE = "late"  # done, answered after `seconds`
    ERRCODE = "errcode"  # not done, answered with `errcode`
    ERRCODE_AFTER = "errcode_after"  # done, answered with `errcode` all the same
    GARBAGE = "garbage"  # done, answered with something that is no JSON
    STATUS = "status"  # not done, HTTP 502 from something in front


class Fault(BaseModel):
    """A fault for the next `times` calls whose path ends with `path`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: FaultKind
    path: str = ""
    times: int = Field(default=1, ge=1)
    seconds: float = Field(default=0.0, ge=0, le=60)
    errcode: int = Errcode.FAILED


class Call(BaseModel):
    """What every call carries besides its own fields; unknown fields are refused."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, hide_input_in_errors=True
    )

    client_id: str = Field(repr=False)
    access_token: str = Field(repr=False)
    date: Millis


class LockCall(Call):
    """About one lock."""

    lock_id: int


class PageCall(LockCall):
    """A page of a list."""

    page_no: int = Field(ge=1)
    page_size: int = Field(ge=1, le=200)


class RecordsCall(PageCall):
    """Records of a lock in a stretch of time."""

    start_date: Millis
    end_date: Millis
    record_type: int | None = None


class LocksCall(Call):
    """The account's locks."""

    page_no: int = Field(ge=1)
    page_size: int = Field(ge=1, le=200)


class AddCall(LockCall):
    """A passcode of one's own choosing."""

    keyboard_pwd: Digits = Field(repr=False)
    keyboard_pwd_name: str | None = None
    keyboard_pwd_type: int = Field(default=3, ge=2, le=3)
    start_date: Millis
    end_date: Millis
    add_type: Way = Way.BLUETOOTH


class ChangeCall(LockCall):
    """Other digits, other dates, or nothing at all."""

    keyboard_pwd_id: int
    new_keyboard_pwd: Digits | None = Field(default=None, repr=False)
    keyboard_pwd_name: str | None = None
    start_date: Millis | None = None
    end_date: Millis | None = None
    change_type: Way = Way.BLUETOOTH


class DeleteCall(LockCall):
    """A passcode is to go."""

    keyboard_pwd_id: int
    delete_type: Way = Way.BLUETOOTH


class GenerateCall(LockCall):
    """A passcode the lock can work out by itself; `end_date` for period codes."""

    keyboard_pwd_type: int
    keyboard_pwd_name: str | None = None
    start_date: Millis
    end_date: Millis | None = None


class TokenCall(BaseModel):
    """Log in with the password's MD5, or go on with a refresh token."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, hide_input_in_errors=True
    )

    client_id: str
    client_secret: str = Field(repr=False)
    username: str | None = None
    password: str | None = Field(default=None, repr=False)
    grant_type: str | None = Field(default=None, alias="grant_type")
    refresh_token: str | None = Field(default=None, alias="refresh_token", repr=False)
