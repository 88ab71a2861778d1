"""Three places where sealed contents may rest: each keeps, gives back, lets go and tells."""

import hashlib
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import boto3
import httpx
import pytest

from cloud_api.files.errors import ObjectGoneError, StoreSilentError
from cloud_api.files.ports import ObjectStore
from cloud_api.files.registry import store_of
from cloud_api.files.stores.cloudinary import CloudinaryAccount, CloudinaryStore, signature
from cloud_api.files.stores.local import LocalStore
from cloud_api.files.stores.s3 import Bucket, S3Store
from cloud_api.kit.outgoing import Outgoing
from cloud_api.settings import CloudSettings
from portero.local.ports import any_free
from portero.simulators.cloudinary import Cloudinary
from portero.simulators.kit import Fault, FaultKind, Stage, playing
from tests.builders import HandClock

ROOT = Path(__file__).parents[3]
MOTO = ROOT / ".portero/moto"
LATER = timedelta(days=400)


@dataclass
class Clouded:
    """A Cloudinary on a socket and a store of ours that uses it."""

    vendor: Cloudinary
    stage: Stage
    store: CloudinaryStore
    clock: HandClock


@pytest.fixture
async def clouded() -> AsyncIterator[Clouded]:
    clock = HandClock(now=datetime(2026, 11, 30, 12, tzinfo=UTC))
    vendor = Cloudinary(now=clock.now)
    async with playing(vendor.app()) as stage, Outgoing({"cloudinary": stage.url}) as outgoing:
        account = CloudinaryAccount(vendor.cloud_name, vendor.api_key, vendor.secret)
        yield Clouded(vendor, stage, CloudinaryStore(account, outgoing, clock), clock)


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """A server that speaks S3, in an environment of its own."""
    if not (MOTO / ".ready").exists():
        pytest.skip("moto is not installed here: `make test` installs it where it may")
    port = any_free()
    server = subprocess.Popen(  # noqa: S603 - ours
        [MOTO / "bin/moto_server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url)
        boto3.client(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="k",
            aws_secret_access_key="s",
        ).create_bucket(Bucket="casas")
        yield url
    finally:
        server.terminate()
        server.wait(10)


def _wait_for(url: str) -> None:
    for _ in range(600):
        try:
            httpx.get(f"{url}/moto-api/", trust_env=False)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("moto does not answer")


def _files_in(folder: Path) -> list[Path]:
    return [each for each in folder.rglob("*") if each.is_file()]


@pytest.fixture(params=["local", "s3", "cloudinary"])
async def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ObjectStore]:
    async with AsyncExitStack() as stack:
        if request.param == "local":
            yield LocalStore(tmp_path / "store")
        elif request.param == "s3":
            url = request.getfixturevalue("moto")
            yield S3Store(Bucket("casas", "us-east-1", url, "k", "s", prefix=f"{uuid4().hex}/"))
        else:
            clock = HandClock()
            vendor = Cloudinary(now=clock.now, most_results=2)
            stage = await stack.enter_async_context(playing(vendor.app()))
            outgoing = await stack.enter_async_context(Outgoing({"cloudinary": stage.url}))
            account = CloudinaryAccount(vendor.cloud_name, vendor.api_key, vendor.secret)
            yield CloudinaryStore(account, outgoing, clock)


async def test_what_was_put_comes_back_and_is_gone_when_let_go(any_store: ObjectStore) -> None:
    name, sealed = uuid4().hex, bytes(range(256)) * 100
    await any_store.put(name, sealed)
    assert await any_store.get(name) == sealed
    await any_store.put(name, b"again")
    assert await any_store.get(name) == b"again"
    await any_store.delete(name)
    await any_store.delete(name)
    with pytest.raises(ObjectGoneError):
        await any_store.get(name)


async def test_a_store_tells_every_name_it_holds(any_store: ObjectStore) -> None:
    mine = sorted(uuid4().hex for _ in range(5))
    for name in mine:
        await any_store.put(name, b"x")
    now = datetime.now(UTC)  # noqa: TID251 - the store's own clock
    assert sorted(await any_store.names(before=now + LATER)) == mine
    assert await any_store.names(before=now - LATER) == []


async def test_the_largest_file_passes(any_store: ObjectStore) -> None:
    name, large = uuid4().hex, b"\x00\xff" * (10 * 1024 * 1024) + b"sealed"
    await any_store.put(name, large)
    assert await any_store.get(name) == large


async def test_on_the_disk_a_content_is_read_by_its_owner_alone(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    await store.put(uuid4().hex, b"x")
    (place,) = _files_in(tmp_path / "store")
    assert place.stat().st_mode & 0o077 == 0
    assert place.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["../../etc/passwd", "a" * 31, "A" * 32, "", "a/b"])
async def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="random"):
        await LocalStore(tmp_path).get(name)


async def test_a_half_written_content_never_stands_in_its_place(tmp_path: Path) -> None:
    store, name = LocalStore(tmp_path), uuid4().hex
    await store.put(name, b"whole")
    (tmp_path / name[:2] / f"{name}.new").write_bytes(b"hal")
    assert await store.get(name) == b"whole"
    await store.delete(name)
    assert _files_in(tmp_path) == []


async def test_an_s3_store_that_is_not_there_is_silent() -> None:
    store = S3Store(Bucket("casas", "us-east-1", f"http://127.0.0.1:{any_free()}", "k", "s"))
    with pytest.raises(StoreSilentError):
        await store.put(uuid4().hex, b"x")


def test_the_string_to_sign_is_the_documents_own_example() -> None:
    account = CloudinaryAccount("demo", "1234", "abcd", digest="sha1")
    told = "eager=w_400,h_300,c_pad|w_260,h_200,c_crop&public_id=sample_image&timestamp=1315060510"
    params = {
        "timestamp": "1315060510",
        "public_id": "sample_image",
        "eager": "w_400,h_300,c_pad|w_260,h_200,c_crop",
        "api_key": "1234",
        "file": "x",
    }
    assert signature(params, account) == "bfd09f95f331f558cbd1320e67aa8d488770583e"
    assert signature(params, account) == hashlib.sha1(f"{told}abcd".encode()).hexdigest()  # noqa: S324 - Cloudinary's


def test_an_ampersand_inside_a_value_makes_no_second_parameter() -> None:
    account = CloudinaryAccount("demo", "1", "abcd")
    assert signature({"a": "1&b=2"}, account) != signature({"a": "1", "b": "2"}, account)


async def test_cloudinary_keeps_it_as_authenticated_and_gives_it_by_an_address_that_ends(
    clouded: Clouded,
) -> None:
    await clouded.store.put(uuid4().hex, b"sealed")
    ((kind, name),) = clouded.vendor.resources
    assert (kind, name.startswith("portero/")) == ("authenticated", True)
    await clouded.store.get(name.removeprefix("portero/"))
    (asked,) = clouded.stage.heard("/raw/download")
    async with httpx.AsyncClient(trust_env=False) as thief:
        url = f"{clouded.stage.url}{asked.path}"
        assert (await thief.get(f"{url}?{asked.query}")).content == b"sealed"
        other = asked.query.replace(name.split("/")[1], uuid4().hex)
        assert (await thief.get(f"{url}?{other}")).status_code == 401
        clouded.vendor.now += timedelta(minutes=6)
        assert (await thief.get(f"{url}?{asked.query}")).status_code == 401


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.STATUS_BEFORE, status=420),
        Fault(FaultKind.STATUS_AFTER, status=500),
        Fault(FaultKind.GARBAGE_AFTER),
        Fault(FaultKind.CUT_BEFORE),
        Fault(FaultKind.CUT_AFTER),
    ],
    ids=lambda fault: str(fault.kind),
)
async def test_whatever_goes_wrong_at_cloudinary_the_same_is_said_again(
    clouded: Clouded, fault: Fault
) -> None:
    name = uuid4().hex
    clouded.stage.add_fault(fault)
    with pytest.raises(StoreSilentError):
        await clouded.store.put(name, b"sealed")
    await clouded.store.put(name, b"sealed")
    assert await clouded.store.get(name) == b"sealed"
    assert len(clouded.vendor.resources) == 1


async def test_a_wrong_secret_or_a_slow_clock_is_a_silent_store(clouded: Clouded) -> None:
    clouded.clock.advance(timedelta(hours=-2))
    with pytest.raises(StoreSilentError):
        await clouded.store.put(uuid4().hex, b"x")
    clouded.clock.advance(timedelta(hours=2))
    clouded.vendor.secret = "another"
    with pytest.raises(StoreSilentError):
        await clouded.store.put(uuid4().hex, b"x")
    assert clouded.vendor.resources == {}


async def test_the_operator_chooses_the_store(settings: CloudSettings, clock: HandClock) -> None:
    async with Outgoing() as outgoing:
        assert isinstance(store_of(settings, outgoing, clock), LocalStore)
        more = {"files_bucket": "casas", "files_key_id": "k"}
        s3 = settings.model_copy(update={"files_store": "s3", **more})
        assert isinstance(store_of(s3, outgoing, clock), S3Store)
        elsewhere = settings.model_copy(update={"files_store": "cloudinary", **more})
        assert isinstance(store_of(elsewhere, outgoing, clock), CloudinaryStore)


def test_a_store_outside_needs_its_key(settings: CloudSettings) -> None:
    with pytest.raises(ValueError, match="files_bucket"):
        CloudSettings(
            database_dsn=settings.database_dsn,
            secret_key=settings.secret_key,
            files_store="s3",
        )
