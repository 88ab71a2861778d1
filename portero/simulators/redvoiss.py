"""Redvoiss's short messages as they behave: batches, statuses and replies for who asks.

Written from the vendor's documents v1.3.3 as others use them and from the open source of its
service. It says little: refusals of its database are a bare 500, unknown batches a bare 403.
"""

import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from portero.simulators.kit import Refusal, same, vendor

_MOST_CHARACTERS = 480
_STATUSES = ("ENVIO PENDIENTE", "ENVIADO", "RECIBIDO", "FALLIDO")
_DESTINATION = re.compile(r"\+?569\d{8}")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Detail(_Strict):
    destination: str
    field: str
    idCliente: str = ""  # noqa: N815 - the vendor's word


class _Order(_Strict):
    bulkName: str  # noqa: N815 - the vendor's word
    message: str = Field(min_length=1)
    message_details: list[_Detail]
    isCommercial: bool = False  # noqa: N815 - the vendor's word


@dataclass(slots=True)
class Batch:
    """One batch. `texts` are as they leave: cut where they were too long."""

    number: int
    name: str
    text: str
    with_replies: bool
    details: list[tuple[str, str]]
    statuses: dict[str, str] = field(default_factory=dict)
    replies: list[dict[str, object]] = field(default_factory=list)


@dataclass(slots=True)
class Redvoiss:
    """One customer. Numbers in `blacklist` make the whole order fail; so does an empty purse."""

    username: str = "aurora"
    password: str = "redvoiss-password"
    blacklist: set[str] = field(default_factory=set)
    balance: int = 1000
    batches: dict[int, Batch] = field(default_factory=dict)

    @property
    def app(self) -> Starlette:
        """Its resources."""
        return vendor(
            Route("/greet", self._greet, methods=["GET"]),
            Route("/send", self._send, methods=["POST"]),
            Route("/sendWithReply", self._send, methods=["POST"]),
            Route("/batch/{number:int}/status", self._status, methods=["GET"]),
            Route("/batch/{number:int}/replies", self._replies, methods=["GET"]),
        )

    def progress(self, number: int, status: str) -> None:
        """Move a batch on."""
        assert status in _STATUSES, status  # noqa: S101 - the script's own mistake
        batch = self.batches[number]
        batch.statuses = dict.fromkeys(batch.statuses, status)

    def written(self, number: int, text: str, *, milliseconds: int = 1790000000000) -> None:
        """Somebody answers a batch."""
        batch = self.batches[number]
        assert batch.with_replies, "nobody can answer this batch"  # noqa: S101 - as above
        client = batch.details[0][1]
        reply = {"replyId": number * 100 + len(batch.replies), "date": milliseconds}
        batch.replies.append(reply | {"message": text, "idcliente": client})

    async def _greet(self, request: Request) -> Response:
        self._know(request)
        return PlainTextResponse(f"Hello {self.username}!")

    async def _send(self, request: Request) -> Response:
        self._know(request)
        order = await _order(request)
        if self.balance < len(order.message_details) or any(
            each.destination in self.blacklist for each in order.message_details
        ):
            _refuse(500)
        if not order.message_details:
            return JSONResponse({"batchId": None})
        batch = Batch(
            number=len(self.batches) + 70001,
            name=order.bulkName,
            text=order.message[:_MOST_CHARACTERS],
            with_replies=request.url.path.endswith("sendWithReply"),
            details=[(each.destination, each.idCliente) for each in order.message_details],
            statuses={
                each.destination: "ENVIO PENDIENTE"
                if _DESTINATION.fullmatch(each.destination)
                else "FALLIDO"
                for each in order.message_details
            },
        )
        self.batches[batch.number] = batch
        self.balance -= len(batch.details)
        return JSONResponse({"batchId": str(batch.number)})

    async def _status(self, request: Request) -> Response:
        batch = self._own_batch(request)
        clients = dict(batch.details)
        told = [
            {
                "msgCod": batch.number * 10 + place,
                "destination": destination.removeprefix("+"),
                "message": status,
                "idcliente": clients[destination],
                "fechanotifica": "2026-11-30 10:00:00.0",
            }
            for place, (destination, status) in enumerate(batch.statuses.items())
        ]
        return JSONResponse(told) if told else Response(status_code=204)

    async def _replies(self, request: Request) -> Response:
        batch = self._own_batch(request)
        return JSONResponse({"batchId": batch.number, "messageReplyList": batch.replies})

    def _own_batch(self, request: Request) -> Batch:
        self._know(request)
        batch = self.batches.get(request.path_params["number"])
        if batch is None:
            _refuse(403)
        return batch

    def _know(self, request: Request) -> None:
        kind, _, told = request.headers.get("authorization", "").partition(" ")
        try:
            given = b64decode(told, validate=True).decode()
        except ValueError:
            given = ""
        if kind != "Basic" or not same(given, f"{self.username}:{self.password}"):
            _refuse(401, {"WWW-Authenticate": "Basic"})


async def _order(request: Request) -> _Order:
    if request.headers.get("content-type") != "application/json":
        _refuse(415)
    try:
        return _Order.model_validate_json(await request.body())
    except ValidationError:
        _refuse(400)


def _refuse(status: int, headers: Mapping[str, str] | None = None) -> NoReturn:
    page = f"<html><body><h1>HTTP Status {status}</h1></body></html>"
    raise Refusal(Response(page, status_code=status, headers=headers, media_type="text/html"))
