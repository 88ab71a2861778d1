"""Every error of the server's table becomes the reaction it calls for."""

import pytest

from edge_agent.drivers.music_assistant import MusicAssistant
from edge_agent.errors import (
    DeviceBusy,
    DeviceUnreachable,
    EdgeError,
    NoSuchThing,
    NotPermitted,
    OutcomeUnknown,
    PickAnother,
    TryLater,
    Unsupported,
)
from edge_agent.ports import MediaType, Transport
from edge_agent.simulator.music.faults import Fault, FaultKind
from edge_agent.simulator.music.server import MusicServer

TABLE: list[tuple[int, type[EdgeError]]] = [
    (0, OutcomeUnknown),
    (1, TryLater),
    (2, NoSuchThing),
    (3, PickAnother),
    (4, OutcomeUnknown),
    (5, OutcomeUnknown),
    (6, NotPermitted),
    (7, TryLater),
    (8, NoSuchThing),
    (9, Unsupported),
    (10, DeviceUnreachable),
    (11, TryLater),
    (12, Unsupported),
    (13, PickAnother),
    (14, PickAnother),
    (15, PickAnother),
    (16, TryLater),
    (17, TryLater),
    (18, NotPermitted),
    (19, TryLater),
    (20, NotPermitted),
    (21, NotPermitted),
    (22, NotPermitted),
    (23, NotPermitted),
    (24, DeviceBusy),
    (25, TryLater),
    (26, OutcomeUnknown),
    (27, OutcomeUnknown),
    (28, PickAnother),
    (999, OutcomeUnknown),
    (777, OutcomeUnknown),  # a code of a server newer than the library
]


@pytest.mark.parametrize(("code", "reaction"), TABLE)
async def test_each_code_of_a_command(
    server: MusicServer, music: MusicAssistant, code: int, reaction: type[EdgeError]
) -> None:
    fault = Fault(kind=FaultKind.ERROR, command="player_queues/pause", error_code=code)
    server.faults.add(fault)
    with pytest.raises(EdgeError) as caught:
        await music.transport("kitchen", Transport.PAUSE)
    assert type(caught.value) is reaction
    assert "told to fail" not in str(caught.value)  # the server's words are not ours
    assert music.status.links == 1


@pytest.mark.parametrize("code", [0, 4, 999, 777])
async def test_an_unclear_failure_of_a_question_may_be_asked_again(
    server: MusicServer, music: MusicAssistant, code: int
) -> None:
    server.faults.add(Fault(kind=FaultKind.ERROR, command="music/search", error_code=code))
    with pytest.raises(TryLater):
        await music.search("satie", types=(MediaType.TRACK,), limit=1)
