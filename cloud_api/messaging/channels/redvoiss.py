"""How does a short message leave by Redvoiss (Chile), and what became of it? Experimental.

The vendor publishes no contract; what is here follows its documents v1.3.3 as others use them and
the open source of its service (github.com/Voissnet/Laelaps_CGF). Nothing of it has been tried on
the vendor's machines.

Our key goes along as the batch's name and as `idCliente`, which statuses and replies echo. A batch
is asked for by its number alone: whoever got no number cannot ask, so `look` is always
ChannelSilentError. There are no webhooks: `poll` asks for statuses and replies, batch by batch.
The vendor's errors are a bare 500 without a word (no balance, a number on its black list), so a
500 is a silence. It cuts what is longer than 480 characters; we refuse it instead.

Credentials: `username`, `password`; `replies` = "no" to send without a way back.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NoReturn

from pydantic import BaseModel, TypeAdapter, ValidationError

from cloud_api.kit.db import Json
from cloud_api.kit.outgoing import Answer, Ask, Outgoing
from cloud_api.messaging.channels.post import (
    Mishap,
    carry,
    credential,
    e164,
    instant,
    invalid_address,
    is_broken,
    keep_to,
    object_of,
    said_yes,
    storable,
    wait_of,
)
from cloud_api.messaging.errors import (
    ChannelAccountError,
    ChannelBusyError,
    ChannelSilentError,
    ForgedCallError,
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

_URL = "https://sms.lanube.cl/services/rest"
_MOST_CHARACTERS = 480
_BUSY_SECONDS = 30.0
_TOO_MANY = 429
_NOT_OURS = frozenset({403, 404})
_MOBILE = re.compile(r"\+569\d{8}", re.ASCII)
_BATCH = re.compile(r"\d{1,18}", re.ASCII)
_MILLISECONDS = 1000

_STATES = {
    "ENVIO PENDIENTE": MessageState.SENT,
    "ENVIADO": MessageState.SENT,
    "RECIBIDO": MessageState.DELIVERED,
    "FALLIDO": MessageState.FAILED,
}


class Redvoiss:
    """Short messages to Chilean mobiles by Redvoiss."""

    name = ChannelName.SMS_REDVOISS

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing

    async def send(self, account: ChannelAccount, letter: Letter) -> Carried:
        """Send it, as a batch of one."""
        destination = chilean_mobile(letter.to)
        keep_to(len(letter.body), most=_MOST_CHARACTERS)
        with_replies = account.credentials.get("replies") != "no"
        ask = self._ask(account, "sendWithReply" if with_replies else "send")
        batch = _batch(letter, destination)
        answer = await carry(self._outgoing, Ask("POST", ask.url, json=batch, basic=ask.basic))
        if not said_yes(answer):
            _refuse(answer)
        return Carried(vendor_id=_batch_in(answer), state=MessageState.SENT)

    async def look(self, account: ChannelAccount, letter: Letter) -> Carried | None:  # noqa: ARG002 - the port's shape
        """Never known: only who has the batch's number can ask."""
        raise ChannelSilentError("a batch without a number cannot be asked for")

    def hear(self, account: ChannelAccount, call: Call) -> Overheard:  # noqa: ARG002 - the port's shape
        """There are no webhooks: whoever calls is somebody else."""
        raise ForgedCallError("Redvoiss does not call")

    async def poll(self, account: ChannelAccount, vendor_ids: Sequence[str]) -> Overheard:
        """Statuses and replies of these batches; what is not ours or not there is passed over."""
        news: list[News] = []
        incoming: list[Incoming] = []
        for batch in filter(_BATCH.fullmatch, vendor_ids):
            statuses = _statuses(await self._get(account, f"batch/{batch}/status"))
            news += [_news(batch, each) for each in statuses if each.message in _STATES]
            if account.credentials.get("replies") != "no":
                replies = _replies(await self._get(account, f"batch/{batch}/replies"))
                incoming += _incoming(batch, replies, statuses)
        return Overheard(news=tuple(news), incoming=tuple(incoming))

    async def _get(self, account: ChannelAccount, path: str) -> bytes:
        answer = await carry(self._outgoing, self._ask(account, path))
        if answer.status in _NOT_OURS:
            return b""
        if not said_yes(answer):
            _refuse(answer)
        return answer.body

    def _ask(self, account: ChannelAccount, path: str) -> Ask:
        base = self._outgoing.base("redvoiss", _URL)
        basic = (credential(account, "username"), credential(account, "password"))
        return Ask("GET", f"{base}/{path}", basic=basic)


def chilean_mobile(to: str) -> str:
    """+569 and eight digits, however it was written; RecipientRefusedError for any other number."""
    number = e164(to, region="CL")
    if not _MOBILE.fullmatch(number):
        raise invalid_address()
    return number


def _batch(letter: Letter, destination: str) -> Json:
    return {
        "bulkName": letter.key,
        "message": letter.body,
        "message_details": [{"destination": destination, "field": "", "idCliente": letter.key}],
        "isCommercial": False,
    }


def _refuse(answer: Answer) -> NoReturn:
    if answer.status == _TOO_MANY:
        wait = wait_of(answer, otherwise=_BUSY_SECONDS)
        raise ChannelBusyError("too many requests", retry_after_seconds=wait)
    if is_broken(answer):
        raise ChannelSilentError(f"status {answer.status}")
    raise ChannelAccountError(f"refused with {answer.status}")


def _batch_in(answer: Answer) -> str:
    told = object_of(answer)
    batch = told.get("batchId")
    if "batchId" in told and batch is None:
        raise ChannelAccountError("no batch was made")
    if not isinstance(batch, str | int) or not _BATCH.fullmatch(str(batch)):
        raise ChannelSilentError("answer without a batch")
    return str(batch)


class _Status(BaseModel):
    msgCod: int  # noqa: N815 - the vendor's word
    destination: str
    message: str
    idcliente: str | None = None


class _Reply(BaseModel):
    replyId: int  # noqa: N815 - the vendor's word
    message: str
    idcliente: str | None = None
    date: int | datetime | None = None

    def happened_at(self) -> datetime | None:
        if isinstance(self.date, int):
            return instant(self.date / _MILLISECONDS)
        return self.date.astimezone(UTC) if self.date and self.date.tzinfo else None


class _Replies(BaseModel):
    messageReplyList: list[_Reply] = []  # noqa: N815 - the vendor's word


def _statuses(body: bytes) -> list[_Status]:
    try:
        return TypeAdapter(list[_Status]).validate_json(body) if body else []
    except ValidationError:
        raise ChannelSilentError("statuses are not understood") from None


def _replies(body: bytes) -> list[_Reply]:
    try:
        return _Replies.model_validate_json(body).messageReplyList if body else []
    except ValidationError:
        raise ChannelSilentError("replies are not understood") from None


def _news(batch: str, status: _Status) -> News:
    state = _STATES[status.message]
    return News(
        event_id=f"{batch}:{status.msgCod}:{status.message}",
        vendor_id=batch,
        state=state,
        key=status.idcliente or None,
        detail=Mishap.UNDELIVERABLE if state is MessageState.FAILED else "",
    )


def _incoming(batch: str, replies: list[_Reply], statuses: list[_Status]) -> list[Incoming]:
    """A reply does not say who wrote it; a batch of one does."""
    numbers = {each.destination for each in statuses}
    if len(numbers) != 1:
        return []
    phone = "+" + numbers.pop().removeprefix("+")
    return [
        Incoming(
            event_id=f"{batch}:reply:{each.replyId}",
            sender=phone,
            text=storable(each.message),
            phone=phone,
            reply_to_vendor_id=batch,
            happened_at=each.happened_at(),
        )
        for each in replies
    ]
