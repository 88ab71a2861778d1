"""How is a house set up from nothing, step by step, so that doing it again does what is left?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID

from provisioning import claim as claims
from provisioning import device, line
from provisioning.claim import Claimed
from provisioning.ekeys import EKey
from provisioning.errors import ProvisioningError, UnreadableError
from provisioning.host import Host
from provisioning.plan import Found, Step, missing

_FLEET_SECONDS = 60.0
_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the house shall be. `locks`: keys by the lock's name; `players`: speakers by name."""

    cloud_url: str
    house: str
    zone: str
    property: str
    region: str
    lockd: Path
    line: Path
    locks: Mapping[str, EKey] = field(default_factory=dict)
    players: Mapping[str, str] = field(default_factory=dict)
    root: str | None = None
    software: str = "unknown"
    replace: bool = False


class Shelf(Protocol):
    """Where lockd finds its locks' keys."""

    def kept(self) -> frozenset[UUID]:
        """The locks whose keys are there."""
        ...

    def keep(self, keys: Mapping[UUID, EKey], *, zone: str) -> None:
        """Add or replace these."""
        ...


class Teller(Protocol):
    """Shows a person how far it is."""

    def begin(self, step: Step) -> None:
        """This is being done."""
        ...

    def end(self, step: Step, said: str) -> None:
        """It is done; `said`: what came of it, never a secret."""
        ...


@dataclass(frozen=True, slots=True)
class Means:
    """What it is done with. `sleep` takes seconds."""

    host: Host
    shelf: Shelf
    teller: Teller
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The house, the broker it was told of, and what is still missing."""

    house_id: UUID
    broker_url: str | None
    left: tuple[Step, ...]


def set_up(wanted: Wanted, means: Means) -> Outcome:
    """Do what is missing. Raises ProvisioningError; doing it again goes on from there."""
    house_id = _tell(means, Step.REGISTER, lambda: _registered(wanted, means))
    _tell(means, Step.DEVICES, lambda: _devices(wanted, means, house_id))
    claimed = _tell(means, Step.CLAIM, lambda: _claimed(wanted, means, house_id))
    broker_url = _tell(means, Step.CERTIFICATE, lambda: _certified(wanted, claimed))
    if broker_url is not None:
        _tell(means, Step.BROKER, lambda: _reached(wanted, broker_url))
    _tell(means, Step.LOCKS, lambda: _keys(wanted, means, house_id))
    return Outcome(house_id, broker_url, missing(look(wanted, means), now=means.now()))


def look(wanted: Wanted, means: Means) -> Found:
    """What is there, without changing anything."""
    house_id = _find(wanted, means)
    here = claims.house_in(wanted.lockd)
    told = claims.broker_in(wanted.line)
    certificate = _standing(wanted.line)
    answers = None if told is None else line.knock(told, wanted.line) is None
    return Found(
        registered=house_id,
        devices_missing=None if house_id is None else len(_unknown(wanted, means, house_id)),
        here=here,
        certificate_ends=None if certificate is None else certificate.ends,
        certifies=told is not None,
        broker_answers=answers,
        keys_missing=None if house_id is None else len(_without_key(wanted, means, house_id)),
    )


def _tell[A](means: Means, step: Step, do: "Callable[[], tuple[A, str]]") -> A:
    means.teller.begin(step)
    done, said = do()
    means.teller.end(step, said)
    return done


def _find(wanted: Wanted, means: Means) -> UUID | None:
    found = means.host.houses(wanted.house)
    if len(found) > 1:
        raise ProvisioningError(f"there are {len(found)} houses called {wanted.house}")
    return found[0].id if found else None


def _registered(wanted: Wanted, means: Means) -> tuple[UUID, str]:
    house_id = _find(wanted, means)
    if house_id is not None:
        return house_id, f"{wanted.house} is known"
    owned = means.host.property_of(wanted.property, region=wanted.region)
    return means.host.make_house(owned, wanted.house, zone=wanted.zone), f"{wanted.house} is new"


def _unknown(wanted: Wanted, means: Means, house_id: UUID) -> list[str]:
    locks = [name for name in wanted.locks if name not in means.host.locks(house_id)]
    players = means.host.players(house_id) if wanted.players else {}
    return locks + [name for name in wanted.players if name not in players]


def _devices(wanted: Wanted, means: Means, house_id: UUID) -> tuple[None, str]:
    new = _unknown(wanted, means, house_id)
    for name in new:
        if name in wanted.locks:
            means.host.make_lock(house_id, name)
        else:
            means.host.make_player(house_id, name, speaker=wanted.players[name])
    count = len(wanted.locks) + len(wanted.players)
    return None, f"{count} wanted, {len(new)} new"


def _claimed(wanted: Wanted, means: Means, house_id: UUID) -> tuple[Claimed | None, str]:
    here = claims.house_in(wanted.lockd)
    if here is not None and here != house_id:
        raise ProvisioningError(f"this device is house {here}; wipe it first")
    if here is not None:
        return None, "this device is the house's already"
    enrolled = _wait_for_fleet(means, house_id)
    if enrolled is not None and not wanted.replace:
        raise ProvisioningError(
            f"the house has had a device since {enrolled:%Y-%m-%d %H:%M}; if that one is to be"
            " replaced, say so (--replace)"
        )
    if enrolled is not None:
        means.host.refuse_device(house_id)
    done = claims.claim(
        wanted.cloud_url,
        means.host.claim_token(house_id).get_secret_value(),
        wanted.lockd,
        line_folder=wanted.line,
        software=wanted.software,
        expected_root=wanted.root,
    )
    return done, f"{done.name} ({done.house_id}); it believes root {done.root_public[:16]}…"


def _wait_for_fleet(means: Means, house_id: UUID) -> datetime | None:
    """When the house got a device; None: it has none. The worker tells fleet of a new house."""
    until = means.monotonic() + _FLEET_SECONDS
    while True:
        known = means.host.fleet(house_id)
        if known is not None:
            return known.enrolled_at
        if means.monotonic() > until:
            raise ProvisioningError("the cloud's worker has not told of the house; is it running?")
        means.sleep(_LOOK_SECONDS)


def _certified(wanted: Wanted, claimed: Claimed | None) -> tuple[str | None, str]:
    broker_url = claimed.broker_url if claimed is not None else claims.broker_in(wanted.line)
    certificate = _standing(wanted.line)
    if certificate is None or broker_url is None:
        return None, "this cloud certifies nobody: the line is a plain one"
    return broker_url, f"until {certificate.ends:%Y-%m-%d}, renewed from {certificate.due:%Y-%m-%d}"


def _reached(wanted: Wanted, broker_url: str) -> tuple[None, str]:
    why = line.knock(broker_url, wanted.line)
    return None, broker_url if why is None else f"not now: {why}"


def _without_key(wanted: Wanted, means: Means, house_id: UUID) -> dict[UUID, EKey]:
    ids, kept = means.host.locks(house_id), means.shelf.kept()
    return {
        ids[name]: key
        for name, key in wanted.locks.items()
        if name in ids and ids[name] not in kept
    }


def _keys(wanted: Wanted, means: Means, house_id: UUID) -> tuple[None, str]:
    new = _without_key(wanted, means, house_id)
    if new:
        means.shelf.keep(new, zone=wanted.zone)
    return None, f"{len(new)} new; {len(means.shelf.kept())} in all"


def _standing(folder: Path) -> device.Standing | None:
    try:
        return device.standing(folder)
    except UnreadableError:
        return None
