"""Which words describe a simulated TTLock lock, its knobs and what it remembers?"""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretBytes

from edge_agent.simulator.ttlock.frames import Firmware


class Model(BaseModel):
    """Strict, frozen base of everything that crosses the control socket."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Op(IntEnum):
    """Commands this lock understands."""

    CODES = 0x03
    LIST_CODES = 0x07
    STATE = 0x14
    LOG = 0x25
    CHECK_RANDOM = 0x30
    GET_CLOCK = 0x34
    AUTO_LOCK = 0x36
    CHECK_ADMIN = 0x41
    SET_CLOCK = 0x43
    UNLOCK = 0x47
    CHECK_USER = 0x55
    LOCK = 0x58


class Refusal(IntEnum):
    """Error byte after status 0."""

    NO_PERMISSION = 0x02
    ADMIN_CHECK = 0x03
    NO_POWER = 0x0A
    KEY_INVALID = 0x0D
    LENGTH_INVALID = 0x0F
    NOT_LOGGED_IN = 0x12
    FAILED = 0x13
    CODE_EXISTS = 0x14
    CODE_MISSING = 0x15
    NO_MEMORY = 0x16
    INVALID_COMMAND = 0x1B
    FROZEN = 0x1C
    LOCKED_INSIDE = 0x1E


class RecordType(IntEnum):
    """Types of log records this lock writes."""

    APP_UNLOCK = 1
    CODE_UNLOCK = 4
    CODE_REFUSED = 7
    CODE_EXPIRED = 11
    APP_LOCK = 26
    KEY_UNLOCK = 27
    KEY_LOCK = 36


class CodeKind(IntEnum):
    """Validity of a keypad code."""

    PERMANENT = 1
    COUNT = 2
    PERIOD = 3


class Identity(Model):
    """Who the lock is and which secrets it was paired with."""

    address: str = Field(pattern=r"^([0-9A-F]{2}:){5}[0-9A-F]{2}$")
    name: str
    aes_key: SecretBytes = Field(min_length=16, max_length=16)
    unlock_key: int = Field(ge=0, le=0xFFFFFFFF, repr=False)
    admin_key: int = Field(ge=0, le=0xFFFFFFFF, repr=False)

    @property
    def firmware(self) -> Firmware:
        """Family of this lock; one is simulated."""
        return Firmware()

    @classmethod
    def invent(cls, address: str, name: str, draw: Callable[[int], bytes]) -> Self:
        """A newly paired lock; `draw(n)` gives n random bytes."""
        return cls(
            address=address.upper(),
            name=name,
            aes_key=SecretBytes(draw(16)),
            unlock_key=int.from_bytes(draw(4), "big"),
            admin_key=int.from_bytes(draw(4), "big"),
        )

    @classmethod
    def from_key_material(cls, material: Mapping[str, object]) -> Self:
        """The lock that fits a key record made by `key_material`."""
        return cls(
            address=str(material["lockMac"]),
            name=str(material["lockName"]),
            aes_key=SecretBytes(bytes.fromhex(str(material["aesKeyStr"]))),
            unlock_key=int(str(material["unlockKey"])),
            admin_key=int(str(material["adminPs"])),
        )

    def key_material(self) -> dict[str, object]:
        """The owner's key record as the vendor's cloud hands it out. Secret as a whole."""
        firmware = self.firmware
        return {
            "keyId": 1,
            "lockId": 1,
            "lockMac": self.address,
            "lockAlias": self.name,
            "lockName": self.name,
            "lockVersion": {
                "protocolType": firmware.protocol,
                "protocolVersion": firmware.version,
                "scene": firmware.scene,
                "groupId": firmware.group,
                "orgId": firmware.org,
            },
            "aesKeyStr": self.aes_key.get_secret_value().hex(),
            "unlockKey": str(self.unlock_key),
            "adminPs": str(self.admin_key),
            "lockFlagPos": 0,
            "timezoneRawOffSet": 0,
            "userType": "110301",
        }


class Conditions(Model):
    """Standing condition of the lock; kept over a restart."""

    battery: int = Field(default=80, ge=0, le=100)
    capacity: int = Field(default=150, ge=0)
    auto_lock_seconds: int = Field(default=5, ge=0, le=0xFFFF)
    jammed: bool = False
    busy: bool = False
    insists_on_admin: bool = False
    lists_codes: bool = True
    advertises: bool = True


class FaultKind(StrEnum):
    """What goes wrong, once the command named by the fault arrives."""

    LOSE_REPLY_AFTER_ACTING = "lose_reply_after_acting"
    LOSE_REPLY_BEFORE_ACTING = "lose_reply_before_acting"
    DROP_LINK_MID_WRITE = "drop_link_mid_write"
    DROP_LINK_BEFORE_ACTING = "drop_link_before_acting"
    DROP_LINK_AFTER_ACTING = "drop_link_after_acting"
    LATE_REPLY = "late_reply"
    PUSH_FIRST = "push_first"
    REFUSE = "refuse"
    GARBAGE_REPLY = "garbage_reply"
    PRETEND = "pretend"


class Fault(Model):
    """A scripted fault: `kind` happens to the next `times` commands `on` (None: any).

    PRETEND: a code or clock command is acknowledged and nothing is done; other commands act.
    `skip` lets so many pass unharmed first. `seconds`: how late. `refusal`: the error byte.
    `garbage`: hex that follows the echoed opcode instead of the answer.
    """

    kind: FaultKind
    on: Op | None = None
    times: int = Field(default=1, ge=1)
    skip: int = Field(default=0, ge=0)
    seconds: float = Field(default=0.0, ge=0.0)
    refusal: int = Field(default=Refusal.FAILED, ge=0, le=255)
    garbage: str = Field(default="", pattern=r"^([0-9a-f]{2})*$")


Bolt = Literal["locked", "unlocked"]
Cause = Literal["app", "pin", "key", "auto"]


class Movement(Model):
    """The motor moved the bolt: the independent record that tests believe."""

    sequence: int
    at_local: datetime
    bolt: Bolt
    cause: Cause


class StoredCode(Model):
    """A row of the code table."""

    digits: str = Field(repr=False)
    kind: CodeKind
    starts_local: datetime
    ends_local: datetime | None


class Record(Model):
    """A row of the lock's own log, as it is sent to an app."""

    number: int
    kind: RecordType
    at_local: datetime
    battery: int
    payload: bytes = Field(repr=False)


class Snapshot(Model):
    """How the lock stands, for tests and the demo."""

    bolt: Bolt
    clock_local: datetime
    codes: int
    motor_commands: int
    connected: bool
    bad_frames: int
    conditions: Conditions
