"""A simulated vendor's own habits, and what our way out makes of them."""

from collections.abc import AsyncIterator

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cloud_api.kit.outgoing import (
    Ask,
    NotJsonError,
    Outgoing,
    VendorSilentError,
    VendorUnreachableError,
)
from portero.simulators.kit import Fault, FaultKind, Refusal, Stage, playing, vendor


class Till:
    """A vendor that counts what it did."""

    def __init__(self) -> None:
        self.done = 0

    async def pay(self, request: Request) -> Response:
        if request.headers.get("authorization") is None:
            raise Refusal(JSONResponse({"error": "who are you?"}, status_code=401))
        self.done += 1
        return JSONResponse({"heard": (await request.body()).decode()})


@pytest.fixture
def till() -> Till:
    return Till()


@pytest.fixture
async def stage(till: Till) -> AsyncIterator[Stage]:
    async with playing(vendor(Route("/pay", till.pay, methods=["POST"]))) as stage:
        yield stage


@pytest.fixture
async def out() -> AsyncIterator[Outgoing]:
    async with Outgoing() as out:
        yield out


def pay(stage: Stage, *, seconds: float = 5) -> Ask:
    return Ask("POST", f"{stage.url}/pay", form={"a": "1"}, basic=("me", ""), seconds=seconds)


async def test_an_answer_comes_back_and_the_journal_knows_what_was_sent(
    stage: Stage, out: Outgoing
) -> None:
    answer = await out.ask(pay(stage))
    assert (answer.status, answer.object()) == (200, {"heard": "a=1"})
    [heard] = stage.heard("/pay", method="POST")
    assert heard.body == b"a=1"


async def test_a_refusal_is_an_answer_in_the_vendors_words(stage: Stage, out: Outgoing) -> None:
    answer = await out.ask(Ask("POST", f"{stage.url}/pay"))
    assert (answer.status, answer.json()) == (401, {"error": "who are you?"})


@pytest.mark.parametrize(
    ("kind", "done"),
    [
        (FaultKind.CUT_BEFORE, 0),
        (FaultKind.HANG_BEFORE, 0),
        (FaultKind.CUT_AFTER, 1),
        (FaultKind.HANG_AFTER, 1),
    ],
)
async def test_silence_is_told_apart_from_a_refusal_but_not_from_itself(
    stage: Stage, out: Outgoing, till: Till, kind: FaultKind, done: int
) -> None:
    """Whether it was done cannot be known from here: both ways are the same error."""
    stage.add_fault(Fault(kind))
    with pytest.raises(VendorSilentError):
        await out.ask(pay(stage, seconds=0.3))
    assert till.done == done
    assert (await out.ask(pay(stage))).status == 200


async def test_nobody_there_is_surely_not_done(out: Outgoing) -> None:
    with pytest.raises(VendorUnreachableError):
        await out.ask(Ask("POST", "http://127.0.0.1:9/pay"))


async def test_a_scripted_status_and_garbage_come_once_each(
    stage: Stage, out: Outgoing, till: Till
) -> None:
    stage.add_fault(Fault(FaultKind.STATUS_BEFORE, status=503, body={"e": 1}))
    stage.add_fault(Fault(FaultKind.GARBAGE_AFTER))
    assert (await out.ask(pay(stage))).status == 503
    with pytest.raises(NotJsonError):
        (await out.ask(pay(stage))).json()
    assert (await out.ask(pay(stage))).object() == {"heard": "a=1"}
    assert till.done == 2


async def test_a_simulator_takes_a_vendors_place_by_name() -> None:
    async with Outgoing({"till": "http://127.0.0.1:1/x/"}) as out:
        assert out.base("till", "https://till.example") == "http://127.0.0.1:1/x"
        assert out.base("bank", "https://bank.example/") == "https://bank.example"
