"""Can the oracle of the fault tests say no? Each lie it is there for, told to it once."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

from edge_agent.simulator.ttlock.model import Movement
from protocol.access import open_door
from protocol.facts import GENESIS, Acted, Decided, Fact, FactBody, SnapshotApplied, Via
from protocol.ids import AttemptId
from protocol.live import Outcome
from tests.edge_agent.policy_kit import BOOKER, FRONT, HOUSE, NOON
from tests.faults.oracle import disagreements, unaccounted

ATTEMPT = AttemptId(uuid4())


def chain(*bodies: FactBody) -> list[Fact]:
    return [
        Fact(
            house=HOUSE,
            sequence=number,
            previous=GENESIS,
            at_earliest=NOON,
            at_latest=None,
            body=body,
        )
        for number, body in enumerate(bodies, start=1)
    ]


def decided(attempt: UUID = ATTEMPT) -> Decided:
    return Decided(
        attempt=AttemptId(attempt),
        grant=BOOKER,
        role=None,
        right=str(open_door(FRONT)),
        via=Via.LAN,
        allowed=True,
        clock="trusted",
    )


def acted(outcome: Outcome) -> Acted:
    return Acted(attempt=ATTEMPT, lock=FRONT, outcome=outcome)


def openings(*seconds: int) -> list[Movement]:
    return [
        Movement(
            sequence=number,
            at_local=(NOON + timedelta(seconds=each)).replace(tzinfo=None),
            bolt="unlocked",
            cause="app",
        )
        for number, each in enumerate(seconds)
    ]


def is_wrong(facts: Sequence[Fact], opened: Sequence[Movement]) -> bool:
    return disagreements(facts, opened) != []


def test_an_honest_opening_is_believed() -> None:
    facts = chain(decided(), acted(Outcome.UNKNOWN), acted(Outcome.OPENED))
    assert unaccounted(facts, openings(1)) == []


def test_an_opening_nobody_allowed_is_found() -> None:
    assert is_wrong([], openings(1))


def test_an_opening_before_its_permission_is_found() -> None:
    assert is_wrong(chain(decided()), openings(-5))


def test_a_second_opening_on_one_permission_is_found() -> None:
    assert is_wrong(chain(decided(), acted(Outcome.OPENED)), openings(1, 2))


def test_an_opening_that_never_was_is_found() -> None:
    assert is_wrong(chain(decided(), acted(Outcome.OPENED)), [])


def test_an_attempt_that_ends_twice_is_found() -> None:
    facts = chain(decided(), acted(Outcome.FAILED), acted(Outcome.OPENED))
    assert is_wrong(facts, openings(1))


def test_a_book_that_went_back_is_found() -> None:
    books = [SnapshotApplied(epoch=1, version=each, hash=GENESIS) for each in (2, 1)]
    assert is_wrong(chain(*books), [])


def test_an_attempt_without_an_end_is_found() -> None:
    assert unaccounted(chain(decided()), []) != []


def test_an_opening_nobody_admits_is_found() -> None:
    assert unaccounted(chain(decided(), acted(Outcome.FAILED)), openings(1)) != []
