"""What does fleet need of the world that holds its private keys?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cloud_api.kit.clock import Clock
from protocol.certificates import CertificateRequest
from protocol.envelope import Kind

type RandomBytes = Callable[[int], bytes]
"""So many unpredictable bytes; `secrets.token_bytes` in production."""


class Sealer(Protocol):
    """Signs in the cloud's name; the key may live in a file or in a machine that never shows it."""

    @property
    def kid(self) -> str:
        """The name of the key."""
        ...

    async def seal(self, kind: Kind, body: bytes) -> bytes:
        """A signed frame around exactly these bytes. ValueError when it would be too large."""
        ...


class Opener(Protocol):
    """Opens what houses seal for the cloud."""

    def open(self, box: str, *, context: str) -> bytes:
        """The plain bytes. Raises protocol.sealing.SealError."""
        ...


@dataclass(frozen=True, slots=True)
class Issued:
    """A fresh certificate. `chain`: PEM, its own and those above it but the root."""

    serial: str
    chain: bytes
    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """A certificate that shall open no line any more. `serial`: hex."""

    serial: str
    at: datetime


class Authority(Protocol):
    """Certifies houses; its key may live in a file or in a machine that never shows it."""

    @property
    def root(self) -> bytes:
        """The root's certificate, PEM: what houses and the broker trust."""
        ...

    async def issue(self, request: CertificateRequest, *, now: datetime) -> Issued:
        """A certificate for this house and key. Raises AuthorityUnavailableError."""
        ...

    async def refusals(self, refused: Sequence[Refused], *, now: datetime) -> bytes:
        """A signed list of these, PEM (X.509 CRL). Raises AuthorityUnavailableError."""
        ...


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What new devices are given besides keys. `broker_url`: as houses reach it."""

    authority: Authority | None = None
    broker_url: str | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """What those who answer houses work with."""

    sealer: Sealer
    clock: Clock
    opener: Opener | None = None
