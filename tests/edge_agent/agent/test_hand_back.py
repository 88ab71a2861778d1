"""Are the speakers left as found, whatever restarts, absences and neighbours there are?"""

from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from edge_agent.actions.hand_back import HandBackRound, KeptVolumes, SpeakerMemory
from edge_agent.actions.music import MusicDevices
from edge_agent.doorkeeper import MusicHandBack
from edge_agent.errors import TryLater
from edge_agent.ports import PlaybackState
from edge_agent.store.speaker_memory import SpeakerMemoryFile
from tests.edge_agent.agent_kit import Household
from tests.edge_agent.speakers_here import SpeakersHere, a_player


@pytest.fixture
def speakers() -> SpeakersHere:
    return SpeakersHere(
        readings={"hall": a_player("hall", volume=20), "room": a_player("room", volume=40)}
    )


@pytest.fixture
def memory(tmp_path: Path) -> SpeakerMemoryFile:
    return SpeakerMemoryFile(tmp_path / "speakers.json")


def _round(household: Household, speakers: SpeakersHere, memory: SpeakerMemory) -> HandBackRound:
    return HandBackRound(household, MusicDevices(speakers, speakers, speakers, speakers), memory)


def _told(
    *, began: tuple[UUID, ...] = (), ended: tuple[UUID, ...] = (), players: tuple[str, ...]
) -> MusicHandBack:
    touched = {str(stay): players for stay in (*began, *ended)}
    return MusicHandBack(began=began, ended=ended, players=touched)


def _loud(speakers: SpeakersHere, player: str) -> None:
    reading = speakers.readings[player]
    speakers.readings[player] = replace(reading, volume=90, state=PlaybackState.PLAYING)


async def test_volumes_from_before_the_stay_return_even_after_a_restart(
    household: Household, speakers: SpeakersHere, memory: SpeakerMemoryFile
) -> None:
    stay = uuid4()
    household.hand_back = _told(began=(stay,), players=("hall",))
    await _round(household, speakers, memory).turn()
    _loud(speakers, "hall")
    household.hand_back = _told(ended=(stay,), players=("hall",))
    await _round(household, speakers, memory).turn()
    assert speakers.readings["hall"].volume == 20
    assert speakers.readings["hall"].state is PlaybackState.IDLE
    assert memory.load() == KeptVolumes()


async def test_only_the_stays_own_players_are_touched(
    household: Household, speakers: SpeakersHere, memory: SpeakerMemoryFile
) -> None:
    stay = uuid4()
    household.hand_back = _told(began=(stay,), players=("hall",))
    rounds = _round(household, speakers, memory)
    await rounds.turn()
    _loud(speakers, "room")
    household.hand_back = _told(ended=(stay,), players=("hall",))
    await rounds.turn()
    assert speakers.readings["room"].volume == 90


async def test_a_music_server_that_is_away_at_check_out_is_waited_for_across_a_restart(
    household: Household, speakers: SpeakersHere, memory: SpeakerMemoryFile
) -> None:
    stay = uuid4()
    household.hand_back = _told(began=(stay,), players=("hall",))
    await _round(household, speakers, memory).turn()
    _loud(speakers, "hall")
    speakers.away = True
    household.hand_back = _told(ended=(stay,), players=("hall",))
    await _round(household, speakers, memory).turn()
    assert speakers.handed_back == []
    speakers.away = False
    await _round(household, speakers, memory).turn()
    assert speakers.readings["hall"].volume == 20


async def test_a_player_somebody_else_still_uses_plays_on(
    household: Household, speakers: SpeakersHere, memory: SpeakerMemoryFile
) -> None:
    first, second = uuid4(), uuid4()
    rounds = _round(household, speakers, memory)
    household.hand_back = _told(began=(first,), players=("hall",))
    await rounds.turn()
    _loud(speakers, "hall")
    household.hand_back = _told(began=(second,), players=("hall",))
    await rounds.turn()
    household.hand_back = _told(ended=(first,), players=("hall",))
    await rounds.turn()
    assert speakers.readings["hall"].state is PlaybackState.PLAYING
    household.hand_back = _told(ended=(second,), players=("hall",))
    await rounds.turn()
    assert speakers.readings["hall"].volume == 20  # from before the first, not the second


async def test_a_stay_nobody_saw_begin_is_still_silenced(
    household: Household, speakers: SpeakersHere, memory: SpeakerMemoryFile
) -> None:
    _loud(speakers, "hall")
    household.hand_back = _told(ended=(uuid4(),), players=("hall",))
    await _round(household, speakers, memory).turn()
    assert speakers.readings["hall"].state is PlaybackState.IDLE
    assert speakers.handed_back == [{"hall": 90}]


async def test_a_damaged_memory_is_an_empty_one(memory: SpeakerMemoryFile, tmp_path: Path) -> None:
    memory.save(KeptVolumes(stays={"x": {"hall": 1}}))
    (tmp_path / "speakers.json").write_bytes(b'{"stays": ')
    assert memory.load() == KeptVolumes()


def test_a_disk_that_refuses_is_tried_later(tmp_path: Path) -> None:
    memory = SpeakerMemoryFile(tmp_path / "absent" / "speakers.json")
    with pytest.raises(TryLater):
        memory.save(KeptVolumes())
