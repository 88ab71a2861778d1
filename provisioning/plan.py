"""What is missing until a house works, and in which order is it done?"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Step(StrEnum):
    """One thing to do; each needs those before it."""

    REGISTER = "the house in the cloud"
    DEVICES = "its locks and players in the cloud"
    CLAIM = "this device's keys, and its claim of the house"
    CERTIFICATE = "a certificate for the line to the broker"
    BROKER = "the broker, reached with it"
    LOCKS = "the locks' keys, here and nowhere else"


@dataclass(frozen=True, slots=True)
class Found:
    """What is there. None: not known, because an earlier step is missing.

    `here`: the house whose identity this device has. `broker_answers`: None where the cloud named
    no broker with certificates.
    """

    registered: UUID | None
    devices_missing: int | None
    here: UUID | None
    certificate_ends: datetime | None
    certifies: bool
    broker_answers: bool | None
    keys_missing: int | None


def missing(found: Found, *, now: datetime) -> tuple[Step, ...]:
    """The steps that are left, in order."""
    return tuple(_missing(found, now))


def _missing(found: Found, now: datetime) -> Iterator[Step]:
    if found.registered is None:
        yield Step.REGISTER
    if found.devices_missing != 0:
        yield Step.DEVICES
    claimed = found.here is not None and found.here == found.registered
    if not claimed:
        yield Step.CLAIM
    if found.certifies:
        good = claimed and found.certificate_ends is not None and found.certificate_ends > now
        if not good:
            yield Step.CERTIFICATE
        if not good or found.broker_answers is not True:
            yield Step.BROKER
    if found.keys_missing != 0:
        yield Step.LOCKS
