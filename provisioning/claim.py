"""How does a device become the one device of a house?

The keys are made here and never leave. They are on disk before the cloud hears of them, so that an
answer lost on the way costs a second try and not the token. What lockd reads at its start is
written last, whole, readable by its owner only: `house.json` with the house's id, both seeds and
the pinned root.
"""

import re
import secrets
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from protocol.base import KeyHex, Wire
from protocol.envelope import EnvelopeError, Kind, seal
from protocol.house import HouseIdentity, house_kid
from protocol.ids import HouseId
from protocol.keys import open_key_document
from protocol.sealing import SealingKey
from protocol.signing import Signer
from provisioning import cloud, device
from provisioning.errors import (
    ClaimRefusedError,
    UnreadableError,
    WouldOverwriteError,
)
from provisioning.files import replace

type RandomBytes = Callable[[int], bytes]

IDENTITY = "house.json"
_PENDING = "house.claiming"
_BROKER = "broker"
_SEED_BYTES = 32
_TOKEN = re.compile(r"claim\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.[\w-]{1,100}")


class _Identity(Wire):
    """What lockd reads."""

    house: HouseId
    signing_seed: KeyHex
    sealing_seed: KeyHex
    root_public: KeyHex


class _Seeds(Wire):
    """Keys that are made but not yet known to the cloud."""

    house: HouseId
    signing_seed: KeyHex
    sealing_seed: KeyHex


class _Answer(BaseModel):
    """What the cloud says to a good claim."""

    model_config = ConfigDict(extra="ignore")

    house_id: UUID
    name: str
    zone: str
    root_public_key: KeyHex
    key_document: str
    certificate: str | None = None
    authority: str | None = None
    broker_url: str | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """The house this device is now, and the root it believes.

    `certificate_ends` and `broker_url` are None where the cloud certifies nobody.
    """

    house_id: UUID
    name: str
    zone: str
    root_public: str
    certificate_ends: datetime | None = None
    broker_url: str | None = None


def claim(
    cloud_url: str,
    token: str,
    folder: Path,
    *,
    line_folder: Path | None = None,
    software: str = "unknown",
    expected_root: str | None = None,
    random: RandomBytes = secrets.token_bytes,
) -> Claimed:
    """Make this device the house's device. `expected_root`: a root the installer knows, as hex.

    `line_folder`: where the agent's key, certificate and authority for the broker shall lie; none
    asks for no certificate. Raises WouldOverwriteError when a folder has an identity already,
    ClaimRefusedError when the cloud says no or names another root, CloudUnreachableError when the
    same call should be made again.
    """
    if (folder / IDENTITY).exists():
        raise WouldOverwriteError(f"{folder} has an identity already")
    seeds = _seeds(folder, _house_of(token), random)
    request = None if line_folder is None else device.request(line_folder, seeds.house)
    answer = _ask(cloud_url, token, _proof(seeds, software), request)
    _verify(answer, seeds, expected_root)
    ends = _keep_certificate(answer, seeds.house, line_folder)
    if ends is not None and line_folder is not None and answer.broker_url is not None:
        replace(line_folder / _BROKER, f"{answer.broker_url}\n".encode(), mode=0o644)
    identity = _Identity(
        house=seeds.house,
        signing_seed=seeds.signing_seed,
        sealing_seed=seeds.sealing_seed,
        root_public=answer.root_public_key,
    )
    replace(folder / IDENTITY, identity.to_bytes())
    (folder / _PENDING).unlink()
    return Claimed(
        house_id=answer.house_id,
        name=answer.name,
        zone=answer.zone,
        root_public=answer.root_public_key,
        certificate_ends=ends,
        broker_url=answer.broker_url,
    )


def house_in(folder: Path) -> UUID | None:
    """The house whose identity lies here; None without one. Raises UnreadableError."""
    path = folder / IDENTITY
    if not path.exists():
        return None
    try:
        return _Identity.from_bytes(path.read_bytes()).house
    except (OSError, ValidationError):
        raise UnreadableError(f"{path} is not a house's identity") from None


def broker_in(line_folder: Path) -> str | None:
    """The broker that the cloud named at the claim; None where it named none."""
    path = line_folder / _BROKER
    return path.read_text().strip() if path.exists() else None


def wipe(folder: Path, line_folder: Path) -> None:
    """Forget who this device was: its identity, keys and certificate. The locks' keys stay."""
    for path in (folder / IDENTITY, folder / _PENDING, line_folder / _BROKER):
        path.unlink(missing_ok=True)
    device.wipe(line_folder)


def _keep_certificate(answer: _Answer, house: HouseId, folder: Path | None) -> datetime | None:
    if folder is None or answer.certificate is None or answer.authority is None:
        return None
    chain, root = answer.certificate.encode(), answer.authority.encode()
    return device.keep(folder, house, chain=chain, root=root)


def _house_of(token: str) -> HouseId:
    match = _TOKEN.fullmatch(token.strip())
    if match is None:
        raise ClaimRefusedError("this is not a claim token")
    return HouseId(UUID(match[1]))


def _seeds(folder: Path, house: HouseId, random: RandomBytes) -> _Seeds:
    """Those of an interrupted claim of the same house, else fresh ones."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    pending = folder / _PENDING
    if pending.exists():
        kept = _kept(pending)
        if kept.house == house:
            return kept
    fresh = _Seeds(
        house=house,
        signing_seed=random(_SEED_BYTES).hex(),
        sealing_seed=random(_SEED_BYTES).hex(),
    )
    replace(pending, fresh.to_bytes())
    return fresh


def _kept(pending: Path) -> _Seeds:
    try:
        return _Seeds.from_bytes(pending.read_bytes())
    except (OSError, ValidationError):
        raise UnreadableError(f"{pending} is garbled; remove it and claim again") from None


def _proof(seeds: _Seeds, software: str) -> str:
    """The public halves, signed by the key they name."""
    signer = Signer.from_seed(house_kid(seeds.house), bytes.fromhex(seeds.signing_seed))
    identity = HouseIdentity(
        house=seeds.house,
        signing_key=signer.public_hex,
        sealing_key=SealingKey.from_bytes(bytes.fromhex(seeds.sealing_seed)).public_hex,
        software=software,
    )
    return seal(Kind.CLAIM, identity.to_bytes(), signer).decode()


def _ask(cloud_url: str, token: str, proof: str, request: bytes | None) -> _Answer:
    body = {"token": token.strip(), "proof": proof}
    if request is not None:
        body["certificate_request"] = request.decode()
    return cloud.post(cloud_url, "claims", body, _Answer)


def _verify(answer: _Answer, seeds: _Seeds, expected_root: str | None) -> None:
    """The named root truly signed the key document, and is the one we were told to expect."""
    if answer.house_id != seeds.house:
        raise ClaimRefusedError("the cloud answered for another house")
    if expected_root is not None and answer.root_public_key != expected_root:
        raise ClaimRefusedError("the cloud names another root than expected")
    try:
        open_key_document(b64decode(answer.key_document, validate=True), answer.root_public_key)
    except (EnvelopeError, ValueError):
        raise ClaimRefusedError("the root did not sign the cloud's keys") from None
