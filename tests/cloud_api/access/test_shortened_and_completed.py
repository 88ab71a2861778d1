"""Does a stay that was shortened and checked out in one breath end when it should?"""

from datetime import timedelta

from tests.cloud_api.access.stage import Visit, instant


async def test_shortened_and_checked_out_before_anybody_looked(visit: Visit) -> None:
    booked = await visit.book([visit.desk.rooms[0]], 0, 5)
    long = instant((await visit.grant(booked))["ends"])
    await visit.at(long - timedelta(days=4, hours=1))
    # Both at the desk before any reaction has run: what is read afterwards is the last word only.
    await visit.desk.done(booked, "move", {"check_out": visit.desk.day(0).isoformat()})
    await visit.desk.done(booked, "check-out", {"reason": "left early"})
    await visit.work()
    grant = await visit.grant(booked)
    assert instant(grant["ends"]) == long - timedelta(days=4)
