"""B7: every byte of a book, a command and an acknowledgement, altered; not one is taken.

The quick form alters one bit of each byte, the long one all eight. Control: without the check of
the signature the same alterations are taken.
"""

from collections.abc import Callable
from uuid import uuid4

import pytest

from protocol.base import Wire
from protocol.envelope import EnvelopeError, Kind, open_envelope, read_body, seal
from protocol.house import AckResult, Snapshot, SnapshotAck, house_kid
from protocol.live import LiveCommand
from protocol.signing import Signer
from tests.edge_agent.lockd_kit import CLOUD, seed, snapshot_frame
from tests.edge_agent.policy_kit import BOOKER, FRONT, HOUSE, NOON, a_grant, a_snapshot
from tests.faults.figures import Figure, Scale

pytestmark = [pytest.mark.fault, pytest.mark.timeout(3600)]

OWN = Signer.from_seed(house_kid(HOUSE), seed("this house"))
COMMAND = LiveCommand(
    house=HOUSE, command=uuid4(), grant=BOOKER, lock=FRONT, move="open", nonce="5a" * 16
)
ACK = SnapshotAck(
    house=HOUSE,
    result=AckResult.APPLIED,
    offered_hash="0" * 64,
    position=None,
    reason=None,
    at=NOON,
)
FRAMES: dict[str, tuple[bytes, Kind, type[Wire], Signer]] = {
    "book": (snapshot_frame(a_snapshot(a_grant())), Kind.SNAPSHOT, Snapshot, CLOUD),
    "command": (seal(Kind.COMMAND, COMMAND.to_bytes(), CLOUD), Kind.COMMAND, LiveCommand, CLOUD),
    "acknowledgement": (
        seal(Kind.SNAPSHOT_ACK, ACK.to_bytes(), OWN),
        Kind.SNAPSHOT_ACK,
        SnapshotAck,
        OWN,
    ),
}

type Take = Callable[[bytes, Kind, type[Wire], Signer], Wire]


def checked(frame: bytes, kind: Kind, message: type[Wire], signer: Signer) -> Wire:
    """As house and cloud read it."""
    return read_body(open_envelope(frame, kind, {signer.kid: signer.public_hex}.get), message)


def unchecked(frame: bytes, kind: Kind, message: type[Wire], signer: Signer) -> Wire:
    """As somebody would who trusts the line."""
    return message.from_bytes(frame.split(b"\n", 1)[1])


def taken(name: str, bits: int, take: Take, figure: Figure) -> list[int]:
    """Where an altered frame was taken for a true one."""
    frame, kind, message, signer = FRAMES[name]
    found = []
    for place in range(len(frame)):
        for bit in range(bits):
            altered = bytearray(frame)
            altered[place] ^= 1 << (bit if bits == 8 else place % 8)
            figure.tried += 1
            try:
                take(bytes(altered), kind, message, signer)
            except (EnvelopeError, ValueError, IndexError):
                continue
            found.append(place)
    return found


@pytest.mark.parametrize("name", list(FRAMES))
def test_no_altered_frame_is_taken(scale: Scale, name: str) -> None:
    figure = Figure(f"B7 {name}, every byte", scale.seed)
    checked(*FRAMES[name])  # as it is, it is taken
    found = taken(name, scale.times(1, 8), checked, figure)
    figure.violations = len(found)
    figure.publish(scale)
    assert found == []


def test_control_without_the_signature_alterations_are_taken(scale: Scale) -> None:
    assert taken("book", 1, unchecked, Figure("F3", scale.seed))
