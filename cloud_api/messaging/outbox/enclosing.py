"""How is a stored file read, to go along with a mail?"""

from dataclasses import dataclass
from uuid import UUID

from cloud_api.files import service as files
from cloud_api.files.service import Cabinet
from cloud_api.kit.db import Database
from cloud_api.messaging.types import Attachment, FileRef


@dataclass(frozen=True, slots=True)
class KeptFiles:
    """The room `files`, as whoever carries messages needs it; opens no transaction."""

    cabinet: Cabinet
    database: Database

    async def read(self, organisation_id: UUID, file: FileRef) -> Attachment:
        """The file under the name it goes by. Raises what `files.service.read` raises."""
        async with self.database.reading() as session:
            found = await files.read(
                session, self.cabinet, organisation_id=organisation_id, file_id=file.file_id
            )
        return Attachment(file.name, file.media_type, found.content)
