"""Money and keys are told when they are there, and staff when they are not."""

from datetime import timedelta
from uuid import UUID, uuid4

from cloud_api.kit.events import publish
from cloud_api.messaging.events import AccountTroubled, MessageFailed
from cloud_api.payments.events import PaymentNeedsPerson
from protocol.facts import PinMoved, PinState
from protocol.ids import CredentialId, GrantId, LockId
from tests.builders import JsonDict
from tests.cloud_api.papers.letters.conftest import Correspondence

CHAT = 4711
_ACKNOWLEDGED = """
INSERT INTO fleet_issued (house_id, grant_id, epoch, version, organisation_id, digest, role,
    stay_id, starts, ends, rights, generation, credentials, checked_in)
SELECT g.house_id, g.id, 1, 1, g.organisation_id, g.digest, g.role, g.stay_id, g.starts, g.ends,
    g.rights, g.generation,
    ARRAY(SELECT p ->> 'credential' FROM jsonb_array_elements(g.pins) AS p), g.checked_in
FROM fleet_grants AS g ON CONFLICT DO NOTHING
"""


async def priced(post: Correspondence, first: int, last: int, **other: object) -> JsonDict:
    desk = post.visit.desk
    body = {
        "unit_ids": [desk.rooms[0]],
        "check_in": desk.day(first).isoformat(),
        "check_out": desk.day(last).isoformat(),
        "guests": 1,
    }
    quote = (await desk.hotel.tenant.client.post("/api/v1/quotes", json=body)).json()
    return await desk.hold([desk.rooms[0]], first, last, quote=quote["token"], **other)


async def pay(post: Correspondence, held: JsonDict, minor: int) -> None:
    desk = post.visit.desk
    await desk.hotel.tenant.put(
        f"/properties/{desk.hotel.property_id}/payment-settings",
        {"bank_details": "Banco de prueba", "offers": [{"provider": "manual"}]},
    )
    [folio] = await desk.sql("SELECT id FROM folios WHERE subject_id = :id", id=UUID(held["id"]))
    amount = {"minor": minor, "currency": held["price"]["currency"]}
    body = {"provider": "manual", "received": True, "amount": amount}
    await desk.hotel.tenant.made(f"/folios/{folio.id}/payments", body)
    await post.visit.work()


async def proven(post: Correspondence, booked: JsonDict) -> None:
    """The house acknowledges its book, and each lock reads back its PIN."""
    desk = post.visit.desk
    await desk.sql(_ACKNOWLEDGED)
    await desk.sql("UPDATE fleet_houses SET acked_epoch = 1, acked_version = 1")
    grant = await post.visit.grant(booked)
    for pin in await desk.sql(
        "SELECT id, lock_id FROM access_pins WHERE wanted AND grant_id = :id", id=UUID(grant["id"])
    ):
        fact = PinMoved(
            credential=CredentialId(pin.id),
            grant=GrantId(UUID(grant["id"])),
            lock=LockId(pin.lock_id),
            state=PinState.READ_BACK,
            reason=None,
        )
        await post.visit.report(fact)


async def test_money_that_came_and_the_last_of_it_are_told_once_each(post: Correspondence) -> None:
    held = await priced(post, 30, 32)
    total = (
        held["price"]["amount"]["minor"] if "amount" in held["price"] else held["price"]["minor"]
    )
    await pay(post, held, total - 1_000)
    first = await post.names(held)
    assert first.count("payment_received") == 1
    assert "paid_in_full" not in first
    await pay(post, held, 1_000)
    told = await post.names(held)
    assert told.count("payment_received") == 2
    assert told.count("paid_in_full") == 1
    assert "confirmation" in told


async def test_who_cancels_is_told_what_goes_back(post: Correspondence) -> None:
    held = await priced(post, 60, 62)
    total = (
        held["price"]["amount"]["minor"] if "amount" in held["price"] else held["price"]["minor"]
    )
    await pay(post, held, total)
    await post.visit.do(held, "cancel", {"reason": "ill"})
    (mail,) = [each for each in post.mails() if "cancelled" in str(each["subject"])]
    [row] = await post.visit.desk.sql(
        "SELECT coalesce(sum(amount_minor), 0) AS back FROM payment_refunds"
    )
    assert ("You get" in post.words(mail)) is (row.back > 0)


async def test_a_voucher_is_asked_for_once_while_there_is_time(post: Correspondence) -> None:
    held = await priced(post, 30, 32, transfer=True)
    await post.tick()
    assert "voucher_deadline" not in await post.names(held)
    await post.visit.at(post.visit.clock.now + timedelta(minutes=40))
    await post.tick()
    await post.tick()
    assert (await post.names(held)).count("voucher_deadline") == 1


async def test_a_key_is_told_when_house_and_locks_have_proven_it_and_once(
    post: Correspondence,
) -> None:
    await post.visit.enrol()
    booked = await post.book(1, 3)
    await post.visit.at(post.visit.clock.now + timedelta(hours=6))
    await post.tick()
    assert "key_ready" not in await post.names(booked)
    await proven(post, booked)
    await post.tick()
    await post.tick()
    assert (await post.names(booked)).count("key_ready") == 1
    pin = (await post.visit.links(await post.visit.grant(booked)))["pin"]
    (mail,) = [each for each in post.mails() if pin in post.words(each)]
    assert "/stay#" in post.words(mail)


async def test_a_key_that_is_late_is_told_to_the_guest_and_to_the_owner(
    post: Correspondence,
) -> None:
    await post.visit.enrol()
    booked = await post.book(0, 3)
    await post.visit.at(post.visit.clock.now + timedelta(days=1))
    await post.tick()
    await post.tick()
    assert (await post.names(booked)).count("key_delayed") == 1
    owner = post.visit.hotel.tenant.email
    assert [str(each["subject"]) for each in post.mails(owner)] == [
        "A key has not reached its door"
    ]


async def test_without_a_house_of_ours_nobody_hears_of_keys(post: Correspondence) -> None:
    booked = await post.book(0, 3)
    await post.visit.at(post.visit.clock.now + timedelta(days=1))
    await post.tick()
    assert not {"key_ready", "key_delayed"} & set(await post.names(booked))


async def test_staff_are_alarmed_in_their_chat_once_for_each_fact(post: Correspondence) -> None:
    organisation = post.visit.hotel.organisation_id
    await post.keep("telegram", dict(post.telegram.credentials()))
    tenant = post.visit.hotel.tenant
    kept = await tenant.put("/alert-settings", {"telegram_chat": str(CHAT)})
    assert kept.status_code == 200, kept.text
    payment, account, message = uuid4(), uuid4(), uuid4()
    events = (
        PaymentNeedsPerson(
            organisation_id=organisation,
            property_id=None,
            subject_id=None,
            folio_id=None,
            payment_id=payment,
            client_id=None,
            provider=None,
            currency="PEN",
            amount_minor=12_345,
            due_minor=0,
            matter="orphan",
        ),
        AccountTroubled(
            account_id=account, organisation_id=organisation, channel="sms_twilio", detail="401"
        ),
        MessageFailed(
            message_id=message,
            organisation_id=organisation,
            event="confirmation",
            channel="email",
            reason="refused",
            subject_id=uuid4(),
        ),
        # Neither an alarm nor a copy of a newsletter that failed is anybody's alarm.
        MessageFailed(
            message_id=uuid4(),
            organisation_id=organisation,
            event="staff_alert",
            channel="email",
            reason="refused",
            subject_id=uuid4(),
        ),
        MessageFailed(
            message_id=uuid4(),
            organisation_id=organisation,
            event="newsletter",
            channel="email",
            reason="refused",
            subject_id=None,
        ),
    )
    for event in (*events, *events):
        async with post.visit.database.transaction() as session:
            await publish(session, event, organisation_id=organisation)
    await post.visit.work()
    said = [each.words for each in post.telegram.said()]
    assert len(said) == 3
    assert any("PEN" in each and "123.45" in each for each in said)
    assert post.sink.mails == []
