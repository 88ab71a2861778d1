"""What is the wire, in words other programs read?

`documents()` renders a JSON Schema per message and one AsyncAPI 3 document
(https://www.asyncapi.com/docs/reference/specification/v3.0.0). The files beside this module are
committed; a test compares them, so that the wire cannot change by accident.
"""

import json

from pydantic import JsonValue

from protocol.access import Delegation
from protocol.base import Wire
from protocol.configuration import DesiredConfiguration
from protocol.envelope import Kind
from protocol.facts import Again, Fact, FactBatch, Receipt
from protocol.house import (
    CurrentAnswer,
    CurrentQuery,
    HouseIdentity,
    HouseStatus,
    Snapshot,
    SnapshotAck,
)
from protocol.keys import KeyDocument
from protocol.live import CommandOutcome, LiveCommand, Look, NonceGrant, NonceRequest
from protocol.music import MusicAnswer, MusicRequest
from protocol.topics import PREFIX, RETAINED, Down, Up
from protocol.version import VERSION

MESSAGES: dict[Kind, type[Wire]] = {
    Kind.KEY_DOCUMENT: KeyDocument,
    Kind.SNAPSHOT: Snapshot,
    Kind.SNAPSHOT_ACK: SnapshotAck,
    Kind.STATUS: HouseStatus,
    Kind.CURRENT_QUERY: CurrentQuery,
    Kind.CURRENT_ANSWER: CurrentAnswer,
    Kind.NONCE_REQUEST: NonceRequest,
    Kind.NONCE_GRANT: NonceGrant,
    Kind.COMMAND: LiveCommand,
    Kind.OUTCOME: CommandOutcome,
    Kind.MUSIC_REQUEST: MusicRequest,
    Kind.MUSIC_ANSWER: MusicAnswer,
    Kind.FACTS: FactBatch,
    Kind.RECEIPT: Receipt,
    Kind.AGAIN: Again,
    Kind.DELEGATION: Delegation,
    Kind.CLAIM: HouseIdentity,
    Kind.CONFIGURATION: DesiredConfiguration,
    Kind.LOOK: Look,
}
"""The body of each kind of signed message."""

CHANNELS: dict[Down | Up, Kind] = {
    Down.SNAPSHOT: Kind.SNAPSHOT,
    Down.KEYS: Kind.KEY_DOCUMENT,
    Down.CURRENT: Kind.CURRENT_ANSWER,
    Down.ASK: Kind.NONCE_REQUEST,
    Down.COMMAND: Kind.COMMAND,
    Down.MUSIC: Kind.MUSIC_REQUEST,
    Down.RECEIPT: Kind.RECEIPT,
    Down.AGAIN: Kind.AGAIN,
    Down.CONFIG: Kind.CONFIGURATION,
    Down.LOOK: Kind.LOOK,
    Up.STATUS: Kind.STATUS,
    Up.ACK: Kind.SNAPSHOT_ACK,
    Up.CURRENT: Kind.CURRENT_QUERY,
    Up.NONCE: Kind.NONCE_GRANT,
    Up.OUTCOME: Kind.OUTCOME,
    Up.MUSIC: Kind.MUSIC_ANSWER,
    Up.FACTS: Kind.FACTS,
}
"""What travels on each channel."""


def documents() -> dict[str, str]:
    """File name → exact text, for every committed schema file."""
    files = {f"{kind.value}.json": _text(_schema(model)) for kind, model in MESSAGES.items()}
    files["fact.json"] = _text(_schema(Fact))
    files["asyncapi.json"] = _text(_asyncapi())
    return files


def _schema(model: type[Wire]) -> dict[str, JsonValue]:
    schema: dict[str, JsonValue] = model.model_json_schema(by_alias=True, mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _asyncapi() -> dict[str, JsonValue]:
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Portero between cloud and house",
            "version": str(VERSION),
            "license": {"name": "GPL-3.0-or-later"},
            "description": "Every payload is a signed envelope: one header line, then JSON.",
        },
        "defaultContentType": "application/vnd.portero.envelope",
        "channels": {_channel_name(channel): _channel(channel) for channel in CHANNELS},
        "operations": {_channel_name(channel): _operation(channel) for channel in CHANNELS},
        "components": {
            "messages": {kind.value: _message(kind) for kind in sorted(set(CHANNELS.values()))}
        },
    }


def _channel_name(channel: Down | Up) -> str:
    return f"{'down' if isinstance(channel, Down) else 'up'}-{channel.value}"


def _channel(channel: Down | Up) -> dict[str, JsonValue]:
    direction, name = _channel_name(channel).split("-")
    kind = CHANNELS[channel].value
    return {
        "address": f"{PREFIX}/{{house}}/{direction}/{name}",
        "parameters": {"house": {"description": "The house's id, a UUID."}},
        "messages": {kind: {"$ref": f"#/components/messages/{kind}"}},
        "bindings": {"mqtt": {"bindingVersion": "0.2.0"}},
        "x-retained": channel in RETAINED,
    }


def _operation(channel: Down | Up) -> dict[str, JsonValue]:
    return {
        "action": "receive" if isinstance(channel, Down) else "send",
        "channel": {"$ref": f"#/channels/{_channel_name(channel)}"},
        "summary": "As seen from the house.",
    }


def _message(kind: Kind) -> dict[str, JsonValue]:
    return {
        "name": kind.value,
        "contentType": "application/vnd.portero.envelope",
        "payload": {"$ref": f"./{kind.value}.json"},
    }


def _text(document: dict[str, JsonValue]) -> str:
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
