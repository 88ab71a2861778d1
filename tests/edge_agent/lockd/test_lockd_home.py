"""Are things allowed by the same book as doors, kept on record, and not worn out?"""

from edge_agent.doorkeeper import ThingPermit
from protocol.access import Refusal, Right, Verb
from protocol.facts import HomeActed
from protocol.home import Thing, ThingKind, Things, UseThing
from protocol.ids import ThingId
from tests.edge_agent.lockd_kit import Lockd, a_key_document, snapshot_frame
from tests.edge_agent.policy_kit import BOOKER, a_grant, a_snapshot, named

SECRET = "5e" * 32
POOL = ThingId(named("pool"))
ON = UseThing(thing=POOL, on=True)
USE = str(Right(Verb.HOME_USE, POOL))
THINGS = (
    Thing(thing=POOL, name="Pool", kind=ThingKind.POOL_HEATING, entity="switch.pool_heating"),
)


async def settled(lockd: Lockd, *rights: str) -> str:
    await lockd.take("keys", a_key_document())
    await lockd.gain_time()
    book = a_snapshot(a_grant(secret=SECRET, rights=rights), things=THINGS)
    await lockd.take("snapshot", snapshot_frame(book))
    return await lockd.sign_in(SECRET)


async def test_a_right_to_use_shows_the_thing_and_looking_is_not_on_record(lockd: Lockd) -> None:
    token = await settled(lockd, USE)
    seen = await lockd.client.permit_thing(token, Things())
    assert (seen.allowed, seen.grant) == (True, BOOKER)
    assert [(each.thing.entity, each.may_use) for each in seen.things] == [
        ("switch.pool_heating", True)
    ]
    assert "home" not in await lockd.fact_kinds()


async def test_without_the_right_there_is_nothing_to_see(lockd: Lockd) -> None:
    token = await settled(lockd)
    for ask in (Things(), ON):
        said = await lockd.client.permit_thing(token, ask)
        assert said == ThingPermit(allowed=False, grant=BOOKER, refusal=Refusal.NO_SUCH_RIGHT)
    nobody = await lockd.client.permit_thing("00" * 32, ON)
    assert nobody.refusal is Refusal.NOT_SIGNED_IN


async def test_a_flood_of_switching_is_stopped(lockd: Lockd) -> None:
    token = await settled(lockd, USE)
    for _ in range(30):
        assert (await lockd.client.permit_thing(token, ON)).allowed
    flooded = await lockd.client.permit_thing(token, ON)
    assert flooded.refusal is Refusal.TOO_MANY_OUTSTANDING
    bodies = [each.body for each in await lockd.facts()]
    assert sum(isinstance(each, HomeActed) for each in bodies) == 30
