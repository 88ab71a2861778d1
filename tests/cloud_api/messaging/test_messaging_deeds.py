"""What staff do with messages is on record, and templates and wishes are kept."""

from cloud_api.kit.audit import Deed
from tests.cloud_api.messaging.conftest import Post

OWN = {"subject": "Hi", "body": "Paid: {{ total }} for {{ code }}", "html": "<p>{{ total }}</p>"}
WORDS = "/message-templates/paid_in_full/email/en"


async def deeds(post: Post) -> set[str]:
    return {each["action"] for each in (await post.tenant.get("/audit")).json()["items"]}


async def test_ones_own_words_are_kept_tried_and_given_up_on_record(post: Post) -> None:
    kept = await post.tenant.put(WORDS, OWN)
    assert (kept.status_code, kept.json()["unused"]) == (200, ["guest_name", "house_name"])
    asked = {"event": "paid_in_full", "medium": "email", "variables": {"code": "<b>"}}
    shown = await post.tenant.post("/message-templates/preview", asked)
    assert shown.json()["body"] == "Paid: $123.45 for <b>"
    assert (await post.tenant.delete(WORDS)).status_code == 204
    assert (await post.tenant.delete(WORDS)).status_code == 404
    assert {Deed.TEMPLATE_CHANGED, Deed.TEMPLATE_RESTORED} <= await deeds(post)


async def test_unknown_words_are_refused_and_listed(post: Post) -> None:
    refused = await post.tenant.put(WORDS, OWN | {"body": "{{ pin }}"})
    assert (refused.status_code, refused.json()["unknown"]) == (422, ["pin"])


async def test_who_wants_nothing_more_is_dated_and_on_record(post: Post) -> None:
    made = await post.tenant.made("/clients", {"name": "Ana"})
    at = f"/clients/{made['id']}/message-preferences"
    wish = {"media": {"sms": False}, "hours_from": "10:00", "hours_until": "18:00"}
    assert (await post.tenant.put(at, wish)).json()["media"] == {"sms": False}
    gone = await post.tenant.delete(at)
    assert gone.json()["opted_out_at"] is not None
    assert not any((await post.tenant.get(at)).json()["media"].values())
    assert {Deed.PREFERENCES_CHANGED, Deed.OPTED_OUT} <= await deeds(post)


async def test_accounts_trials_and_resends_are_on_record(post: Post) -> None:
    (account,) = (await post.tenant.get("/channel-accounts")).json()
    tried = await post.tenant.post(f"/channel-accounts/{account['id']}/test", {"to": "a@b.example"})
    await post.carry()
    again = await post.tenant.post(f"/messages/{tried.json()['message_id']}/resend")
    assert again.status_code == 201, again.text
    assert {
        Deed.CHANNEL_ACCOUNT_KEPT,
        Deed.CHANNEL_TRIED,
        Deed.MESSAGE_RESENT,
    } <= await deeds(post)


async def test_a_call_nobody_signed_or_nobody_knows_changes_nothing(post: Post) -> None:
    (account,) = (await post.tenant.get("/channel-accounts")).json()
    path = account["webhook_path"]
    assert (await post.tenant.client.post(path)).json()["code"] == "call_refused"
    assert (await post.tenant.client.post(f"{path[:-64]}{'0' * 64}")).status_code == 404
