"""How is each verb of `portero provision` done?"""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from pydantic import SecretStr, ValidationError

from edge_agent.clock import SystemClock
from edge_agent.store import locks as lock_store
from edge_agent.store.locks import KeptLock
from firmware_config import mosquitto
from firmware_config.mosquitto import Broker
from protocol.ids import HouseId, LockId
from provisioning import authority as authorities
from provisioning import claim as claims
from provisioning import cloud, device, line
from provisioning.authority import Service
from provisioning.ekeys import EKey, read_ekey
from provisioning.errors import ProvisioningError
from provisioning.files import read, replace
from provisioning.guide import Means, Outcome, Wanted, set_up
from provisioning.host import Host
from provisioning.plan import Step

if TYPE_CHECKING:
    from collections.abc import Iterator


LINE = "line"
AGENT_ENVIRONMENT = "agent.env"
_REFUSALS = "refusals.pem"
_LOOK_SECONDS = 3600.0
_SHORT_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed for `provision house`."""

    cloud_url: str
    email: str
    password: str = field(repr=False)
    house: str
    zone: str
    property: str
    region: str
    locks: tuple[str, ...]
    players: tuple[str, ...]
    music_url: str
    music_token_file: Path | None
    root: str | None
    lockd_data: Path
    agent_data: Path
    replace: bool


@contextmanager
def told_plainly() -> "Iterator[None]":
    """SystemExit with one sentence instead of a trace."""
    try:
        yield
    except ProvisioningError as error:
        raise SystemExit(str(error)) from None


def make_authority(root_folder: Path, issuer_folder: Path, *, renew: bool) -> str:
    """Root and intermediate, or another intermediate of the same root."""
    make = authorities.create_issuer if renew else authorities.create
    with told_plainly():
        make(root_folder=root_folder, issuer_folder=issuer_folder, now=SystemClock().wall())
    return f"the authority is in {issuer_folder}; keep {root_folder} offline"


def certify_service(name: str, issuer_folder: Path, folder: Path, *, hosts: tuple[str, ...]) -> str:
    """Key and certificate of a courier or the broker."""
    try:
        wanted = Service(name, hosts)
    except ValueError as error:
        raise SystemExit(str(error)) from None
    with told_plainly():
        ends = authorities.certify_service(
            wanted, issuer_folder=issuer_folder, folder=folder, now=SystemClock().wall()
        )
    return f"{name} is certified until {ends:%Y-%m-%d}"


def write_broker(
    folder: Path,
    issuer_folder: Path,
    *,
    couriers: tuple[str, ...],
    address: str,
    port: int,
    name: str,
    user: str,
) -> str:
    """Everything Mosquitto reads, in one folder."""
    at = folder.resolve()
    data = at / "data"
    data.mkdir(parents=True, exist_ok=True)
    root = at / authorities.ROOT
    try:
        broker = Broker(
            couriers=couriers,
            user=user,
            address=address,
            port=port,
            config_folder=str(at),
            data_folder=str(data),
            certificate=str(at / f"{name}.pem"),
            key=str(at / f"{name}.key"),
            authority=str(root),
            refusals=str(at / _REFUSALS),
        )
    except ValidationError as error:
        told = [f"{each['loc'][-1]}: {each['msg']}" for each in error.errors(include_input=False)]
        raise SystemExit("\n".join(told)) from None
    with told_plainly():
        replace(root, read(issuer_folder / authorities.ROOT), mode=0o644)
        if not (at / _REFUSALS).exists():
            nobody = authorities.empty_list(issuer_folder=issuer_folder, now=SystemClock().wall())
            replace(at / _REFUSALS, nobody, mode=0o644)
        for each, content in mosquitto.files(broker).items():
            replace(at / each, content.encode(), mode=0o644)
    return f"written; start it with: mosquitto -c {folder / mosquitto.CONF}"


def fetch_refusals(cloud_url: str, file: Path, *, broker_pid: int | None) -> str:
    """The list, and the broker told of it when it changed."""
    with told_plainly():
        fresh = cloud.fetch(cloud_url, "certificates/refusals")
        refused, before = device.refused_in(fresh), None
        if file.exists():
            before = device.refused_in(file.read_bytes())
        replace(file, fresh, mode=0o644)
    if broker_pid is not None and refused != before:
        os.kill(broker_pid, signal.SIGHUP)
    return f"{len(refused)} refused" + ("" if refused != before else ", as before")


def set_up_house(asked: Asked) -> int:
    """Everything, step by step; the exit code."""
    from portero.verbs.progress import Progress  # noqa: PLC0415 - rich, for this verb alone

    clock = SystemClock()
    with told_plainly(), Progress(len(Step)) as teller, Host(asked.cloud_url) as host:
        wanted = _wanted(asked)
        host.log_in(asked.email, SecretStr(asked.password))
        means = Means(
            host=host,
            shelf=LocksFile(asked.lockd_data),
            teller=teller,
            now=clock.wall,
            monotonic=clock.boot_seconds,
            sleep=time.sleep,
        )
        outcome = set_up(wanted, means)
        environment = write_environment(asked.agent_data, outcome.broker_url, more=_music(asked))
    return _say_what_is_next(asked, outcome, environment)


def replace_device(cloud_url: str, email: str, password: str, name: str) -> str:
    """The old identity dies now; a claim for the next one."""
    with told_plainly(), Host(cloud_url) as host:
        host.log_in(email, SecretStr(password))
        house_id = _only(host, name)
        refused = host.refuse_device(house_id)
        token = host.claim_token(house_id).get_secret_value()
    return (
        f"{refused} certificates of {name} are refused from now on.\n"
        "On the new device, within an hour:\n"
        f"  portero claim --cloud-url {cloud_url}\n{token}"
    )


def show_delivery(
    cloud_url: str, email: str, password: str, name: str, *, wait_seconds: int
) -> tuple[str, bool]:
    """The state, and whether it is `delivered`."""
    clock = SystemClock()
    until = clock.boot_seconds() + wait_seconds
    with told_plainly(), Host(cloud_url) as host:
        host.log_in(email, SecretStr(password))
        house_id = _only(host, name)
        state = host.delivery(house_id).state
        while state != "delivered" and clock.boot_seconds() < until:
            time.sleep(_SHORT_LOOK_SECONDS)
            state = host.delivery(house_id).state
    return f"{name}: {state}", state == "delivered"


def renew(
    cloud_url: str, agent_data: Path, *, at_once: bool, keep: bool, tell: Callable[[str], None]
) -> None:
    """Once, or every hour until a signal; a cloud that is away is asked again next time."""
    clock, folder = SystemClock(), agent_data / LINE
    while True:
        try:
            found = device.standing(folder)
            if at_once or found.due <= clock.wall():
                ends = device.renew(cloud_url, folder, HouseId(UUID(found.house)))
                tell(f"renewed until {ends:%Y-%m-%d}")
            else:
                tell(f"good until {found.ends:%Y-%m-%d}; due {found.due:%Y-%m-%d}")
        except ProvisioningError as error:
            if not keep:
                raise SystemExit(str(error)) from None
            tell(str(error))
        if not keep:
            return
        at_once = False
        time.sleep(_LOOK_SECONDS)


def wipe(lockd_data: Path, agent_data: Path) -> str:
    """Identity, keys and certificate."""
    claims.wipe(lockd_data, agent_data / LINE)
    (agent_data / AGENT_ENVIRONMENT).unlink(missing_ok=True)
    return "this device is nobody's now; the locks' keys are still here"


def find(seconds: float, pins: Path, *, trust: str | None) -> Iterable[str]:
    """A line for each thing found; what was paired and is another now is said."""
    from provisioning import discovery  # noqa: PLC0415 - 5 MB that few need

    with told_plainly():
        found = discovery.browse(seconds)
        known = discovery.read_pins(pins)
        for each in found:
            if trust == each.identity:
                known = discovery.pin(known, each)
                replace(pins, known.model_dump_json(indent=2).encode())
            place, verdict = f"{each.address}:{each.port}", known.verdict(each).value
            yield f"{each.kind.value:<16} {each.name:<30} {place:<21} {each.identity}  {verdict}"
    if not found:
        yield "nothing was found; devices on other networks cannot be"


def announce(lockd_data: Path, seconds: float) -> str:
    """Until then, or until it has a house."""
    from provisioning import discovery  # noqa: PLC0415 - 5 MB that few need

    with told_plainly():
        if claims.house_in(lockd_data) is not None:
            return "this device has a house; there is nothing to announce"
        discovery.announce(uuid4(), lambda: time.sleep(seconds))
    return "not announced any more"


@dataclass(frozen=True, slots=True)
class LocksFile:
    """lockd's own file of locks; a `provisioning.guide.Shelf`."""

    folder: Path

    def kept(self) -> frozenset[UUID]:
        """The locks whose keys are there."""
        return frozenset(UUID(str(each.lock)) for each in lock_store.load(self.folder))

    def keep(self, keys: Mapping[UUID, EKey], *, zone: str) -> None:
        """Add or replace these."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        others = [each for each in lock_store.load(self.folder) if each.lock not in keys]
        new = [
            KeptLock(
                lock=LockId(lock),
                driver="ttlock_ble",
                address=key.address,
                key=key.record,
                zone=zone,
            )
            for lock, key in keys.items()
        ]
        lock_store.save(self.folder, [*others, *new])


def _wanted(asked: Asked) -> Wanted:
    return Wanted(
        cloud_url=asked.cloud_url,
        house=asked.house,
        zone=asked.zone,
        property=asked.property,
        region=asked.region,
        lockd=asked.lockd_data,
        line=asked.agent_data / LINE,
        locks={name: read_ekey(Path(file)) for name, file in _pairs(asked.locks)},
        players=dict(_pairs(asked.players)),
        root=asked.root,
        replace=asked.replace,
    )


def _pairs(said: tuple[str, ...]) -> list[tuple[str, str]]:
    pairs = [tuple(each.split("=", 1)) for each in said]
    found = [(pair[0], pair[1]) for pair in pairs if len(pair) == 2 and all(pair)]  # noqa: PLR2004 - name and value
    if len(found) < len(said):
        raise ProvisioningError("a lock or player is said as 'Name=value'")
    return found


def write_environment(
    agent_data: Path, broker_url: str | None, *, more: Mapping[str, str] | None = None
) -> Path:
    """What `portero agent` reads from its environment, for this house; its owner's only."""
    at = agent_data.resolve()
    values = {"PORTERO_AGENT_DATA": str(at)}
    if broker_url is not None:
        host, port = line.address(broker_url)
        values |= {
            "PORTERO_AGENT_MQTT_HOST": host,
            "PORTERO_AGENT_MQTT_PORT": str(port),
            "PORTERO_AGENT_MQTT_AUTHORITY": str(at / LINE / device.AUTHORITY),
            "PORTERO_AGENT_MQTT_CERTIFICATE": str(at / LINE / device.CERTIFICATE),
            "PORTERO_AGENT_MQTT_KEY": str(at / LINE / device.KEY),
        }
    path = agent_data / AGENT_ENVIRONMENT
    lines = [f"{name}={value}\n" for name, value in (values | dict(more or {})).items()]
    replace(path, "".join(lines).encode())
    return path


def _music(asked: Asked) -> dict[str, str]:
    found = {}
    if asked.music_url:
        found["PORTERO_AGENT_MUSIC_URL"] = asked.music_url
    if asked.music_token_file is not None:
        found["PORTERO_AGENT_MUSIC_TOKEN"] = read(asked.music_token_file).decode().strip()
    return found


def _say_what_is_next(asked: Asked, outcome: Outcome, environment: Path) -> int:
    if outcome.left:
        left = ", ".join(step.value for step in outcome.left)
        print(f"left: {left}. Run this again when the reason above is gone.", file=sys.stderr)
        return 1
    print(f"{asked.house} is set up. Its processes: portero lockd, and portero agent with")
    print(f"what stands in {environment}.")
    return 0


def _only(host: Host, name: str) -> UUID:
    found = host.houses(name)
    if len(found) != 1:
        raise ProvisioningError(f"there are {len(found)} houses called {name}")
    return found[0].id
