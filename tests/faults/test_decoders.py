"""E12: whatever bytes arrive, a decoder says yes, or one of its declared refusals, and soon.

Hypothesis makes up the bytes: from nothing, from true messages with parts exchanged, and bodies that
the true key has signed. Time is that of this thread alone, so that a busy machine blames nobody.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pydantic import SecretStr, ValidationError
from ttlock_ble import LockAdvertisement, TTLockError
from ttlock_ble.protocol import FrameReassembler

from edge_agent.actions.cloud_desk import CloudDesk
from edge_agent.actions.live import LiveCommands
from edge_agent.actions.move_door import MoveDoor
from edge_agent.drivers.ttlock_ble.client import _rows
from edge_agent.drivers.ttlock_ble.key import read_key
from edge_agent.errors import NotPermitted
from edge_agent.local_api.requests_in import JoinBody, JoinCodeBody, MoveBody, SignInBody
from edge_agent.simulator.ttlock.frames import Assembler, BadFrame
from protocol.access import Right
from protocol.certificates import RequestRefusedError, ask, read_request
from protocol.envelope import EnvelopeError, Kind, open_envelope, seal
from protocol.facts import Fact
from protocol.sealing import SealError
from protocol.topics import Down, parse_down, parse_up
from tests.edge_agent.lockd_kit import CLOUD, CLOUD_BOX, FakeClock, settle, snapshot_frame
from tests.edge_agent.means_kit import Desk, beside, desk
from tests.edge_agent.policy_kit import HOUSE, a_grant, a_snapshot
from tests.faults.figures import Figure, Scale

pytestmark = [pytest.mark.fault, pytest.mark.timeout(7200)]

LONGEST_CPU_SECONDS = 0.5
"""Ten times the promise, for the collector may run in between; the figure tells what it took."""

BLOCK = 60
GOOD_BOOK = snapshot_frame(a_snapshot(a_grant()))
GOOD_REQUEST = ask(HOUSE, ec.derive_private_key(7, ec.SECP256R1()))
NOISE = st.binary(max_size=600)
WORDS = st.text(max_size=120)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=25,
)


def spliced(good: bytes) -> SearchStrategy[bytes]:
    """The true bytes with one stretch exchanged."""
    places = st.integers(0, len(good))
    return st.builds(lambda a, new, b: good[:a] + new + good[b:], places, NOISE, places)


def odd_json(good: bytes) -> SearchStrategy[bytes]:
    """The true JSON with one of its fields replaced by any other value."""
    fields = json.loads(good)
    return st.builds(
        lambda name, value: json.dumps({**fields, name: value}).encode(),
        st.sampled_from(sorted(fields)),
        JSON,
    )


BODIES = odd_json(GOOD_BOOK.split(b"\n", 1)[1]) | JSON.map(lambda each: json.dumps(each).encode())


@dataclass(frozen=True)
class Decoder:
    """What reads bytes of strangers, which bytes to try, and what it may say no with."""

    read: Callable[[bytes], object]
    tries: SearchStrategy[bytes]
    refusals: tuple[type[Exception], ...]


def _frames(data: bytes) -> None:
    for chunk in (data[at : at + 20] for at in range(0, len(data), 20)):
        FrameReassembler().feed(chunk)
        Assembler().feed(chunk)


def _advertised(data: bytes) -> None:
    LockAdvertisement.from_manufacturer_data(int.from_bytes(data[:2]), data[2:])


def _topic(data: bytes) -> None:
    text = data.decode(errors="replace")
    parse_up(text)
    parse_down(text, HOUSE)
    Right.parse(text)


DECODERS: dict[str, Decoder] = {
    "envelope": Decoder(
        lambda data: open_envelope(data, Kind.SNAPSHOT, lambda _: CLOUD.public_hex),
        NOISE | spliced(GOOD_BOOK),
        (EnvelopeError,),
    ),
    "Bluetooth frames": Decoder(_frames, NOISE | spliced(b"\x7f\x5a" * 9), (BadFrame, TTLockError)),
    "Bluetooth advertisement": Decoder(_advertised, NOISE, ()),
    "a lock's code table": Decoder(lambda data: list(_rows(data)), NOISE, (ValueError, IndexError)),
    "a lock's key": Decoder(
        lambda data: read_key(SecretStr(data.decode(errors="replace"))),
        NOISE | JSON.map(lambda each: json.dumps(each).encode()),
        (NotPermitted,),
    ),
    "certificate request": Decoder(
        read_request, NOISE | spliced(GOOD_REQUEST), (RequestRefusedError,)
    ),
    "sealed box": Decoder(
        lambda data: CLOUD_BOX.open(data.decode(errors="replace"), context="c"),
        NOISE,
        (SealError,),
    ),
    "topic and right": Decoder(_topic, NOISE | spliced(b"portero/x/down/command"), ()),
    "fact": Decoder(Fact.from_bytes, NOISE | BODIES, (ValidationError, RecursionError)),
    **{
        f"LAN {body.__name__}": Decoder(
            body.model_validate_json, NOISE | BODIES, (ValidationError, RecursionError)
        )
        for body in (SignInBody, JoinCodeBody, JoinBody, MoveBody)
    },
}


@pytest.mark.parametrize("name", list(DECODERS))
def test_a_decoder_says_yes_or_a_declared_no(scale: Scale, name: str) -> None:
    decoder, figure = DECODERS[name], Figure(f"E12 {name}", scale.seed)

    def once(data: bytes) -> None:
        began = time.thread_time()
        try:
            decoder.read(data)
        except decoder.refusals:
            figure.note("refused")
        took = time.thread_time() - began
        figure.took(took)
        figure.tried += 1
        assert took < LONGEST_CPU_SECONDS

    _many(once, decoder.tries, scale, blocks=2000)
    figure.publish(scale)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Desk]:
    settle(tmp_path)
    with desk(tmp_path, FakeClock()) as made:
        made.take_keys()
        made.trust_time()
        made.offer(GOOD_BOOK)
        yield made


def test_what_the_true_key_signed_may_be_any_json_and_changes_nothing(
    house: Desk, tmp_path: Path, scale: Scale
) -> None:
    """The worst sender: one with the key. On each channel only declared flaws come back."""
    figure = Figure("E12 signed nonsense on every channel", scale.seed)
    doors = MoveDoor(house.means, {}, lambda _work, _name: None)
    live = LiveCommands(house.means, doors, frozenset())
    told = beside(house.means, house.state.marks, tmp_path)
    cloud = CloudDesk(house.means, live, software="test", beside=told)
    before = house.means.ledger.book
    channels = tuple((word, kind) for word in Down for kind in Kind)

    def once(body: bytes) -> None:
        word, kind = channels[figure.tried % len(channels)]
        frame = seal(kind, body, CLOUD)
        taken = asyncio.run(cloud.take(word.value, frame))
        figure.tried += 1
        figure.note("refused", taken.flaw is not None)
        assert taken.flaw is not None or house.means.ledger.book is before or _is_newer(house)

    _many(once, BODIES, scale, blocks=300)
    figure.publish(scale)
    assert figure.notes["refused"] > 0.5 * figure.tried


def _is_newer(house: Desk) -> bool:
    """A body that happened to be a whole book of this house with a higher number is one."""
    position = house.means.ledger.position
    return position is not None and (position.epoch, position.version) > (1, 1)


def _many(
    once: Callable[[bytes], None], tries: SearchStrategy[bytes], scale: Scale, *, blocks: int
) -> None:
    """Block after block, each with a seed of its own that follows from the run's."""
    for number in scale.tries(1, blocks):
        run = partial(_block, once, tries, scale.seed + number)
        run(BLOCK if not scale.evidence else 50 * BLOCK)


def _block(
    once: Callable[[bytes], None], tries: SearchStrategy[bytes], number: int, examples: int
) -> None:
    quiet = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    seed(number)(quiet(given(tries)(once)))()
