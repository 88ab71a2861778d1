"""What do the tests of files share: pictures, a store in a folder, and a worker's hand?"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from PIL import Image

from cloud_api.files import service
from cloud_api.files.errands import errands_of
from cloud_api.files.jobs import forget_due
from cloud_api.files.ports import ObjectStore
from cloud_api.files.service import Cabinet
from cloud_api.files.stores.local import LocalStore
from cloud_api.files.types import FileRef, Purpose
from cloud_api.kit.db import Database
from cloud_api.kit.jobs import Tools
from cloud_api.kit.vault import Vault
from cloud_api.settings import CloudSettings
from tests.builders import HandClock, SmallHotel


@dataclass
class Hand:
    """Does what a worker does to files, until nothing is left to do."""

    database: Database
    store: ObjectStore
    tools: Tools
    folder: Path
    organisation_id: UUID

    @property
    def cabinet(self) -> Cabinet:
        return Cabinet(self.tools.vault, self.store)

    async def keep(
        self,
        content: bytes,
        *,
        delete_after: timedelta | None = None,
        organisation_id: UUID | None = None,
    ) -> FileRef:
        """A voucher, as a room above keeps one."""
        async with self.database.transaction() as session:
            return await service.keep(
                session,
                self.tools.vault,
                organisation_id=organisation_id or self.organisation_id,
                content=content,
                media_type=None,
                purpose=Purpose.VOUCHER,
                delete_after=delete_after,
                name="proof.pdf",
            )

    async def read(self, ref: FileRef) -> bytes:
        async with self.database.reading() as session:
            opened = await service.read(
                session, self.cabinet, organisation_id=ref.organisation_id, file_id=ref.id
            )
        return opened.content

    def places(self) -> list[Path]:
        """Every file in the store's folder."""
        return [each for each in self.folder.rglob("*") if each.is_file()]

    def everything(self) -> bytes:
        """All the store holds."""
        return b"".join(each.read_bytes() for each in self.places())

    async def works(self) -> int:
        done = 0
        for errand in errands_of(self.store):
            while taken := await errand.round(self.database.transaction, self.tools):
                done += taken
        return done

    async def forgets(self) -> int:
        async with self.database.transaction() as session:
            return (await forget_due(session, self.tools.clock)).forgotten


@pytest.fixture
def settings(settings: CloudSettings, tmp_path: Path) -> CloudSettings:
    return settings.model_copy(update={"files_folder": tmp_path / "store"})


@pytest.fixture
def hand(house: SmallHotel, database: Database, clock: HandClock, settings: CloudSettings) -> Hand:
    assert settings.files_folder is not None
    return Hand(
        database=database,
        store=LocalStore(settings.files_folder),
        tools=Tools(clock=clock, vault=Vault(settings.secret_key.get_secret_value())),
        folder=settings.files_folder,
        organisation_id=house.organisation_id,
    )


@pytest.fixture
def picture() -> Callable[..., bytes]:
    def paint(kind: str = "JPEG", *, size: tuple[int, int] = (640, 480), place: str = "") -> bytes:
        made = io.BytesIO()
        exif = Image.Exif()
        if place:
            exif[0x010E] = place
        Image.new("RGB", size, (200, 30, 30)).save(made, format=kind, exif=exif)
        return made.getvalue()

    return paint
