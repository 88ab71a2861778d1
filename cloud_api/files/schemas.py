"""How do files look from outside? Contents are asked for one by one."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel

from cloud_api.files.models import FileRow
from cloud_api.files.types import FileRef, MediaType, Purpose


class FileOut(BaseModel):
    """A file that is kept; `delete_at` null: until somebody forgets it."""

    id: UUID
    purpose: Purpose
    name: str
    media_type: MediaType
    size: int
    created_at: datetime
    delete_at: datetime | None
    client_id: UUID | None
    reservation_id: UUID | None

    @classmethod
    def of(cls, file: FileRef | FileRow) -> Self:
        """As staff know it."""
        return cls(
            id=file.id,
            purpose=file.purpose,
            name=file.name,
            media_type=file.media_type,
            size=file.size,
            created_at=file.created_at,
            delete_at=file.delete_at,
            client_id=file.client_id,
            reservation_id=file.reservation_id,
        )


class FileNote(BaseModel):
    """What the record says of a file: never its name, which may tell a person's."""

    purpose: Purpose
    media_type: MediaType
    size: int
    reservation_id: UUID | None
