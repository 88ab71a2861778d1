"""How is a quote written down so that the same quote is always the same bytes?

JSON with sorted keys, no spaces, sets in order, decimals as text; the inputs beside the result.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from pydantic import TypeAdapter

from cloud_api.pricing.rules.stay import price
from cloud_api.pricing.types import Inputs, Quote

type Plain = str | int | bool | list["Plain"] | dict[str, "Plain"] | None

_ID_BYTES = 16
_MAC_BYTES = 32
FORM = 1


@dataclass(frozen=True, slots=True)
class Document:
    """A quote with what it follows from; `form` names how it is written and worked out."""

    form: int
    inputs: Inputs
    quote: Quote


_READING = TypeAdapter(Document)


def written(inputs: Inputs, quote: Quote) -> str:
    """The one way to write it."""
    return canonical(Document(FORM, inputs, quote))


def read(text: str) -> Document:
    """What was written."""
    return _READING.validate_json(text)


def reproduced(text: str) -> bool:
    """Does the quote follow from its inputs today as it did then, byte for byte?"""
    told = read(text)
    return written(told.inputs, price(told.inputs)) == text


def canonical(value: object) -> str:
    """Equal values, equal text."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def plain(value: object) -> Plain:
    """A value of ours as JSON knows it."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    return _composed(value)


def token_of(quote_id: UUID, mac: bytes) -> str:
    """The name of a quote for whoever holds it: its id and its signature."""
    return urlsafe_b64encode(quote_id.bytes + mac).decode()


def parts_of(token: str) -> tuple[UUID, bytes] | None:
    """A token's id and signature; None when it is none of ours."""
    try:
        raw = urlsafe_b64decode(token)
    except (Base64Error, ValueError):
        return None
    if (
        len(raw) != _ID_BYTES + _MAC_BYTES
        or token_of(UUID(bytes=raw[:_ID_BYTES]), raw[_ID_BYTES:]) != token
    ):
        return None
    return UUID(bytes=raw[:_ID_BYTES]), raw[_ID_BYTES:]


def _composed(value: object) -> Plain:
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, AbstractSet):
        return sorted((plain(each) for each in value), key=str)
    if isinstance(value, Sequence):
        return [plain(each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    raise TypeError(f"a {type(value).__name__} cannot be written down")
