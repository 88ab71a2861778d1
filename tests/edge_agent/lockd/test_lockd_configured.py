"""Which settings from afar does lockd believe, and does it find back by itself when they fail?"""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from edge_agent.actions.cloud_desk import CloudDesk
from edge_agent.actions.live import LiveCommands
from edge_agent.actions.move_door import MoveDoor
from protocol.configuration import (
    Configured,
    DesiredConfiguration,
    HouseSettings,
)
from protocol.envelope import Flaw, Kind, seal
from protocol.facts import Alarmed
from protocol.house import CurrentAnswer, CurrentQuery
from protocol.ids import HouseId
from protocol.signing import Signer
from tests.edge_agent.lockd_kit import (
    CLOUD,
    NEXT_CLOUD,
    FakeClock,
    a_key,
    a_key_document,
    settle,
    signed,
)
from tests.edge_agent.means_kit import Desk, beside, desk
from tests.edge_agent.policy_kit import HOUSE, NOON

TRIAL = 300.0
OFTEN, SELDOM = HouseSettings(look_after_seconds=60), HouseSettings(look_after_seconds=3600)


class House:
    """The cloud's gate of a house on real files."""

    def __init__(self, made: Desk, folder: Path) -> None:
        self.made = made
        doors = MoveDoor(made.means, {}, lambda _work, _name: None)
        self.beside = beside(made.means, made.state.marks, folder, trial_seconds=TRIAL)
        live = LiveCommands(made.means, doors, frozenset())
        self.cloud = CloudDesk(made.means, live, software="test", beside=self.beside)

    async def answered(self, *, running: int) -> None:
        """The agent runs that version, asks, and the cloud answers."""
        await self.cloud.configuration(running=running)
        await self.hear_answer_to(await self.cloud.query())

    async def hear_answer_to(self, asked: bytes) -> None:
        query = self.made.read(asked, Kind.CURRENT_QUERY, CurrentQuery)
        answer = CurrentAnswer(
            house=HOUSE,
            nonce=query.nonce,
            now=self.made.clock.now,
            position=None,
            key_document=1,
            facts_received=0,
        )
        await self.cloud.take("current", signed(Kind.CURRENT_ANSWER, answer))

    async def in_force(self) -> tuple[int, HouseSettings]:
        word = await self.cloud.configuration(running=0)
        return word.version, word.settings

    def told(self) -> list[tuple[int, str, str | None]]:
        said = [each for each in self.made.facts() if isinstance(each, Configured)]
        return [(each.version, each.fate.value, each.reason) for each in said]


@contextlib.contextmanager
def house(folder: Path, clock: FakeClock | None = None) -> Iterator[House]:
    with desk(folder, clock or FakeClock()) as made:
        if made.means.ledger.keys is None:
            made.take_keys()
        yield House(made, folder)


def a_configuration(
    version: int,
    settings: HouseSettings = OFTEN,
    *,
    epoch: int = 1,
    of: HouseId = HOUSE,
    signer: Signer = CLOUD,
    must_understand: tuple[str, ...] = (),
) -> bytes:
    desired = DesiredConfiguration(
        house=of,
        epoch=epoch,
        version=version,
        issued_at=NOON,
        settings=settings,
        must_understand=must_understand,
    )
    return signed(Kind.CONFIGURATION, desired, signer)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    settle(tmp_path)
    with house(tmp_path) as made:
        yield made


async def test_settings_are_in_force_at_once_and_proved_by_the_clouds_next_answer(
    home: House,
) -> None:
    assert (await home.cloud.take("config", a_configuration(1))).flaw is None
    assert await home.in_force() == (1, OFTEN)
    assert home.told() == [(1, "tried", None)]
    await home.answered(running=1)
    assert home.told()[1:] == [(1, "applied", None)]
    home.made.clock.pass_time(timedelta(seconds=2 * TRIAL))
    home.beside.configuration.look()
    assert await home.in_force() == (1, OFTEN)


async def test_an_answer_to_a_question_of_before_proves_nothing(home: House) -> None:
    await home.cloud.take("config", a_configuration(1))
    await home.answered(running=0)
    assert home.told() == [(1, "tried", None)]
    query = await home.cloud.query()
    home.made.clock.pass_time(timedelta(seconds=1))
    await home.cloud.configuration(running=1)
    await home.hear_answer_to(query)
    assert home.told() == [(1, "tried", None)]


async def test_a_house_that_hears_nothing_goes_back_to_what_worked(home: House) -> None:
    await home.cloud.take("config", a_configuration(1))
    await home.answered(running=1)
    await home.cloud.take("config", a_configuration(2, SELDOM))
    assert await home.in_force() == (2, SELDOM)
    home.made.clock.pass_time(timedelta(seconds=TRIAL))
    home.beside.configuration.look()
    assert await home.in_force() == (1, OFTEN)
    assert home.told()[-1] == (2, "rolled_back", "cloud_not_reached")
    await home.cloud.take("config", a_configuration(2, SELDOM))
    assert await home.in_force() == (1, OFTEN)


@pytest.mark.parametrize(
    ("frame", "flaw", "reason"),
    [
        (a_configuration(1), None, "older"),
        (a_configuration(2, SELDOM), None, "same_version_other_hash"),
        (a_configuration(3, of=HouseId(uuid4())), Flaw.WRONG_HOUSE, None),
        (a_configuration(3, epoch=7), Flaw.UNKNOWN_KEY, None),
        (a_configuration(3, signer=NEXT_CLOUD), Flaw.UNKNOWN_KEY, None),
        (a_configuration(3).replace(b"60", b"61"), Flaw.BAD_SIGNATURE, None),
        (a_configuration(3, must_understand=("magic",)), None, "not_understood"),
        (
            seal(
                Kind.CONFIGURATION,
                a_configuration(3).partition(b"\n")[2].replace(b"60.0", b"1"),
                CLOUD,
            ),
            None,
            "bad_value",
        ),
    ],
    ids=["older", "forked", "foreign", "epoch", "key", "altered", "must understand", "value"],
)
async def test_what_is_not_the_next_one_changes_nothing(
    home: House, frame: bytes, flaw: Flaw | None, reason: str | None
) -> None:
    await home.cloud.take("config", a_configuration(2))
    await home.answered(running=2)
    taken = await home.cloud.take("config", frame)
    assert (taken.flaw, taken.reason if flaw is None else None) == (flaw, reason)
    assert await home.in_force() == (2, OFTEN)
    await home.cloud.take("config", frame)
    refused = [each for each in home.told() if each[1] == "refused"]
    assert refused == (
        [(3, "refused", reason)] if reason in {"not_understood", "bad_value"} else []
    )
    alarms = {each.name for each in home.made.facts() if isinstance(each, Alarmed)}
    assert ("configuration_forked" in alarms) is (reason == "same_version_other_hash")


async def test_a_restart_verifies_anew_and_a_withdrawn_key_has_no_word(tmp_path: Path) -> None:
    settle(tmp_path)
    with house(tmp_path) as before:
        await before.cloud.take("config", a_configuration(1))
    with house(tmp_path) as after:
        assert await after.in_force() == (1, OFTEN)
        await after.answered(running=1)
        assert after.told()[-1] == (1, "applied", None)
        await after.cloud.take("keys", a_key_document(a_key(NEXT_CLOUD), version=2))
        assert await after.in_force() == (0, HouseSettings())
        assert after.beside.configuration.held() is None
        newer = a_configuration(1, SELDOM, signer=NEXT_CLOUD)
        assert (await after.cloud.take("config", newer)).flaw is None
        assert await after.in_force() == (1, SELDOM)
