"""What an operator types: words are copied once, and a channel is tried at once."""

import pytest

from cloud_api.settings import CloudSettings
from portero.verbs import messaging
from tests.cloud_api.messaging.conftest import Post, Sink


@pytest.fixture(autouse=True)
def _operator(settings: CloudSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The verbs read what an operator has set."""
    monkeypatch.setenv("PORTERO_ENVIRONMENT", "development")
    monkeypatch.setenv("PORTERO_DATABASE_DSN", settings.database_dsn.get_secret_value())
    monkeypatch.setenv("PORTERO_SECRET_KEY", settings.secret_key.get_secret_value())


async def test_words_are_copied_for_an_organisation_and_its_own_stay(post: Post) -> None:
    own = {"subject": "Hi", "body": "Paid", "html": "<p>Paid</p>"}
    await post.tenant.put("/message-templates/paid_in_full/email/en", own)
    assert "templates written" in await messaging.seed(None)
    assert (await messaging.seed(str(post.tenant.organisation_id))).startswith("0 ")
    shown = (await post.tenant.get("/message-templates", event="paid_in_full")).json()
    assert all(each["own"] for each in shown)
    assert "Paid" in {each["body"] for each in shown}


async def test_an_operator_tries_a_channel_and_reads_what_became_of_it(
    post: Post, sink: Sink
) -> None:
    del post
    told = await messaging.send_test("email", to="me@example.org", organisation=None)
    assert told.startswith("sent")
    assert [str(mail["To"]) for mail in sink.mails] == ["me@example.org"]
    sink.at_rcpt = "550 no such user"
    told = await messaging.send_test("email", to="nobody@example.org", organisation=None)
    assert told.startswith("failed: refused")


async def test_an_unknown_channel_or_organisation_is_told_with_those_there_are(post: Post) -> None:
    with pytest.raises(SystemExit, match="email"):
        await messaging.send_test("pigeon", to="me", organisation=None)
    with pytest.raises(SystemExit, match=str(post.tenant.organisation_id)):
        await messaging.seed("another")
