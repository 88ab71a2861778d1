"""Setting a house up: again where it stopped, never over another device without being told to."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr

from cloud_api.fleet.keyring import Keyring
from cloud_api.fleet.keys import service as keys
from cloud_api.kit.clock import SystemClock
from cloud_api.kit.db import Database
from cloud_api.settings import CloudSettings
from cloud_api.worker import rooms, shift
from edge_agent.simulator.ttlock.model import Identity
from edge_agent.store import identity
from edge_agent.store import locks as lock_store
from portero.verbs.provision import LocksFile
from provisioning import ceremony, claim
from provisioning.ekeys import EKey
from provisioning.errors import (
    CloudUnreachableError,
    LoginRefusedError,
    ProvisioningError,
)
from provisioning.guide import Means, Outcome, Wanted, look, set_up
from provisioning.host import Host
from provisioning.plan import Step, missing
from tests.builders import PASSWORD, HandClock, found_tenant
from tests.provisioning.conftest import BROKER


@dataclass
class Screen:
    """What a person is shown."""

    begun: list[Step] = field(default_factory=list)
    told: dict[Step, str] = field(default_factory=dict)

    def begin(self, step: Step) -> None:
        self.begun.append(step)

    def end(self, step: Step, said: str) -> None:
        self.told[step] = said


@dataclass(frozen=True)
class Technician:
    """Somebody with a password, in front of devices."""

    url: str
    email: str
    folder: Path

    def wanted(self, device: str, *, name: str = "Beach house") -> Wanted:
        lock = Identity.invent("C0:FF:EE:00:00:01", "Front", secrets.token_bytes).key_material()
        return Wanted(
            cloud_url=self.url,
            house=name,
            zone="America/Lima",
            property="Casa del Mar",
            region="PE",
            lockd=self.folder / device / "lockd",
            line=self.folder / device / "line",
            locks={"Front door": EKey("C0:FF:EE:00:00:01", SecretStr(json.dumps(lock)))},
            players={"Living room": "living_room"},
        )

    async def sets_up(self, wanted: Wanted, screen: Screen) -> Outcome:
        return await asyncio.to_thread(self._set_up, wanted, screen)

    def _set_up(self, wanted: Wanted, screen: Screen) -> Outcome:
        with Host(self.url) as host:
            host.log_in(self.email, SecretStr(PASSWORD))
            return set_up(wanted, self._means(wanted, screen, host))

    async def left(self, wanted: Wanted) -> tuple[Step, ...]:
        return await asyncio.to_thread(self._left, wanted)

    def _left(self, wanted: Wanted) -> tuple[Step, ...]:
        with Host(self.url) as host:
            host.log_in(self.email, SecretStr(PASSWORD))
            found = look(wanted, self._means(wanted, Screen(), host))
            return missing(found, now=SystemClock().utc_now())

    def _means(self, wanted: Wanted, screen: Screen, host: Host) -> Means:
        clock = SystemClock()
        return Means(
            host=host,
            shelf=LocksFile(wanted.lockd),
            teller=screen,
            now=clock.utc_now,
            monotonic=clock.monotonic,
            sleep=time.sleep,
        )


@pytest.fixture
async def technician(
    live_cloud: str, database: Database, settings: CloudSettings, clock: HandClock, tmp_path: Path
) -> AsyncIterator[Technician]:
    """A cloud with keys in force and a worker that tells fleet of new houses."""
    ceremony.hold(
        root_folder=tmp_path / "root", cloud_folder=tmp_path / "cloud", now=clock.utc_now()
    )
    ring = Keyring(tmp_path / "cloud")
    async with database.transaction() as session:
        await keys.install(
            session, ring.document(), root_public_key=ring.root_public(), clock=clock
        )
    async with httpx.AsyncClient(base_url=live_cloud) as client:
        owner = await found_tenant(database, client)
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(shift.work(rooms.crew(settings, database, clock=clock), stop))
        yield Technician(live_cloud, owner.email, tmp_path)
        stop.set()


async def test_from_nothing_and_again_where_it_stopped(technician: Technician) -> None:
    wanted, screen = technician.wanted("pi"), Screen()
    assert await technician.left(wanted) == tuple(
        step for step in Step if step not in {Step.CERTIFICATE, Step.BROKER}
    )
    done = await technician.sets_up(wanted, screen)
    # Nobody listens where this cloud says its broker is: that is told, and left.
    assert (done.left, done.broker_url) == ((Step.BROKER,), BROKER)
    assert screen.begun == list(Step)
    assert screen.told[Step.BROKER].startswith("not now: ")
    me = identity.load(wanted.lockd)
    assert me.house == done.house_id
    (kept,) = lock_store.load(wanted.lockd)
    assert kept.key == wanted.locks["Front door"].record
    again = Screen()
    assert (await technician.sets_up(wanted, again)).house_id == done.house_id
    assert again.told[Step.DEVICES] == "2 wanted, 0 new"
    assert again.told[Step.CLAIM] == "this device is the house's already"
    assert again.told[Step.LOCKS] == "0 new; 1 in all"
    assert await technician.left(wanted) == (Step.BROKER,)
    secret = kept.key.get_secret_value()
    assert not any(secret in said or "claim." in said for said in screen.told.values())


async def test_a_second_device_must_be_told_to_replace_the_first(technician: Technician) -> None:
    old, new = technician.wanted("old"), technician.wanted("new")
    house = (await technician.sets_up(old, Screen())).house_id
    with pytest.raises(ProvisioningError, match=r"has had a device since .*--replace"):
        await technician.sets_up(new, Screen())
    assert claim.house_in(new.lockd) is None
    assert (await technician.sets_up(replace(new, replace=True), Screen())).house_id == house
    assert identity.load(new.lockd).signer.public_hex != identity.load(old.lockd).signer.public_hex


async def test_a_device_of_one_house_does_not_become_another_by_the_way(
    technician: Technician,
) -> None:
    wanted = technician.wanted("pi")
    await technician.sets_up(wanted, Screen())
    other = technician.wanted("pi", name="Mountain house")
    with pytest.raises(ProvisioningError, match="wipe it first"):
        await technician.sets_up(other, Screen())
    claim.wipe(wanted.lockd, wanted.line)
    house = (await technician.sets_up(other, Screen())).house_id
    assert identity.load(other.lockd).house == house


async def test_an_interrupted_claim_goes_on_with_the_keys_it_made(technician: Technician) -> None:
    wanted = technician.wanted("pi")
    unreachable = replace(wanted, cloud_url="http://127.0.0.1:9")
    with pytest.raises(CloudUnreachableError):
        await technician.sets_up(unreachable, Screen())
    made = json.loads((wanted.lockd / "house.claiming").read_text())["signing_seed"]
    done = await technician.sets_up(wanted, Screen())
    kept = json.loads((wanted.lockd / claim.IDENTITY).read_text())
    assert (UUID(kept["house"]), kept["signing_seed"]) == (done.house_id, made)


async def test_a_wrong_password_sets_nothing_up(technician: Technician) -> None:
    with Host(technician.url) as host, pytest.raises(LoginRefusedError):
        await asyncio.to_thread(host.log_in, technician.email, SecretStr("wrong"))
    assert not (technician.folder / "pi").exists()


def test_a_cloud_that_is_away_is_said_so() -> None:
    with Host("http://127.0.0.1:9") as host, pytest.raises(CloudUnreachableError):
        host.log_in("owner@example.org", SecretStr(PASSWORD))
