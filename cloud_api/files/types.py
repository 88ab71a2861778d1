"""Which words do private files have, and what may each kind of file be?"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

MEGABYTE: Final = 1024 * 1024
MOST_BYTES: Final = 20 * MEGABYTE


class Purpose(StrEnum):
    """What a file is kept for; decides what it may be and who may see it."""

    VOUCHER = "voucher"
    ID_DOCUMENT = "id_document"
    PHOTO = "photo"
    EVIDENCE = "evidence"
    PAPER = "paper"
    CONTRACT = "contract"
    EXPORT = "export"


PRIVATE: Final = frozenset({Purpose.ID_DOCUMENT, Purpose.EXPORT})
"""Seen only with a permission of its own, and each look at one is on record."""


class MediaType(StrEnum):
    """What a content is, by its first bytes."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    GIF = "image/gif"
    PDF = "application/pdf"
    JSON = "application/json"


PICTURES: Final = frozenset({MediaType.JPEG, MediaType.PNG, MediaType.WEBP, MediaType.GIF})


class State(StrEnum):
    """Where a file stands. `waiting`: sealed in the database, not yet in the store."""

    WAITING = "waiting"
    STORED = "stored"
    FORGETTING = "forgetting"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class FileRef:
    """What other rooms remember of a file."""

    id: UUID
    organisation_id: UUID
    purpose: Purpose
    name: str
    media_type: MediaType
    size: int
    created_at: datetime
    delete_at: datetime | None
    client_id: UUID | None = None
    reservation_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Endless:
    """Files of one booking and purpose whose end is not set."""

    organisation_id: UUID
    reservation_id: UUID
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class Content:
    """A file that was opened."""

    ref: FileRef
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Resting:
    """A file as it rests: its sealed content is in the database, or in the store by this name."""

    ref: FileRef
    object_name: str
    wrapped_key: bytes = field(repr=False)
    sealed: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A sealed content on its way into the store."""

    file_id: UUID
    object_name: str
    tries: int
    sealed: bytes = field(repr=False)
