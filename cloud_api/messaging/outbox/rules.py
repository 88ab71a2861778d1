"""How do a telling and its text rest in one cell, and come out the same?"""

import json
from base64 import b64decode, b64encode
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cloud_api.kit.money import Money
from cloud_api.messaging.outbox.types import Telling
from cloud_api.messaging.types import Attachment, FileRef, Recipient, Value
from cloud_api.messaging.wording.types import Written


def packed(telling: Telling, written: Written, *, address: str) -> str:
    """Everything that is private of a message, as one text for the vault."""
    return json.dumps(
        {
            "address": address,
            "to": asdict(telling.to) | {"client_id": _id(telling.to.client_id)},
            "values": {name: _value(each) for name, each in telling.values.items()},
            "files": [_file(each) for each in telling.attachments],
            "zone": telling.zone,
            "written": asdict(written),
        }
    )


def address_of(cell: str) -> str:
    """Where it goes."""
    address: str = json.loads(cell)["address"]
    return address


def recipient_of(cell: str) -> Recipient:
    """Whom it is for."""
    kept = json.loads(cell)["to"]
    return Recipient(**kept | {"client_id": kept["client_id"] and UUID(kept["client_id"])})


def values_of(cell: str) -> dict[str, Value]:
    """What it says."""
    return {name: _unvalue(each) for name, each in json.loads(cell)["values"].items()}


def files_of(cell: str) -> tuple[FileRef | Attachment, ...]:
    """What goes along."""
    return tuple(_unfile(each) for each in json.loads(cell)["files"])


def zone_of(cell: str) -> str:
    """In whose zone instants are written."""
    zone: str = json.loads(cell)["zone"]
    return zone


def written_of(cell: str) -> Written:
    """Its text."""
    kept = json.loads(cell)["written"]
    return Written(**kept | {"variables": tuple(kept["variables"])})


def _id(client_id: UUID | None) -> str | None:
    return None if client_id is None else str(client_id)


def _value(value: Value) -> Any:  # noqa: ANN401 - JSON
    match value:
        case Money():
            return {"money": [value.minor, value.currency]}
        case datetime():
            return {"moment": value.isoformat()}
        case date():
            return {"day": value.isoformat()}
        case _:
            return value


def _unvalue(kept: Any) -> Value:  # noqa: ANN401 - JSON
    match kept:
        case {"money": [int(minor), str(currency)]}:
            return Money(minor, currency)
        case {"moment": str(moment)}:
            return datetime.fromisoformat(moment)
        case {"day": str(day)}:
            return date.fromisoformat(day)
        case str() | int() | None:
            return kept
        case _:
            raise ValueError("not a value")


def _file(file: FileRef | Attachment) -> dict[str, str]:
    named = {"name": file.name, "media_type": file.media_type}
    if isinstance(file, FileRef):
        return named | {"file_id": str(file.file_id)}
    return named | {"content": b64encode(file.content).decode()}


def _unfile(kept: dict[str, str]) -> FileRef | Attachment:
    if "file_id" in kept:
        return FileRef(UUID(kept["file_id"]), kept["name"], kept["media_type"])
    return Attachment(kept["name"], kept["media_type"], b64decode(kept["content"]))
