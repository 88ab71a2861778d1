"""Is music allowed by the same book, kept on record, and handed back when a stay is over?"""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from edge_agent.doorkeeper import MusicPermit, Taken
from protocol.access import Refusal
from protocol.envelope import Flaw, Kind, open_envelope
from protocol.facts import MusicActed
from protocol.ids import GrantId, PlayerId, RequestId
from protocol.music import MusicAnswer, MusicRequest, MusicResult, SetVolume
from tests.edge_agent.lockd_kit import CLOUD, NEXT_CLOUD, Lockd, signed
from tests.edge_agent.policy_kit import (
    BOOKER,
    ENDS,
    HOUSE,
    LOUDSPEAKER,
    NOON,
    a_grant,
    named,
)

SECRET = "5e" * 32


def relayed(
    *, expires_at: datetime, grant: GrantId = BOOKER, request: UUID | None = None
) -> MusicRequest:
    return MusicRequest(
        house=HOUSE,
        request=RequestId(request or uuid4()),
        grant=grant,
        ask=SetVolume(player=LOUDSPEAKER, percent=30),
        expires_at=expires_at,
    )


async def music_facts(lockd: Lockd) -> list[MusicActed]:
    return [each.body for each in await lockd.facts() if isinstance(each.body, MusicActed)]


async def test_who_may_turn_it_up_may_and_it_is_on_record(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    token = await lockd.sign_in(SECRET)
    permit = await lockd.client.permit(token, "set_volume", LOUDSPEAKER)
    assert (permit.allowed, permit.grant, permit.ceiling) == (True, BOOKER, 100)
    assert [each.speaker for each in permit.players] == ["ma-kitchen"]
    looking = await lockd.client.permit(token, "players", None)
    assert looking.allowed
    facts = await music_facts(lockd)
    assert [(each.verb, each.allowed) for each in facts] == [("set_volume", True)]


async def test_rights_not_given_are_refused_and_on_record(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    token = await lockd.sign_in(SECRET)
    for verb, player in (
        ("play_media", LOUDSPEAKER),
        ("set_volume", PlayerId(named("other"))),
        ("search", None),
        ("format_disk", LOUDSPEAKER),
    ):
        permit = await lockd.client.permit(token, verb, player)
        assert (permit.allowed, permit.refusal) == (False, Refusal.NO_SUCH_RIGHT)
    assert [each.allowed for each in await music_facts(lockd)] == [False, False]
    nobody = await lockd.client.permit("00" * 32, "players", None)
    assert nobody == MusicPermit(allowed=False, grant=None, refusal=Refusal.NOT_SIGNED_IN)


async def test_music_ends_with_the_stay_too(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET, checked_in=True))
    token = await lockd.sign_in(SECRET)
    lockd.clock.pass_time(timedelta(hours=23))
    token = await lockd.sign_in(SECRET)
    lockd.clock.pass_time(ENDS - NOON - timedelta(hours=23) + timedelta(minutes=1))
    permit = await lockd.client.permit(token, "set_volume", LOUDSPEAKER)
    assert not permit.allowed


async def test_a_relayed_wish_is_decided_once_and_its_exact_body_told(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant())
    frame = signed(Kind.MUSIC_REQUEST, relayed(expires_at=NOON + timedelta(seconds=10)))
    judged = await lockd.client.permit_relayed(frame)
    assert isinstance(judged, tuple)
    permit, body = judged
    assert permit.allowed
    assert body == open_envelope(frame, Kind.MUSIC_REQUEST, lambda _: CLOUD.public_hex).body
    assert await lockd.client.permit_relayed(frame) == Taken(reason="heard_before")


async def test_a_late_foreign_or_forged_wish_does_nothing(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant())
    late = await lockd.client.permit_relayed(signed(Kind.MUSIC_REQUEST, relayed(expires_at=NOON)))
    assert isinstance(late, tuple)
    assert (late[0].allowed, late[0].refusal) == (False, Refusal.TOO_LATE)
    soon = NOON + timedelta(seconds=10)
    unknown = relayed(expires_at=soon, grant=GrantId(named("nobody")))
    stranger = await lockd.client.permit_relayed(signed(Kind.MUSIC_REQUEST, unknown))
    assert isinstance(stranger, tuple)
    assert stranger[0].refusal is Refusal.UNKNOWN_GRANT
    forged = signed(Kind.MUSIC_REQUEST, relayed(expires_at=soon), NEXT_CLOUD)
    refused = await lockd.client.permit_relayed(forged)
    assert isinstance(refused, Taken)
    assert refused.flaw is Flaw.UNKNOWN_KEY


async def test_an_answer_is_signed_in_the_houses_name(lockd: Lockd) -> None:
    answer = MusicAnswer(house=HOUSE, request=RequestId(named("r")), result=MusicResult.DONE)
    frame = await lockd.client.sign_music_answer(answer.to_bytes())
    assert lockd.read(frame, Kind.MUSIC_ANSWER, MusicAnswer) == answer


async def test_a_flood_of_changes_is_stopped(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    token = await lockd.sign_in(SECRET)
    for _ in range(120):
        await lockd.client.permit(token, "set_volume", LOUDSPEAKER)
    flooded = await lockd.client.permit(token, "set_volume", LOUDSPEAKER)
    assert flooded.refusal is Refusal.TOO_MANY_OUTSTANDING
    assert len(await music_facts(lockd)) == 120


async def test_a_stay_is_told_when_it_begins_and_when_it_ends_and_once(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    began = await lockd.client.stays()
    assert (began.began, began.ended) == ((BOOKER,), ())
    assert began.players == {str(BOOKER): ("ma-kitchen",)}
    assert (await lockd.client.stays()).began == (BOOKER,)  # until it is heard
    await lockd.client.stays_heard(began=(BOOKER,), ended=())
    assert (await lockd.client.stays()).began == ()
    lockd.clock.pass_time(ENDS - NOON + timedelta(minutes=1))
    ended = await lockd.client.stays()
    assert (ended.began, ended.ended) == ((), (BOOKER,))
    assert ended.players == {str(BOOKER): ("ma-kitchen",)}
    assert (await lockd.client.stays()).ended == (BOOKER,)
    await lockd.client.stays_heard(began=(), ended=(BOOKER,))
    assert (await lockd.client.stays()).ended == ()


async def test_a_cancelled_stay_ends_too(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant())
    await lockd.client.stays()
    await lockd.settle_in(version=2)
    assert (await lockd.client.stays()).ended == (BOOKER,)
