"""How is Twilio told to send, asked whether it has, and heard?"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, DecimalException
from email.utils import parsedate_to_datetime
from typing import NoReturn
from urllib.parse import parse_qs, urlencode, urlsplit

from babel.numbers import get_currency_precision

from cloud_api.kit.db import Json
from cloud_api.kit.outgoing import Answer, Ask, NotJsonError, Outgoing
from cloud_api.messaging.channels.post import (
    Mishap,
    carry,
    credential,
    e164,
    is_broken,
    keep_to,
    number_in,
    object_of,
    plain_credential,
    said_yes,
    storable,
    wait_of,
)
from cloud_api.messaging.channels.twilio.signature import proven_form
from cloud_api.messaging.errors import (
    ChannelAccountError,
    ChannelBusyError,
    ChannelSilentError,
    RecipientRefusedError,
)
from cloud_api.messaging.types import (
    Call,
    Carried,
    ChannelAccount,
    ChannelName,
    Incoming,
    Letter,
    MessageState,
    News,
    Overheard,
)

_URL = "https://api.twilio.com"
_MOST_CHARACTERS = 1600
_BUSY_SECONDS = 10.0
_TOO_MANY = 429
_RATE_CODES = frozenset({20429, 30001})
_LOOKED_BACK = timedelta(days=1)
# How far Twilio's clock and ours may be apart.
_SKEW = timedelta(minutes=1)
_LISTED = 200
# What Twilio puts before every message of a trial account.
_TRIAL = "Sent from your Twilio trial account - "
_SILENT_REPLY = "<?xml version='1.0' encoding='UTF-8'?><Response/>"

# https://www.twilio.com/docs/api/errors: of a request (2xxxx), of a delivery (3xxxx)
_REASONS = {
    21211: Mishap.INVALID_ADDRESS,
    21217: Mishap.INVALID_ADDRESS,
    21614: Mishap.INVALID_ADDRESS,
    21635: Mishap.INVALID_ADDRESS,
    21612: Mishap.UNDELIVERABLE,
    21610: Mishap.OPTED_OUT,
    30003: Mishap.UNDELIVERABLE,
    30004: Mishap.BLOCKED,
    30005: Mishap.UNDELIVERABLE,
    30006: Mishap.UNDELIVERABLE,
    30007: Mishap.FILTERED,
}

# All that Twilio still has before it is `sent` (to the carrier) has left us.
_STATES = {
    "accepted": MessageState.SENT,
    "scheduled": MessageState.SENT,
    "queued": MessageState.SENT,
    "sending": MessageState.SENT,
    "sent": MessageState.SENT,
    "partially_delivered": MessageState.SENT,
    "delivered": MessageState.DELIVERED,
    "read": MessageState.READ,
    "undelivered": MessageState.FAILED,
    "failed": MessageState.FAILED,
    "canceled": MessageState.FAILED,
}


class Twilio:
    """Short messages by Twilio's Programmable Messaging (API 2010-04-01)."""

    name = ChannelName.SMS_TWILIO

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing

    async def send(self, account: ChannelAccount, letter: Letter) -> Carried:
        """Send it."""
        to = e164(letter.to)
        keep_to(len(letter.body), most=_MOST_CHARACTERS)
        answer = await carry(self._outgoing, self._ask(account, form=_form(account, letter, to)))
        if not said_yes(answer):
            _refuse(answer)
        return _carried(object_of(answer))

    async def look(self, account: ChannelAccount, letter: Letter) -> Carried | None:
        """The message with these words to this number since it was written, if there is one."""
        params = {"To": e164(letter.to), "PageSize": str(_LISTED)}
        answer = await carry(self._outgoing, self._ask(account, params=params))
        if not said_yes(answer):
            _refuse(answer)
        return _found(answer, letter)

    def hear(self, account: ChannelAccount, call: Call) -> Overheard:
        """A status callback, or somebody's message."""
        form = proven_form(
            call,
            auth_token=account.credentials.get("auth_token", ""),
            shared_key_secret=account.credentials.get("shared_key_secret", ""),
        )
        if "MessageStatus" in form:
            return Overheard(news=_news(form, call.url))
        return Overheard(
            incoming=_incoming(form), answer=_SILENT_REPLY, answer_type="application/xml"
        )

    async def poll(self, account: ChannelAccount, vendor_ids: Sequence[str]) -> Overheard:  # noqa: ARG002 - the port's shape
        """Nothing: Twilio calls."""
        return Overheard()

    def _ask(
        self,
        account: ChannelAccount,
        *,
        form: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Ask:
        sid = plain_credential(account, "account_sid")
        base = self._outgoing.base("twilio", _URL)
        return Ask(
            "GET" if form is None else "POST",
            f"{base}/2010-04-01/Accounts/{sid}/Messages.json",
            form=form,
            params=params,
            basic=(sid, credential(account, "auth_token")),
        )


def _form(account: ChannelAccount, letter: Letter, to: str) -> dict[str, str]:
    # Smart encoding would change the words by which `look` finds them.
    form = {"To": to, "Body": letter.body, "SmartEncoded": "false"}
    if service := account.credentials.get("messaging_service_sid"):
        form["MessagingServiceSid"] = service
    else:
        form["From"] = credential(account, "from")
    if letter.status_url:
        form["StatusCallback"] = _with_key(letter.status_url, letter.key)
    return form


def _with_key(url: str, key: str) -> str:
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, urlencode({"key": key}))))
    return parts._replace(query=query).geturl()


def _refuse(answer: Answer) -> NoReturn:
    if answer.status == _TOO_MANY:
        raise _busy(answer)
    if is_broken(answer):
        raise ChannelSilentError(f"status {answer.status}")
    try:
        code = number_in(answer.object(), "code")
    except NotJsonError:
        code = None
    if code in _RATE_CODES:
        raise _busy(answer)
    if code in _REASONS:
        raise RecipientRefusedError(f"refused with {code}", code=_REASONS[code])
    raise ChannelAccountError(f"refused with {code or answer.status}")


def _busy(answer: Answer) -> ChannelBusyError:
    wait = wait_of(answer, otherwise=_BUSY_SECONDS)
    return ChannelBusyError("too many requests", retry_after_seconds=wait)


def _carried(message: dict[str, Json]) -> Carried:
    sid, status = message.get("sid"), message.get("status")
    if not isinstance(sid, str) or not sid:
        raise ChannelSilentError("answer without a message")
    state = _STATES.get(str(status), MessageState.SENT)
    cost, currency = _cost(message)
    return Carried(
        vendor_id=sid,
        state=state,
        detail=_detail(message, state),
        cost_minor=cost,
        currency=currency,
    )


def _detail(message: dict[str, Json], state: MessageState) -> str:
    if state is MessageState.FAILED:
        return _reason(message.get("error_code"))
    segments = message.get("num_segments")
    # A messaging service says 0 until it has chosen a sender.
    return f"segments={segments}" if segments not in {None, "0", 0} else ""


def _reason(code: Json) -> str:
    text = str(code or "")
    return _REASONS.get(int(text), text) if text.isdecimal() else ""


def _cost(message: dict[str, Json]) -> tuple[int | None, str | None]:
    """Twilio says "-0.0075" and "USD"; to the nearest minor unit, ties to even."""
    price, unit = message.get("price"), message.get("price_unit")
    if not isinstance(price, str) or not isinstance(unit, str):
        return None, None
    try:
        exact = abs(Decimal(price)).scaleb(get_currency_precision(unit.upper()))
        return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)), unit.upper()
    except DecimalException:
        return None, None


def _found(answer: Answer, letter: Letter) -> Carried | None:
    listed = object_of(answer).get("messages")
    now = _vendor_instant(answer.headers.get("date"))
    if not isinstance(listed, list) or now is None:
        raise ChannelSilentError("the list is not understood")
    since = now - _LOOKED_BACK if letter.written_at is None else letter.written_at - _SKEW
    recent = [each for each in listed if _is_since(each, since)]
    for message in recent:
        if isinstance(message, dict) and _is_ours(message, letter.body):
            return _carried(message)
    if len(recent) == _LISTED:
        raise ChannelSilentError("more messages than are listed at once")
    return None


def _is_ours(message: dict[str, Json], body: str) -> bool:
    return message.get("direction") == "outbound-api" and message.get("body") in {
        body,
        _TRIAL + body,
    }


def _is_since(message: Json, since: datetime) -> bool:
    created = message.get("date_created") if isinstance(message, dict) else None
    at = _vendor_instant(created if isinstance(created, str) else None)
    return at is None or at >= since


def _vendor_instant(text: str | None) -> datetime | None:
    """An instant of RFC 2822, as Twilio and HTTP write them."""
    try:
        return parsedate_to_datetime(text).astimezone(UTC) if text else None
    except ValueError:
        return None


def _news(form: Mapping[str, str], url: str) -> tuple[News, ...]:
    sid, status = form.get("MessageSid", ""), form["MessageStatus"]
    state = _STATES.get(status)
    if state is None or not sid:
        return ()
    [key] = parse_qs(urlsplit(url).query).get("key", [""])[:1]
    detail = _reason(form.get("ErrorCode")) if state is MessageState.FAILED else ""
    return (
        News(
            event_id=f"{sid}:{status}", vendor_id=sid, state=state, key=key or None, detail=detail
        ),
    )


def _incoming(form: Mapping[str, str]) -> tuple[Incoming, ...]:
    sid, sender = form.get("MessageSid", ""), form.get("From", "")
    if not sid or not sender or "Body" not in form:
        return ()
    phone = sender if sender.startswith("+") else None
    text = storable(form["Body"] or "[media]")
    return (Incoming(event_id=sid, sender=sender, text=text, phone=phone),)
