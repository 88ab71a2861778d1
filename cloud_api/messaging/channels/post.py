"""How does a channel ask its vendor, and what do an answer and a silence mean to us?

What is common to all channels and nothing of a single vendor. No text of a vendor is passed on:
vendors quote numbers, names and bodies in their errors; what we keep are codes and our own words.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from hmac import compare_digest

import phonenumbers

from cloud_api.kit.db import Json
from cloud_api.kit.outgoing import (
    Answer,
    Ask,
    NotJsonError,
    Outgoing,
    VendorSilentError,
    VendorUnreachableError,
)
from cloud_api.messaging.errors import (
    ChannelAccountError,
    ChannelSilentError,
    ChannelUnreachableError,
    RecipientRefusedError,
)
from cloud_api.messaging.types import ChannelAccount

_ANSWERED_WELL = range(200, 300)
_BROKEN = 500
_GAVE_UP = 408
# Letters, digits and marks of which none means anything in an address.
_PLAIN = re.compile(r"\w[\w.:|=~+-]*", re.ASCII)
# A vendor that wants us to wait longer than this is asked again anyway.
_LONGEST_WAIT_SECONDS = 24 * 3600.0


class Mishap(StrEnum):
    """Why a message does not arrive: stable words for codes of RecipientRefusedError and details.

    `template_needed`: the guest has not written for 24 hours, only an approved template may go.
    """

    INVALID_ADDRESS = "invalid_address"
    UNDELIVERABLE = "undeliverable"
    OPTED_OUT = "opted_out"
    BLOCKED = "blocked"
    MOVED = "moved"
    HELD_BACK = "held_back"
    FILTERED = "filtered"
    TEMPLATE_NEEDED = "template_needed"
    TOO_LONG = "too_long"


async def carry(outgoing: Outgoing, ask: Ask) -> Answer:
    """Ask once. Raises ChannelUnreachableError or ChannelSilentError."""
    try:
        return await outgoing.ask(ask)
    except VendorUnreachableError as error:
        raise ChannelUnreachableError(str(error)) from None
    except VendorSilentError as error:
        raise ChannelSilentError(str(error)) from None


def said_yes(answer: Answer) -> bool:
    """Was it done?"""
    return answer.status in _ANSWERED_WELL


def is_broken(answer: Answer) -> bool:
    """Did the vendor, or something before it, fail by itself? Then nobody knows what was done."""
    return answer.status >= _BROKEN or answer.status == _GAVE_UP


def object_of(answer: Answer) -> dict[str, Json]:
    """The JSON object of an answer. ChannelSilentError: it may mean anything, also "done"."""
    try:
        return answer.object()
    except NotJsonError:
        raise ChannelSilentError(f"answer {answer.status} is not understood") from None


def part_of(value: Json, name: str) -> dict[str, Json]:
    """The object under this name, or an empty one."""
    inner = value.get(name) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}


def number_in(value: Json, name: str) -> int | None:
    """The whole number under this name, if it is one."""
    inner = value.get(name) if isinstance(value, dict) else None
    return inner if isinstance(inner, int) and not isinstance(inner, bool) else None


def wait_of(answer: Answer, *, otherwise: float) -> float:
    """How many seconds the vendor wants us to wait (RFC 9110 Retry-After in seconds)."""
    return bounded(answer.headers.get("retry-after"), otherwise=otherwise)


def bounded(seconds: str | float | None, *, otherwise: float) -> float:
    """A wait as a vendor tells it, in sensible bounds."""
    try:
        told = float(seconds) if seconds is not None else otherwise
    except ValueError:
        return otherwise
    return min(told, _LONGEST_WAIT_SECONDS) if told > 0 else otherwise


def credential(account: ChannelAccount, name: str) -> str:
    """One word of the account. ChannelAccountError when it was never told, or cannot be one."""
    value = account.credentials.get(name, "")
    if not value or not value.isprintable():
        raise ChannelAccountError(f"{name} is missing, or not printable")
    return value


def plain_credential(account: ChannelAccount, name: str) -> str:
    """One that is written into an address or a header as it is. ChannelAccountError as above."""
    value = credential(account, name)
    if not _PLAIN.fullmatch(value):
        raise ChannelAccountError(f"{name} has characters that none has")
    return value


def e164(to: str, *, region: str | None = None) -> str:
    """A phone number in its one form (ITU-T E.164). RecipientRefusedError when it is none."""
    try:
        number = phonenumbers.parse(to, region)
    except phonenumbers.NumberParseException:
        raise invalid_address() from None
    if not phonenumbers.is_possible_number(number):
        raise invalid_address()
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def invalid_address() -> RecipientRefusedError:
    """Nobody can have this address."""
    return RecipientRefusedError("not an address of this channel", code=Mishap.INVALID_ADDRESS)


def keep_to(length: int, *, most: int) -> None:
    """Refuse what the vendor would refuse or cut (ChannelAccountError: mend the template)."""
    if length > most:
        raise ChannelAccountError(f"{Mishap.TOO_LONG}: {length} of at most {most}")


def utf16_length(text: str) -> int:
    """How many UTF-16 code units; an emoji is two."""
    return len(text.encode("utf-16-le")) // 2


def same_secret(left: str, right: str) -> bool:
    """Equal, compared in constant time. Nothing equals nothing: who has no secret trusts nobody."""
    return bool(left) and compare_digest(left.encode(), right.encode())


def instant(seconds: str | float | None) -> datetime | None:
    """Unix seconds as an instant; None when they are none."""
    try:
        return datetime.fromtimestamp(float(seconds), UTC) if seconds is not None else None
    except (ValueError, OverflowError, OSError):
        return None


def storable(text: str) -> str:
    """What somebody wrote, without the one character PostgreSQL cannot keep."""
    return text.replace("\x00", "")


def header(headers: Mapping[str, str], name: str) -> str:
    """A header of a webhook, or nothing."""
    return headers.get(name, "")
