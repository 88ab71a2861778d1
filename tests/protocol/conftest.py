"""Keys and a small book that the wire tests share."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from protocol.access import Grant, Role, Window
from protocol.house import Snapshot
from protocol.ids import GrantId, HouseId
from protocol.signing import Signer

HOUSE = HouseId(UUID("00000000-0000-4000-8000-000000000001"))
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.fixture
def signer() -> Signer:
    return Signer.from_seed("cloud-1", bytes(range(32)))


@pytest.fixture
def snapshot() -> Snapshot:
    grant = Grant(
        id=GrantId(UUID(int=7)),
        role=Role.GUEST,
        window=Window(starts=NOON, ends=NOON + timedelta(days=2)),
        rights=("access:approve",),
    )
    return Snapshot(
        house=HOUSE,
        epoch=1,
        version=1,
        issued_at=NOON,
        lease_until=NOON + timedelta(hours=72),
        zone="America/Lima",
        grants=(grant,),
    )
