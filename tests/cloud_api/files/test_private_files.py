"""Private files: kept with what they belong to, unreadable where they rest, forgotten in time."""

import io
import os
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from PIL import Image
from sqlalchemy import text

from cloud_api.accounts.types import Role
from cloud_api.files import service
from cloud_api.files.errors import FileDamaged
from cloud_api.files.stores.local import LocalStore
from cloud_api.files.types import FileRef, Purpose
from cloud_api.kit.db import Database
from cloud_api.kit.errors import NotFound
from tests.builders import HandClock, SmallHotel, Tenant, client_of, found_tenant, join
from tests.cloud_api.files.conftest import Hand

CANARY = b"%PDF-1.7 the guest's secret number is 4711-CANARY-0815"
type Paint = Callable[..., bytes]


async def upload(
    tenant: Tenant, content: bytes, *, said: str = "application/octet-stream", **query: str
) -> httpx.Response:
    return await tenant.client.post(
        "/api/v1/files",
        content=content,
        params={"name": "a file", **query},
        headers={**tenant.headers, "content-type": said},
    )


async def test_a_file_reads_the_same_before_and_after_it_went_into_the_store(hand: Hand) -> None:
    ref = await hand.keep(CANARY)
    assert await hand.read(ref) == CANARY
    assert await hand.works() > 0
    async with hand.database.reading() as session:
        assert await session.scalar(text("SELECT count(*) FROM file_parcels")) == 0
    assert await hand.read(ref) == CANARY


async def test_neither_the_store_nor_the_database_holds_the_content_in_clear(hand: Hand) -> None:
    await hand.keep(CANARY)
    async with hand.database.reading() as session:
        waiting = await session.scalar(text("SELECT sealed FROM file_parcels"))
        row = await session.scalar(text("SELECT CAST(to_jsonb(files) AS text) FROM files"))
    await hand.works()
    resting = hand.everything()
    assert len(resting) > len(CANARY)
    for place in (waiting, row.encode(), resting):
        assert b"CANARY" not in place
        assert CANARY.hex().encode() not in place


async def test_names_in_the_store_say_nothing_of_file_or_organisation(hand: Hand) -> None:
    ref = await hand.keep(CANARY)
    await hand.works()
    (name,) = [each.name for each in hand.places()]
    assert name not in {ref.id.hex, hand.organisation_id.hex}
    assert len(name) == 32


async def test_another_organisation_is_not_told_that_the_file_exists(hand: Hand) -> None:
    ref = await hand.keep(CANARY)
    async with hand.database.reading() as session:
        with pytest.raises(NotFound):
            await service.read(session, hand.cabinet, organisation_id=uuid4(), file_id=ref.id)


async def test_a_content_put_in_another_files_place_does_not_open(
    hand: Hand, owner_dsn: str, cloud_app: object
) -> None:
    mine = await hand.keep(CANARY)
    async with client_of(cloud_app) as client:  # type: ignore[arg-type] # the fixture's application
        stranger = await found_tenant(hand.database, client)
    theirs = await hand.keep(CANARY + b" theirs", organisation_id=stranger.organisation_id)
    await hand.works()
    async with hand.database.transaction() as session:
        # As a thief with the database would: the other's content and key under one's own row.
        await session.execute(
            text(
                "UPDATE files AS f SET wrapped_key = t.wrapped_key, object_name = t.object_name || 'x'"
                " FROM files AS t WHERE f.id = :mine AND t.id = :theirs"
            ),
            {"mine": mine.id, "theirs": theirs.id},
        )
        await session.execute(
            text("INSERT INTO file_parcels VALUES (:mine, :sealed)"),
            {"mine": mine.id, "sealed": await _sealed(hand, theirs)},
        )
    with pytest.raises(FileDamaged):
        await hand.read(mine)
    assert await hand.read(theirs) == CANARY + b" theirs"


async def _sealed(hand: Hand, ref: FileRef) -> bytes:
    async with hand.database.reading() as session:
        name = await session.scalar(
            text("SELECT object_name FROM files WHERE id = :id"), {"id": ref.id}
        )
    return await hand.store.get(name)


async def test_one_altered_bit_in_the_store_is_noticed(hand: Hand) -> None:
    ref = await hand.keep(CANARY)
    await hand.works()
    (place,) = hand.places()
    body = bytearray(place.read_bytes())
    body[-1] ^= 1
    place.write_bytes(body)
    with pytest.raises(FileDamaged):
        await hand.read(ref)


async def test_when_the_time_has_come_the_file_is_noise_at_once_and_gone_soon_after(
    hand: Hand, clock: HandClock
) -> None:
    ref = await hand.keep(CANARY, delete_after=timedelta(days=30))
    await hand.works()
    clock.advance(timedelta(days=29, hours=23))
    assert await hand.forgets() == 0
    clock.advance(timedelta(hours=2))
    assert await hand.forgets() == 1
    with pytest.raises(NotFound):
        await hand.read(ref)
    await hand.works()
    assert hand.everything() == b""
    async with hand.database.reading() as session:
        left = (
            await session.execute(
                text("SELECT state, name, wrapped_key, gone_at IS NOT NULL AS at FROM files")
            )
        ).one()
    assert tuple(left) == ("gone", "", None, True)
    assert await hand.forgets() == 0


async def test_a_store_that_is_silent_gets_it_later_and_nothing_is_lost(hand: Hand) -> None:
    ref = await hand.keep(CANARY)
    hand.folder.write_text("a file where the folder should be")
    await hand.works()
    assert await hand.read(ref) == CANARY
    hand.folder.unlink()
    async with hand.database.transaction() as session:
        await session.execute(text("UPDATE files SET due_at = now()"))
    await hand.works()
    assert CANARY not in hand.everything() != b""
    assert await hand.read(ref) == CANARY


async def test_a_file_forgotten_on_its_way_into_the_store_does_not_stay_there(hand: Hand) -> None:
    ref = await hand.keep(CANARY)

    class Meanwhile:
        """Forgets the file while its content travels."""

        def __init__(self, store: LocalStore) -> None:
            self.put_into = store

        async def put(self, name: str, sealed: bytes) -> None:
            async with hand.database.transaction() as session:
                await service.forget(
                    session, organisation_id=ref.organisation_id, file_ids=[ref.id]
                )
            await self.put_into.put(name, sealed)

        def __getattr__(self, verb: str) -> object:
            return getattr(self.put_into, verb)

    assert isinstance(hand.store, LocalStore)
    hand.store = Meanwhile(hand.store)  # type: ignore[assignment] # passes the other verbs on
    await hand.works()
    assert hand.everything() == b""


async def test_what_no_file_remembers_is_swept_out_of_the_store_after_a_day(
    hand: Hand, clock: HandClock
) -> None:
    await hand.keep(CANARY)
    await hand.works()
    old, young = uuid4().hex, uuid4().hex
    await hand.store.put(old, b"left behind by a crash")
    await hand.store.put(young, b"perhaps on its way")
    before = (clock.utc_now() - timedelta(days=2)).timestamp()
    after = (clock.utc_now() + timedelta(hours=1)).timestamp()
    for place in hand.places():
        seconds = after if place.name == young else before
        os.utime(place, (seconds, seconds))
    clock.advance(timedelta(days=1, minutes=5))
    await hand.works()
    await hand.works()
    names = {each.name for each in hand.places()}
    assert old not in names
    assert young in names
    assert len(names) == 2


async def _kept_and_rolled_back(hand: Hand) -> None:
    async with hand.database.transaction() as session:
        await service.keep(
            session,
            hand.tools.vault,
            organisation_id=hand.organisation_id,
            content=CANARY,
            media_type="application/pdf",
            purpose=Purpose.VOUCHER,
            delete_after=None,
            name="x",
        )
        raise ZeroDivisionError


async def test_a_kept_file_that_is_rolled_back_was_never_there(hand: Hand) -> None:
    with pytest.raises(ZeroDivisionError):
        await _kept_and_rolled_back(hand)
    await hand.works()
    assert not hand.folder.exists()


async def test_staff_keep_a_picture_and_it_comes_back_without_what_the_camera_wrote(
    house: SmallHotel, picture: Paint
) -> None:
    taken = picture("JPEG", place="taken at 12.04S 77.03W")
    assert b"77.03W" in taken
    kept = await upload(house.tenant, taken, said="image/jpeg", purpose="photo")
    assert kept.status_code == 201, kept.text
    back = await house.tenant.get(f"/files/{kept.json()['id']}/content")
    assert back.headers["content-type"] == "image/jpeg"
    assert back.headers["content-disposition"].startswith("attachment")
    assert b"77.03W" not in back.content
    with Image.open(io.BytesIO(back.content)) as seen:
        assert seen.size == (640, 480)
        assert not seen.getexif()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
async def test_a_picture_is_shown_small_as_webp(
    house: SmallHotel, picture: Paint, kind: str
) -> None:
    kept = await upload(house.tenant, picture(kind), purpose="photo")
    small = await house.tenant.get(f"/files/{kept.json()['id']}/thumbnail")
    assert small.headers["content-type"] == "image/webp"
    with Image.open(io.BytesIO(small.content)) as seen:
        assert (seen.format, seen.size) == ("WEBP", (400, 300))


@pytest.mark.parametrize(
    ("content", "said", "purpose", "code"),
    [
        (b"<svg onload='x'>", "image/svg+xml", "photo", "file_type_refused"),
        (b"MZ\x90\x00", "image/png", "photo", "file_type_refused"),
        (CANARY, "application/pdf", "id_document", "file_type_refused"),
        (CANARY, "image/png", "voucher", "file_type_refused"),
        (b"", "image/png", "photo", "file_type_refused"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "image/png", "photo", "picture_refused"),
        (
            b"\xff\xd8\xff" + b"\0" * (5 * 1024 * 1024),
            "image/jpeg",
            "id_document",
            "file_too_large",
        ),
        (CANARY, "application/pdf", "paper", "file_type_refused"),
    ],
)
async def test_what_a_purpose_does_not_allow_is_refused(
    house: SmallHotel, content: bytes, said: str, purpose: str, code: str
) -> None:
    refused = await upload(house.tenant, content, said=said, purpose=purpose)
    assert (refused.status_code, refused.json()["code"]) == (422, code)


async def test_a_picture_that_would_unpack_to_too_many_pixels_is_refused(house: SmallHotel) -> None:
    bomb = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(bomb, format="PNG")
    assert len(bomb.getvalue()) < 100_000
    refused = await upload(house.tenant, bomb.getvalue(), purpose="photo")
    assert refused.json()["code"] == "picture_refused"


async def test_the_body_of_a_file_may_be_larger_than_of_other_requests(
    house: SmallHotel, picture: Paint
) -> None:
    noise = Image.frombytes("RGB", (1500, 1000), os.urandom(1500 * 1000 * 3))
    large = io.BytesIO()
    noise.save(large, format="PNG")
    assert len(large.getvalue()) > 4 * 1024 * 1024
    assert (await upload(house.tenant, large.getvalue(), purpose="photo")).status_code == 201
    refused = await house.tenant.client.post(
        "/api/v1/clients", content=b" " * 2_000_000, headers=house.tenant.headers
    )
    assert refused.status_code == 413


async def test_an_identity_document_is_seen_by_those_allowed_and_each_look_is_on_record(
    house: SmallHotel, database: Database, picture: Paint
) -> None:
    tenant = house.tenant
    kept = await upload(tenant, picture(), purpose="id_document", keep_days="30")
    at = f"/files/{kept.json()['id']}"
    reader = await join(
        database, tenant.client, organisation_id=tenant.organisation_id, role=Role.READ_ONLY
    )
    assert (await reader.get(at)).json()["permission"] == "files:private"
    assert (await reader.get(f"{at}/content")).status_code == 403
    assert (await reader.get("/files")).json()["total"] == 0
    assert (await tenant.get("/files")).json()["total"] == 1
    assert (await tenant.get(f"{at}/content")).status_code == 200
    async with database.reading() as session:
        lines = await session.execute(
            text("SELECT action, actor_id FROM audit_log WHERE object_type = 'file' ORDER BY id")
        )
    assert [tuple(line) for line in lines] == [
        ("files.kept", tenant.staff_id),
        ("files.shown", tenant.staff_id),
    ]


async def test_staff_forget_a_file_and_it_is_not_there_any_more(
    house: SmallHotel, picture: Paint, hand: Hand
) -> None:
    kept = await upload(house.tenant, picture(), purpose="photo")
    await hand.works()
    at = f"/files/{kept.json()['id']}"
    assert (await house.tenant.delete(at)).status_code == 204
    assert (await house.tenant.get(at)).status_code == 404
    assert (await house.tenant.get(f"{at}/content")).status_code == 404
    await hand.works()
    assert hand.everything() == b""


async def test_a_cleaner_has_no_business_with_files(house: SmallHotel, database: Database) -> None:
    cleaner = await join(
        database, house.tenant.client, organisation_id=house.organisation_id, role=Role.CLEANER
    )
    assert (await cleaner.get("/files")).status_code == 403
    assert (await upload(cleaner, CANARY, purpose="voucher")).status_code == 403
