"""How is the WhatsApp Cloud API told to send, and which of its webhooks are genuine?"""

import hmac
import re
from collections.abc import Sequence
from typing import NoReturn

from pydantic import TypeAdapter, ValidationError

from cloud_api.kit.db import Json
from cloud_api.kit.outgoing import Answer, Ask, NotJsonError, Outgoing
from cloud_api.messaging.channels.post import (
    Mishap,
    bounded,
    carry,
    e164,
    header,
    is_broken,
    keep_to,
    number_in,
    object_of,
    part_of,
    plain_credential,
    said_yes,
    same_secret,
    wait_of,
)
from cloud_api.messaging.channels.whatsapp.codes import (
    BUSY_SECONDS,
    REFUSED,
    TEMPLATE_NEEDED,
    UNSURE,
)
from cloud_api.messaging.channels.whatsapp.webhook import overheard
from cloud_api.messaging.errors import (
    ChannelAccountError,
    ChannelBusyError,
    ChannelSilentError,
    ForgedCallError,
    RecipientRefusedError,
)
from cloud_api.messaging.types import (
    Call,
    Carried,
    ChannelAccount,
    ChannelName,
    Letter,
    MessageState,
    Overheard,
)

_URL = "https://graph.facebook.com"
_VERSION = "v25.0"
_MOST_CHARACTERS = 4096
_USER_ID = re.compile(r"[A-Z]{2}(\.ENT)?\.[A-Za-z0-9]{1,128}")
_MINUTE_SECONDS = 60
_TOO_MANY = 429
_BUSY_SECONDS = 30.0


class WhatsApp:
    """Messages by Meta's WhatsApp Cloud API."""

    name = ChannelName.WHATSAPP

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing

    async def send(self, account: ChannelAccount, letter: Letter) -> Carried:
        """Send it, as its template where it has one."""
        known = account.credentials.get("graph_version")
        version = plain_credential(account, "graph_version") if known else _VERSION
        base = self._outgoing.base("whatsapp", _URL)
        ask = Ask(
            "POST",
            f"{base}/{version}/{plain_credential(account, 'phone_number_id')}/messages",
            headers={"Authorization": f"Bearer {plain_credential(account, 'access_token')}"},
            json=_message(letter),
        )
        answer = await carry(self._outgoing, ask)
        if not said_yes(answer):
            _refuse(answer)
        return Carried(vendor_id=_id_in(object_of(answer)), state=MessageState.SENT)

    async def look(self, account: ChannelAccount, letter: Letter) -> Carried | None:  # noqa: ARG002 - the port's shape
        """Never known: only a webhook that echoes our key tells."""
        raise ChannelSilentError("Meta cannot be asked; a status with our key may still come")

    def hear(self, account: ChannelAccount, call: Call) -> Overheard:
        """The handshake (GET), or statuses and messages of this account's number."""
        if call.method == "GET":
            return Overheard(answer=_handshake(account, call))
        secret = account.credentials.get("app_secret", "")
        given = header(call.headers, "x-hub-signature-256")
        expected = hmac.digest(secret.encode(), call.body, "sha256").hex()
        if not secret or not same_secret(given, f"sha256={expected}"):
            raise ForgedCallError("the signature does not fit")
        return overheard(call.body, phone_number_id=account.credentials.get("phone_number_id", ""))

    async def poll(self, account: ChannelAccount, vendor_ids: Sequence[str]) -> Overheard:  # noqa: ARG002 - the port's shape
        """Nothing: Meta calls."""
        return Overheard()


def _handshake(account: ChannelAccount, call: Call) -> str:
    token = account.credentials.get("verify_token", "")
    told = call.query.get("hub.verify_token", "")
    if call.query.get("hub.mode") != "subscribe" or not same_secret(told, token):
        raise ForgedCallError("another verify token")
    return call.query.get("hub.challenge", "")


def _message(letter: Letter) -> dict[str, Json]:
    message: dict[str, Json] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "biz_opaque_callback_data": letter.key,
    }
    if _USER_ID.fullmatch(letter.to):
        message["recipient"] = letter.to
    else:
        message["to"] = e164(letter.to)
    return message | (_text(letter) if letter.template is None else _template(letter))


def _text(letter: Letter) -> dict[str, Json]:
    keep_to(len(letter.body), most=_MOST_CHARACTERS)
    # No preview: for one, Meta would open the guest's secret link.
    return {"type": "text", "text": {"body": letter.body, "preview_url": False}}


def _template(letter: Letter) -> dict[str, Json]:
    # Meta refuses parameters with line breaks, tabs, many spaces in a row, or nothing in them.
    values: list[Json] = [
        {"type": "text", "text": " ".join(each.split()) or "-"} for each in letter.variables
    ]
    template: dict[str, Json] = {
        "name": letter.template,
        "language": {"code": letter.language.replace("-", "_")},
    }
    if values:
        template["components"] = [{"type": "body", "parameters": values}]
    return {"type": "template", "template": template}


def _id_in(answer: dict[str, Json]) -> str:
    try:
        [message] = TypeAdapter(list[dict[str, object]]).validate_python(answer.get("messages"))
    except (ValidationError, ValueError):
        raise ChannelSilentError("answer without a message") from None
    vendor_id = message.get("id")
    if not isinstance(vendor_id, str) or not vendor_id:
        raise ChannelSilentError("answer without a message")
    return vendor_id


def _refuse(answer: Answer) -> NoReturn:
    try:
        code = number_in(part_of(answer.object(), "error"), "code")
    except NotJsonError:
        code = None
    if code in BUSY_SECONDS or answer.status == _TOO_MANY:
        wait = _wait(answer, BUSY_SECONDS.get(code or 0, _BUSY_SECONDS))
        raise ChannelBusyError(f"refused with {code}", retry_after_seconds=wait)
    if code in REFUSED:
        raise RecipientRefusedError(f"refused with {code}", code=REFUSED[code])
    if code == TEMPLATE_NEEDED:
        raise ChannelAccountError(Mishap.TEMPLATE_NEEDED)
    if code in UNSURE or (code is None and is_broken(answer)):
        raise ChannelSilentError(f"status {answer.status}, code {code}")
    raise ChannelAccountError(f"refused with {code or answer.status}")


def _wait(answer: Answer, otherwise: float) -> float:
    """Retry-After, else the minutes in X-Business-Use-Case-Usage, else what the code means."""
    usage = answer.headers.get("x-business-use-case-usage", "{}")
    try:
        told = TypeAdapter(dict[str, list[dict[str, object]]]).validate_json(usage)
    except ValidationError:
        told = {}
    minutes = [
        each["estimated_time_to_regain_access"]
        for uses in told.values()
        for each in uses
        if isinstance(each.get("estimated_time_to_regain_access"), int)
    ]
    longest = max((int(str(each)) for each in minutes), default=0) * _MINUTE_SECONDS
    return wait_of(answer, otherwise=bounded(longest, otherwise=otherwise))
