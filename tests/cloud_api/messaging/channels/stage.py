"""Each channel before its simulated vendor, told apart from the rules that hold for all of them.

A channel joins the contract with one subclass of Played and one line in PLAYS.
"""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import ClassVar
from urllib.parse import parse_qsl, urlencode
from uuid import uuid4

from cloud_api.kit.outgoing import Outgoing
from cloud_api.messaging.channels.redvoiss import Redvoiss
from cloud_api.messaging.channels.telegram import Telegram
from cloud_api.messaging.channels.twilio import Twilio
from cloud_api.messaging.channels.whatsapp import WhatsApp
from cloud_api.messaging.ports import Channel
from cloud_api.messaging.types import Call, ChannelAccount, ChannelName, Letter, MessageState
from portero.simulators import redvoiss, telegram, twilio, whatsapp
from portero.simulators.kit import Stage, playing

STATUS_URL = "https://portero.example/webhooks/sms?house=9"


@dataclass(frozen=True)
class Said:
    """What the vendor has of a letter."""

    to: str
    words: str
    key: str | None


class Played:
    """One channel, its account, and its vendor on a real socket."""

    name: ClassVar[ChannelName]
    vendor: ClassVar[str]
    good: ClassVar[str]
    longest: ClassVar[int]
    can_look: ClassVar[bool] = False
    has_statuses: ClassVar[bool] = True
    has_webhooks: ClassVar[bool] = True
    splits: ClassVar[bool] = False
    tells_waits: ClassVar[bool] = True
    path: ClassVar[str]

    def __init__(self, channel: Channel, stage: Stage) -> None:
        self.channel = channel
        self.stage = stage
        self.account = self.account_of(self.credentials())

    def account_of(self, credentials: Mapping[str, str]) -> ChannelAccount:
        return ChannelAccount(uuid4(), uuid4(), self.name, credentials)

    def letter(self, body: str = "Your key is ready", *, to: str | None = None) -> Letter:
        return Letter(
            message_id=uuid4(),
            key=f"m-{uuid4()}",
            to=to or self.good,
            body=body,
            status_url=STATUS_URL,
        )

    def credentials(self) -> dict[str, str]:
        raise NotImplementedError

    def said(self) -> list[Said]:
        raise NotImplementedError

    def refused(self) -> Iterator[tuple[str, str]]:
        """Addresses the vendor, arranged so, never sends to, and the code each is refused with."""
        raise NotImplementedError

    def be_busy(self) -> float:
        """From now on too much is asked; the seconds the vendor then wants us to wait."""
        raise NotImplementedError

    def history(self, vendor_id: str) -> list[tuple[MessageState, Call]]:
        """The calls that tell how a letter went, in their right order."""
        raise NotImplementedError

    def written(self, text: str) -> tuple[Call, str]:
        """Somebody writes: the call that tells it, and who it was."""
        raise NotImplementedError

    def forged(self, call: Call) -> Iterator[tuple[str, Call]]:
        """The same call, not as its vendor made it."""
        raise NotImplementedError

    def under_no_key(self) -> Call:
        """A call proven by the empty secret, as anybody can."""
        raise NotImplementedError


class PlayedTwilio(Played):
    name = ChannelName.SMS_TWILIO
    vendor = "twilio"
    good = "+51987654321"
    longest = 1600
    can_look = True
    path = "/Messages.json"

    def __init__(self, channel: Channel, stage: Stage, simulator: twilio.Twilio) -> None:
        self.simulator = simulator
        super().__init__(channel, stage)

    def credentials(self) -> dict[str, str]:
        return {
            "account_sid": self.simulator.account_sid,
            "auth_token": self.simulator.auth_token,
            "from": "+15005550006",
        }

    def said(self) -> list[Said]:
        return [
            Said(each.to, each.body, dict(parse_qsl(each.callback.partition("?")[2])).get("key"))
            for each in self.simulator.messages.values()
        ]

    def refused(self) -> Iterator[tuple[str, str]]:
        self.simulator.opted_out.add("+51911111111")
        self.simulator.landlines.add("+5112345678")
        yield "+51911111111", "opted_out"
        yield "+5112345678", "invalid_address"
        yield "12", "invalid_address"
        yield "guest@example.org", "invalid_address"

    def be_busy(self) -> float:
        self.simulator.busy_seconds = 17
        return 17

    def history(self, vendor_id: str) -> list[tuple[MessageState, Call]]:
        states = {
            "sent": MessageState.SENT,
            "delivered": MessageState.DELIVERED,
            "read": MessageState.READ,
        }
        return [
            (state, call_of(self.simulator.progress(vendor_id, status)))
            for status, state in states.items()
        ]

    def written(self, text: str) -> tuple[Call, str]:
        told = self.simulator.written(STATUS_URL, sender="+51987654321", body=text, NewField="x y")
        return call_of(told), "+51987654321"

    def under_no_key(self) -> Call:
        self.simulator.auth_token = ""
        return self.written("open the door")[0]

    def forged(self, call: Call) -> Iterator[tuple[str, Call]]:
        yield from forged_headers(call, "x-twilio-signature")
        yield "one field changed", replace(call, body=call.body.replace(b"From=", b"From=%2B1"))
        fields = parse_qsl(call.body.decode(), keep_blank_values=True)
        yield "one field more", replace(call, body=urlencode([*fields, ("a", "b")]).encode())
        yield "one field less", replace(call, body=urlencode(fields[1:]).encode())
        yield "another address", replace(call, url=call.url.replace("house=9", "house=8"))
        yield "another host", replace(call, url=call.url.replace(".example", ".example.org"))
        yield "no query", replace(call, url=call.url.partition("?")[0])
        bare = replace(call, headers=dict(call.headers) | {"content-type": "application/json"})
        yield "said to be JSON", bare
        settings = {"x-twilio-webhooks-signature-settings": "key=k,algorithm=HMAC_SHA256"}
        yield "under a key we do not have", replace(call, headers=dict(call.headers) | settings)
        yield "not even text", replace(call, body=b"From=%ff\xff")


class PlayedWhatsApp(Played):
    name = ChannelName.WHATSAPP
    vendor = "whatsapp"
    good = "+51987654321"
    longest = 4096
    path = "/messages"

    def __init__(self, channel: Channel, stage: Stage, simulator: whatsapp.WhatsApp) -> None:
        self.simulator = simulator
        simulator.written(self.good, "hello")
        super().__init__(channel, stage)

    def credentials(self) -> dict[str, str]:
        return {
            "phone_number_id": self.simulator.phone_number_id,
            "access_token": self.simulator.access_token,
            "app_secret": self.simulator.app_secret,
            "verify_token": self.simulator.verify_token,
        }

    def said(self) -> list[Said]:
        return [Said(each.to, each.text, each.key) for each in self.simulator.messages.values()]

    def refused(self) -> Iterator[tuple[str, str]]:
        self.simulator.unreachable.add("+51911111111")
        self.simulator.stopped.add("+51922222222")
        yield "+51911111111", "undeliverable"
        yield "+51922222222", "opted_out"
        yield "PE.15021502", "undeliverable"
        yield "12", "invalid_address"
        yield "guest@example.org", "invalid_address"

    def be_busy(self) -> float:
        self.simulator.busy_minutes = 4
        return 240

    def history(self, vendor_id: str) -> list[tuple[MessageState, Call]]:
        states = {
            "sent": MessageState.SENT,
            "delivered": MessageState.DELIVERED,
            "read": MessageState.READ,
        }
        return [
            (state, call_of(self.simulator.progress(vendor_id, status)))
            for status, state in states.items()
        ]

    def written(self, text: str) -> tuple[Call, str]:
        return call_of(self.simulator.written("+51987654321", text)), "+51987654321"

    def under_no_key(self) -> Call:
        self.simulator.app_secret = ""
        return self.written("open the door")[0]

    def forged(self, call: Call) -> Iterator[tuple[str, Call]]:
        yield from forged_headers(call, "x-hub-signature-256")
        given = call.headers["x-hub-signature-256"]
        bare = {"x-hub-signature-256": given.removeprefix("sha256=")}
        yield "a signature without its algorithm", replace(call, headers=dict(call.headers) | bare)
        yield "one byte changed", replace(call, body=call.body.replace(b"5198", b"5199", 1))
        yield "a space more", replace(call, body=call.body + b" ")
        again = json.dumps(json.loads(call.body), ensure_ascii=False, indent=1).encode()
        assert json.loads(again) == json.loads(call.body)
        yield "the same JSON, written again", replace(call, body=again)
        yield "nothing", replace(call, body=b"")


class PlayedTelegram(Played):
    name = ChannelName.TELEGRAM
    vendor = "telegram"
    good = "4711"
    longest = 4096
    has_statuses = False
    splits = True
    path = "/sendMessage"

    def __init__(self, channel: Channel, stage: Stage, simulator: telegram.Telegram) -> None:
        self.simulator = simulator
        super().__init__(channel, stage)

    def credentials(self) -> dict[str, str]:
        return {"bot_token": self.simulator.token, "webhook_secret": self.simulator.secret}

    def said(self) -> list[Said]:
        return [Said(str(each.chat_id), each.text, None) for each in self.simulator.messages]

    def refused(self) -> Iterator[tuple[str, str]]:
        self.simulator.blocked.add(11)
        self.simulator.moved[-12] = -100012
        yield "11", "blocked"
        yield "-12", "moved"
        yield "13", "undeliverable"
        yield "@nobody_at_all", "undeliverable"
        yield "guest@example.org", "invalid_address"

    def be_busy(self) -> float:
        self.simulator.busy_seconds = 35
        return 35

    def written(self, text: str) -> tuple[Call, str]:
        return call_of(self.simulator.written(4711, text)), "4711"

    def under_no_key(self) -> Call:
        self.simulator.secret = ""
        return self.written("open the door")[0]

    def forged(self, call: Call) -> Iterator[tuple[str, Call]]:
        yield from forged_headers(call, "x-telegram-bot-api-secret-token")


class PlayedRedvoiss(Played):
    name = ChannelName.SMS_REDVOISS
    vendor = "redvoiss"
    good = "+56961234567"
    longest = 480
    has_webhooks = False
    tells_waits = False
    has_statuses = False
    path = "/sendWithReply"

    def __init__(self, channel: Channel, stage: Stage, simulator: redvoiss.Redvoiss) -> None:
        self.simulator = simulator
        super().__init__(channel, stage)

    def credentials(self) -> dict[str, str]:
        return {"username": self.simulator.username, "password": self.simulator.password}

    def said(self) -> list[Said]:
        return [
            Said(to, batch.text, key)
            for batch in self.simulator.batches.values()
            for to, key in batch.details
        ]

    def refused(self) -> Iterator[tuple[str, str]]:
        yield "+51987654321", "invalid_address"
        yield "+56221234567", "invalid_address"
        yield "12", "invalid_address"
        yield "guest@example.org", "invalid_address"


def forged_headers(call: Call, name: str) -> Iterator[tuple[str, Call]]:
    given = call.headers[name]
    changed = given[:-2] + ("x" if given[-2] != "x" else "y") + given[-1]
    yield "another signature", replace(call, headers=dict(call.headers) | {name: changed})
    yield "an empty signature", replace(call, headers=dict(call.headers) | {name: ""})
    others = {key: value for key, value in call.headers.items() if key != name}
    yield "no signature", replace(call, headers=others)
    yield (
        "a signature that is not ASCII",
        replace(call, headers=dict(call.headers) | {name: "ä" + given}),
    )


def call_of(told: twilio.Callback | whatsapp.Webhook | telegram.Webhook) -> Call:
    query = dict(parse_qsl(told.url.partition("?")[2]))
    return Call("POST", told.url, told.headers, query, told.body)


type Play = Callable[[], AbstractAsyncContextManager[Played]]


@asynccontextmanager
async def twilio_plays() -> AsyncIterator[PlayedTwilio]:
    simulator = twilio.Twilio()
    async with playing(simulator.app) as stage, Outgoing({"twilio": stage.url}) as outgoing:
        yield PlayedTwilio(Twilio(outgoing), stage, simulator)


@asynccontextmanager
async def whatsapp_plays() -> AsyncIterator[PlayedWhatsApp]:
    simulator = whatsapp.WhatsApp()
    async with playing(simulator.app) as stage, Outgoing({"whatsapp": stage.url}) as outgoing:
        yield PlayedWhatsApp(WhatsApp(outgoing), stage, simulator)


@asynccontextmanager
async def telegram_plays() -> AsyncIterator[PlayedTelegram]:
    simulator = telegram.Telegram()
    async with playing(simulator.app) as stage, Outgoing({"telegram": stage.url}) as outgoing:
        yield PlayedTelegram(Telegram(outgoing), stage, simulator)


@asynccontextmanager
async def redvoiss_plays() -> AsyncIterator[PlayedRedvoiss]:
    simulator = redvoiss.Redvoiss()
    async with playing(simulator.app) as stage, Outgoing({"redvoiss": stage.url}) as outgoing:
        yield PlayedRedvoiss(Redvoiss(outgoing), stage, simulator)


PLAYS: dict[type[Played], Play] = {
    PlayedTwilio: twilio_plays,
    PlayedWhatsApp: whatsapp_plays,
    PlayedTelegram: telegram_plays,
    PlayedRedvoiss: redvoiss_plays,
}
