"""What does a house look like to whoever writes its devices' files?"""

from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

Host = Annotated[
    str,
    StringConstraints(
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)*$", max_length=253
    ),
]
Beside = Literal["music_assistant", "home_assistant", "broker"]
ImageName = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-z0-9][a-z0-9./_-]{0,150}(:[\w.-]{1,100})(@sha256:[0-9a-f]{64})?$"
    ),
]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=31)]
Label = Annotated[str, StringConstraints(pattern=r"^[\w .,'()&/-]{1,60}$")]

# Boot pins, the serial line, the flash, and those without a pull-up (ESP32 datasheet).
_NO_SWITCH = frozenset({0, 1, 2, 3, 5, *range(6, 13), 15, *range(34, 40)})
# What the wire to the Ethernet chip takes (RMII) on boards that have one.
_WIRED = frozenset({"esp32-poe", "wt32-eth01"})
_RMII = frozenset({16, 17, 18, 19, 21, 22, 23, 25, 26, 27})


class _Given(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TimeServer(_Given):
    """A source of time. `nts`: it proves who it is (RFC 8915), the others are believed together."""

    host: Host
    nts: bool = False


class Clock(_Given):
    """Where the Pi gets its time. `rtc`: the battery-backed clock that is soldered on."""

    servers: Annotated[tuple[TimeServer, ...], Field(min_length=1, max_length=8)] = (
        TimeServer(host="time.cloudflare.com", nts=True),
        TimeServer(host="nts.netnod.se", nts=True),
        TimeServer(host="ptbtime1.ptb.de", nts=True),
        TimeServer(host="pool.ntp.org"),
    )
    rtc: Literal["ds3231", "pcf8523", "pi5"] | None = None


class DoorContact(_Given):
    """A magnet switch on a proxy's pin: closed against ground while the door is shut."""

    name: Label
    pin: Annotated[int, Field(ge=0, le=39)]

    @field_validator("pin")
    @classmethod
    def _has_a_pull_up(cls, pin: int) -> int:
        if pin in _NO_SWITCH:
            raise ValueError("this pin cannot carry a switch on an ESP32")
        return pin


class Proxy(_Given):
    """An ESP32 that lends its Bluetooth to Home Assistant where the Pi's own does not reach.

    `slots`: how many locks it may be connected to at once.
    """

    name: Slug
    room: Label
    board: Literal["esp32dev", "esp32-poe", "wt32-eth01", "m5stack-atom"] = "esp32dev"
    slots: Annotated[int, Field(ge=1, le=5)] = 2
    contacts: Annotated[tuple[DoorContact, ...], Field(max_length=8)] = ()

    @model_validator(mode="after")
    def _each_contact_has_its_own_pin(self) -> Self:
        pins = [each.pin for each in self.contacts]
        names = [each.name for each in self.contacts]
        if len(set(pins)) < len(pins) or len(set(names)) < len(names):
            raise ValueError("two contacts share a pin or a name")
        if self.is_wired and _RMII.intersection(pins):
            raise ValueError("this board's Ethernet takes that pin")
        return self

    @property
    def is_wired(self) -> bool:
        """On Ethernet; the others are on Wi-Fi."""
        return self.board in _WIRED


class Reach(_Given):
    """Where the house finds the cloud's broker; its certificate comes with the claim."""

    host: Host
    port: Annotated[int, Field(ge=1, le=65535)] = 8883


class House(_Given):
    """Everything a house's files are written from. Holds no secret."""

    name: Slug
    zone: str
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    broker: Reach
    clock: Clock = Clock()
    proxies: Annotated[tuple[Proxy, ...], Field(max_length=16)] = ()
    services: frozenset[Beside] = frozenset()
    images: dict[Beside, ImageName] = {}
    lan_port: Annotated[int, Field(ge=1, le=65535)] = 80

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError("not an IANA time zone")
        return zone

    def image(self, service: Beside) -> str:
        """The image of a service that runs beside ours."""
        return self.images[service]

    @model_validator(mode="after")
    def _images_are_known(self) -> Self:
        missing = sorted(self.services - self.images.keys())
        if missing:
            raise ValueError(f"name the image of {missing[0]}, with its tag")
        return self

    @model_validator(mode="after")
    def _proxies_differ(self) -> Self:
        names = [each.name for each in self.proxies]
        if len(set(names)) < len(names) or self.name in names:
            raise ValueError("two devices share a name")
        return self
