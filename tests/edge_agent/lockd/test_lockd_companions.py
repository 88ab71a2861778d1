"""Can the guest who booked let a companion in without the cloud, and send them away again?"""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from edge_agent.doorkeeper import Attempt, Joined, Refused, RequestState, RequestView, StayView
from protocol.access import Delegation, Refusal, name_context, open_door
from protocol.envelope import Kind
from protocol.facts import DelegationEnded, RequestDecided, Requested
from protocol.ids import GrantId, RequestId
from protocol.live import Outcome
from tests.edge_agent.lockd_kit import CLOUD_BOX, Lockd, running
from tests.edge_agent.policy_kit import (
    BOOKER,
    BOOKER_RIGHTS,
    ENDS,
    FRONT,
    HOUSE,
    LOUDSPEAKER,
    NOON,
    ROOM,
    a_grant,
    named,
)

SECRET = "5e" * 32
DOOR = ("door:open",)
MUSIC = ("music:control", "music:volume")


class Party:
    """The booker's session and the code on the wall."""

    def __init__(self, lockd: Lockd, token: str, code: str) -> None:
        self.lockd = lockd
        self.token = token
        self.code = code

    async def ask(self, *, wants: tuple[str, ...] = DOOR, name: str = "Grace") -> Joined:
        joined = await self.lockd.client.join(self.code, name=name, wants=wants)
        assert isinstance(joined, Joined), joined
        return joined

    async def decide(self, request: RequestId, *, approve: bool = True) -> RequestView | Refused:
        return await self.lockd.client.decide_request(self.token, request, approve=approve)

    async def let_in(self, *, wants: tuple[str, ...] = DOOR) -> tuple[str, GrantId]:
        """The companion's own session and delegation."""
        joined = await self.ask(wants=wants)
        decided = await self.decide(joined.request)
        assert isinstance(decided, RequestView), decided
        assert decided.delegation is not None
        return await self.lockd.sign_in(joined.secret), decided.delegation

    async def requests(self) -> list[RequestView]:
        view = await self.lockd.client.view(self.token)
        assert isinstance(view, StayView)
        return list(view.requests)


@pytest.fixture
async def party(lockd: Lockd) -> Party:
    await lockd.settle_in(a_grant(secret=SECRET))
    token = await lockd.sign_in(SECRET)
    view = await lockd.client.view(token)
    assert isinstance(view, StayView)
    return Party(lockd, token, view.join_code or "")


async def test_a_companion_asks_the_booker_approves_and_the_door_opens(party: Party) -> None:
    joined = await party.ask()
    assert await party.lockd.client.request_state(joined.secret) is RequestState.PENDING
    assert isinstance(await party.lockd.client.sign_in(joined.secret), Refused)
    (seen,) = await party.requests()
    assert (seen.name, seen.wants, seen.state) == ("Grace", DOOR, RequestState.PENDING)
    decided = await party.decide(joined.request)
    assert isinstance(decided, RequestView)
    assert decided.state is RequestState.APPROVED
    token = await party.lockd.sign_in(joined.secret)
    opened = await party.lockd.open_door(token, uuid4())
    assert isinstance(opened, Attempt)
    assert opened.outcome is Outcome.OPENED
    view = await party.lockd.client.view(token)
    assert isinstance(view, StayView)
    assert (view.name, view.role, view.may_approve, view.join_code) == (
        "Grace",
        "companion",
        False,
        None,
    )


async def test_the_cloud_learns_all_of_it_and_can_read_the_name(party: Party) -> None:
    joined = await party.ask(wants=MUSIC)
    await party.decide(joined.request)
    bodies = [each.body for each in await party.lockd.facts()]
    asked = next(each for each in bodies if isinstance(each, Requested))
    decided = next(each for each in bodies if isinstance(each, RequestDecided))
    assert asked.name_box is not None
    context = name_context(HOUSE, joined.request)
    assert CLOUD_BOX.open(asked.name_box, context=context) == b"Grace"
    assert decided.delegation is not None
    delegation = party.lockd.read(decided.delegation.encode(), Kind.DELEGATION, Delegation)
    assert delegation.rights == (
        f"music:control:{LOUDSPEAKER}",
        f"music:volume:{LOUDSPEAKER}",
    )
    assert (delegation.parent, delegation.approved_by) == (BOOKER, BOOKER)
    assert delegation.window.ends == ENDS


async def test_a_companion_gets_only_what_was_asked(party: Party) -> None:
    token, _ = await party.let_in(wants=MUSIC)
    refused = await party.lockd.open_door(token, uuid4())
    assert isinstance(refused, Attempt)
    assert refused.refusal is Refusal.NO_SUCH_RIGHT


async def test_no_is_no(party: Party) -> None:
    joined = await party.ask()
    denied = await party.decide(joined.request, approve=False)
    assert isinstance(denied, RequestView)
    assert denied.state is RequestState.DENIED
    assert await party.lockd.client.request_state(joined.secret) is RequestState.DENIED
    assert await party.decide(joined.request) == Refused(refusal=Refusal.REQUEST_GONE)
    assert isinstance(await party.lockd.client.sign_in(joined.secret), Refused)


async def test_a_request_expires(party: Party) -> None:
    joined = await party.ask()
    assert joined.expires_at > NOON
    party.lockd.clock.pass_time(timedelta(minutes=16))
    assert await party.lockd.client.request_state(joined.secret) is RequestState.EXPIRED
    assert await party.decide(joined.request) == Refused(refusal=Refusal.REQUEST_GONE)


async def test_only_delegable_verbs_can_be_asked_for(party: Party) -> None:
    client = party.lockd.client
    for wants in (
        ("access:approve",),
        ("access:override",),
        ("door:open", "access:approve"),
        ("x",),
    ):
        assert await client.join(party.code, name="Eve", wants=wants) == Refused(
            refusal=Refusal.NOT_DELEGABLE
        )
    nothing = await client.join(party.code, name="Eve", wants=("music:queue",))
    assert nothing == Refused(refusal=Refusal.NO_SUCH_RIGHT)


async def test_a_wrong_code_files_nothing(party: Party) -> None:
    wrong = await party.lockd.client.join("00" * 16, name="Eve", wants=DOOR)
    assert wrong == Refused(refusal=Refusal.UNKNOWN_GRANT)
    assert await party.requests() == []
    assert isinstance(await party.lockd.client.request_state("00" * 32), Refused)


async def test_requests_and_delegations_are_capped(party: Party) -> None:
    for _ in range(5):
        await party.ask()
    sixth = await party.lockd.client.join(party.code, name="Eve", wants=DOOR)
    assert sixth == Refused(refusal=Refusal.TOO_MANY_OUTSTANDING)
    waiting = await party.requests()
    answers = [await party.decide(each.request) for each in waiting]
    approved = [each for each in answers if isinstance(each, RequestView)]
    assert len(approved) == 2
    assert Refused(refusal=Refusal.TOO_MANY_DELEGATIONS) in answers
    full = await party.lockd.client.join(party.code, name="Eve", wants=DOOR)
    assert full == Refused(refusal=Refusal.TOO_MANY_DELEGATIONS)


async def test_the_booker_sends_a_companion_away(party: Party) -> None:
    token, delegation = await party.let_in()
    assert await party.lockd.client.end_delegation(party.token, delegation) is None
    refused = await party.lockd.open_door(token, uuid4())
    assert isinstance(refused, Attempt)
    assert refused.outcome is Outcome.REFUSED
    (seen,) = await party.requests()
    assert seen.state is RequestState.ENDED
    ended = DelegationEnded(delegation=delegation, reason="ended_by_booker")
    assert ended in [each.body for each in await party.lockd.facts()]
    again = await party.lockd.client.end_delegation(party.token, delegation)
    assert again == Refused(refusal=Refusal.REQUEST_GONE)


async def test_a_companion_cannot_approve_or_send_away(party: Party) -> None:
    token, delegation = await party.let_in()
    joined = await party.ask()
    client = party.lockd.client
    refused = Refused(refusal=Refusal.NO_SUCH_RIGHT)
    assert await client.decide_request(token, joined.request, approve=True) == refused
    assert await client.end_delegation(token, delegation) == refused


async def test_another_stay_cannot_decide(party: Party) -> None:
    stranger = a_grant(
        GrantId(named("stranger")), stay=None, secret="aa" * 32, rights=BOOKER_RIGHTS
    )
    await party.lockd.settle_in(a_grant(secret=SECRET), stranger, version=2)
    joined = await party.ask()
    other = await party.lockd.sign_in("aa" * 32)
    refused = await party.lockd.client.decide_request(other, joined.request, approve=True)
    assert refused == Refused(refusal=Refusal.REQUEST_GONE)


async def test_a_revoked_booker_takes_all_companions_along(party: Party) -> None:
    token, _ = await party.let_in()
    await party.lockd.settle_in(version=2)
    refused = await party.lockd.open_door(token, uuid4())
    assert isinstance(refused, Attempt)
    assert refused.outcome is Outcome.REFUSED
    assert party.lockd.hardware.front.opened == 0


async def test_a_companion_survives_new_books_and_a_restart(party: Party) -> None:
    token, _ = await party.let_in()
    lockd = party.lockd
    await lockd.settle_in(a_grant(secret=SECRET), version=2)
    lockd.task.cancel()
    await asyncio.wait({lockd.task})
    async with running(lockd.client._socket.parent, lockd.clock, lockd.hardware) as again:
        opened = await again.open_door(token, uuid4())
    assert isinstance(opened, Attempt)
    assert opened.outcome is Outcome.OPENED


async def test_a_new_link_makes_the_old_code_void(party: Party) -> None:
    await party.lockd.settle_in(a_grant(secret=SECRET, generation=2), version=2)
    old = await party.lockd.client.join(party.code, name="Eve", wants=DOOR)
    assert old == Refused(refusal=Refusal.UNKNOWN_GRANT)


async def test_what_the_parent_lost_meanwhile_is_not_passed_on(party: Party) -> None:
    joined = await party.ask(wants=DOOR)
    poorer = (str(open_door(ROOM)), "access:approve")
    await party.lockd.settle_in(a_grant(secret=SECRET, rights=poorer), version=2)
    decided = await party.decide(joined.request)
    assert isinstance(decided, RequestView)
    token = await party.lockd.sign_in(joined.secret)
    refused = await party.lockd.open_door(token, uuid4(), FRONT)
    opened = await party.lockd.open_door(token, uuid4(), ROOM)
    assert isinstance(refused, Attempt)
    assert isinstance(opened, Attempt)
    assert (refused.refusal, opened.outcome) == (Refusal.NO_SUCH_RIGHT, Outcome.OPENED)


async def test_what_the_parent_gained_meanwhile_was_not_asked_for(party: Party) -> None:
    poor = (str(open_door(ROOM)), "access:approve")
    await party.lockd.settle_in(a_grant(secret=SECRET, rights=poor), version=2)
    joined = await party.ask(wants=DOOR)
    await party.lockd.settle_in(a_grant(secret=SECRET), version=3)
    await party.decide(joined.request)
    token = await party.lockd.sign_in(joined.secret)
    refused = await party.lockd.open_door(token, uuid4(), FRONT)
    assert isinstance(refused, Attempt)
    assert refused.refusal is Refusal.NO_SUCH_RIGHT


async def test_nobody_passes_on_what_they_do_not_have(party: Party) -> None:
    """Two grants of one stay; the one who says yes has the room only."""
    poor = (str(open_door(ROOM)), "access:approve")
    second = a_grant(GrantId(named("second")), secret="aa" * 32, rights=poor)
    await party.lockd.settle_in(a_grant(secret=SECRET), second, version=2)
    joined = await party.ask(wants=DOOR)
    approver = await party.lockd.sign_in("aa" * 32)
    decided = await party.lockd.client.decide_request(approver, joined.request, approve=True)
    assert isinstance(decided, RequestView)
    token = await party.lockd.sign_in(joined.secret)
    refused = await party.lockd.open_door(token, uuid4(), FRONT)
    opened = await party.lockd.open_door(token, uuid4(), ROOM)
    assert isinstance(refused, Attempt)
    assert isinstance(opened, Attempt)
    assert (refused.refusal, opened.outcome) == (Refusal.NO_SUCH_RIGHT, Outcome.OPENED)


async def test_a_stay_without_the_right_to_approve_approves_nothing(party: Party) -> None:
    joined = await party.ask()
    poorer = (str(open_door(FRONT)),)
    await party.lockd.settle_in(a_grant(secret=SECRET, rights=poorer), version=2)
    refused = Refused(refusal=Refusal.NO_SUCH_RIGHT)
    assert await party.decide(joined.request) == refused
    view = await party.lockd.client.view(party.token)
    assert isinstance(view, StayView)
    assert (view.may_approve, view.join_code, view.requests) == (False, None, ())
