"""What does a vendor's answer, or its silence, mean for money?

Whether something was done is the only question that counts here. An answer that cannot be read,
and a failure in the middle of a POST, are as silent as no answer at all.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from http import HTTPStatus

from pydantic import BaseModel, ConfigDict, ValidationError

from cloud_api.kit.outgoing import (
    Answer,
    Ask,
    Outgoing,
    VendorSilentError,
    VendorUnreachableError,
)
from cloud_api.payments.errors import (
    ProviderAccountError,
    ProviderBusyError,
    ProviderError,
    ProviderSilentError,
    ProviderUnreachableError,
)
from cloud_api.payments.types import Account

_LONGEST_WAIT_SECONDS = 3600.0
_NOT_BEGUN = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_MEANT = frozenset({*range(200, 300), *range(400, 500)}) - {HTTPStatus.REQUEST_TIMEOUT}
# What of a vendor's own words may be stored: a code, never a sentence, for sentences quote keys.
_CODE = re.compile(r"[A-Za-z0-9_.\-]{1,60}")


class Told(BaseModel):
    """What a vendor told; what it tells besides is not ours to know."""

    model_config = ConfigDict(extra="ignore", frozen=True)


async def ask(outgoing: Outgoing, what: Ask) -> Answer:
    """Ask once. Raises ProviderUnreachableError or ProviderSilentError."""
    try:
        return await outgoing.ask(what)
    except VendorUnreachableError as error:
        raise ProviderUnreachableError(str(error)) from None
    except VendorSilentError as error:
        raise ProviderSilentError(str(error)) from None


def read[T: Told](answer: Answer, shape: type[T]) -> T:
    """The answer, its numbers exact. Raises ProviderSilentError where it is not of this shape."""
    try:
        return shape.model_validate(exactly(answer.body))
    except (ValueError, ValidationError):
        raise ProviderSilentError(f"an answer that is no {shape.__name__.strip('_')}") from None


def exactly(body: bytes) -> object:
    """JSON with its fractions as Decimal; ValueError when it is none."""
    parsed: object = json.loads(body, parse_float=Decimal)
    return parsed


def safe_code(word: object) -> str:
    """A vendor's code, if it is one and no sentence."""
    text = str(word)
    return text if _CODE.fullmatch(text) else "unreadable"


def credential(account: Account, name: str) -> str:
    """One of the account's credentials. Raises ProviderAccountError where there is none."""
    value = account.credentials.get(name, "")
    if not value:
        raise ProviderAccountError(f"the account has no {name}")
    return value


def choice[T](account: Account, name: str, among: Mapping[str, T]) -> T:
    """What a credential stands for. Raises ProviderAccountError where it stands for nothing."""
    try:
        return among[credential(account, name)]
    except KeyError:
        raise ProviderAccountError(f"the account's {name} is none of {sorted(among)}") from None


def trouble(answer: Answer, *, code: str, did: bool) -> ProviderError | None:
    """What an answer means that no vendor of ours sends on purpose; None where it does.

    `did`: the request could have changed something, so a failure in its middle is a silence.
    A vendor that says "too many" (429) or "not now" (503) has not begun. One that sends us
    elsewhere is not the vendor, or not itself.
    """
    said = f"answered {answer.status}, {code}"
    if answer.status in _NOT_BEGUN:
        return ProviderBusyError(said, retry_after_seconds=_wait(answer))
    if answer.status in _MEANT:
        return None
    return ProviderSilentError(said) if did else ProviderBusyError(said)


def _wait(answer: Answer) -> float:
    said = answer.headers.get("retry-after", "")
    return min(float(said), _LONGEST_WAIT_SECONDS) if said.isdecimal() else 5.0
