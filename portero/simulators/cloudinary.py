"""Cloudinary as its documents tell: signed uploads, authenticated resources, addresses that end.

Strict: it refuses a field it does not know, a signature over other parameters or with the other
digest, a stamp older than an hour, and whatever is authenticated without a signed address.
"""

import hashlib
import hmac
from base64 import b64decode
from binascii import Error as NotBase64Error
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from portero.simulators.kit import Refusal, same, vendor

_VALID_SECONDS: Final = 3600
_UNSIGNED: Final = frozenset({"file", "cloud_name", "resource_type", "api_key", "signature"})
_UPLOAD: Final = frozenset(
    {"file", "api_key", "timestamp", "signature", "public_id", "type", "overwrite", "invalidate"}
)
_DESTROY: Final = frozenset(
    {"api_key", "timestamp", "signature", "public_id", "type", "invalidate"}
)
_DOWNLOAD: Final = frozenset(
    {"api_key", "timestamp", "signature", "public_id", "type", "expires_at", "attachment"}
)
_LIST: Final = frozenset({"prefix", "max_results", "next_cursor"})
_MOST_RESULTS: Final = 500


@dataclass(frozen=True, slots=True)
class Resource:
    """What lies there under one name."""

    content: bytes = field(repr=False)
    created_at: datetime


@dataclass(slots=True)
class Cloudinary:
    """One account; `now` is its clock, `resources` what it keeps by (type, public id)."""

    cloud_name: str = "casas"
    api_key: str = "874837483274837"
    secret: str = field(default="a-secret-of-cloudinary", repr=False)
    digest: str = "sha256"
    now: datetime = field(default_factory=lambda: datetime(2026, 11, 30, tzinfo=UTC))
    most_results: int = _MOST_RESULTS
    resources: dict[tuple[str, str], Resource] = field(default_factory=dict)

    def app(self) -> Starlette:
        """Its application, for `playing`."""
        at = f"/v1_1/{self.cloud_name}"
        return vendor(
            Route(f"{at}/raw/upload", self._upload, methods=["POST"]),
            Route(f"{at}/raw/destroy", self._destroy, methods=["POST"]),
            Route(f"{at}/raw/download", self._download, methods=["GET"]),
            Route(f"{at}/resources/raw/{{kind}}", self._list, methods=["GET"]),
        )

    async def _upload(self, request: Request) -> Response:
        if not request.headers.get("content-type", "").startswith("multipart/form-data"):
            raise _refused("Missing required parameter - file")
        async with request.form() as form:
            sent = dict(form)
            file = sent.get("file")
            if not isinstance(file, UploadFile):
                raise _refused("Missing required parameter - file")
            params = {key: str(value) for key, value in sent.items() if key != "file"}
            content = await file.read()
        self._judge({**params, "file": ""}, known=_UPLOAD)
        place = (params.get("type", "upload"), _needed(params, "public_id"))
        if place in self.resources and params.get("overwrite") != "true":
            raise _refused("public_id already exists", status=409)
        self.resources[place] = Resource(content, self.now)
        return JSONResponse(
            {
                "public_id": place[1],
                "resource_type": "raw",
                "type": place[0],
                "bytes": len(content),
                "created_at": _told(self.now),
            }
        )

    async def _destroy(self, request: Request) -> Response:
        async with request.form() as form:
            params = {key: str(value) for key, value in form.items()}
        self._judge(params, known=_DESTROY)
        place = (params.get("type", "upload"), _needed(params, "public_id"))
        gone = self.resources.pop(place, None)
        return JSONResponse({"result": "not found" if gone is None else "ok"})

    async def _download(self, request: Request) -> Response:
        params = dict(request.query_params)
        self._judge(params, known=_DOWNLOAD)
        ends = params.get("expires_at", "")
        if ends and (not ends.isdecimal() or int(ends) <= self.now.timestamp()):
            raise _refused("URL has expired", status=401)
        found = self.resources.get((params.get("type", "upload"), _needed(params, "public_id")))
        if found is None:
            raise _refused("Resource not found", status=404)
        return Response(found.content, media_type="application/octet-stream")

    async def _list(self, request: Request) -> Response:
        self._know(request)
        params = dict(request.query_params)
        if unknown := params.keys() - _LIST:
            raise _refused(f"Unknown parameter {min(unknown)}")
        kind, prefix = request.path_params["kind"], params.get("prefix", "")
        names = sorted(
            name for each, name in self.resources if each == kind and name.startswith(prefix)
        )
        first = int(params.get("next_cursor", "0"))
        last = first + min(int(params.get("max_results", "10")), self.most_results)
        page: dict[str, object] = {
            "resources": [
                {
                    "public_id": name,
                    "type": kind,
                    "created_at": _told(self.resources[kind, name].created_at),
                }
                for name in names[first:last]
            ]
        }
        return JSONResponse(page | ({"next_cursor": str(last)} if last < len(names) else {}))

    def _know(self, request: Request) -> None:
        word, _, sent = request.headers.get("authorization", "").partition(" ")
        try:
            said = b64decode(sent, validate=True).decode()
        except (NotBase64Error, UnicodeDecodeError):
            said = ""
        if word.lower() != "basic" or not same(said, f"{self.api_key}:{self.secret}"):
            raise _refused("Invalid credentials", status=401)

    def _judge(self, params: Mapping[str, str], *, known: frozenset[str]) -> None:
        if unknown := params.keys() - known:
            raise _refused(f"Unknown parameter {min(unknown)}")
        if params.get("api_key") != self.api_key:
            raise _refused("Unknown API key", status=401)
        stamp = params.get("timestamp", "")
        if not stamp.isdecimal() or abs(int(stamp) - self.now.timestamp()) > _VALID_SECONDS:
            raise _refused("Stale request", status=401)
        if not hmac.compare_digest(params.get("signature", ""), self._signature(params)):
            raise _refused("Invalid Signature", status=401)

    def _signature(self, params: Mapping[str, str]) -> str:
        told = [
            f"{name}={params[name]}".replace("&", "%26")
            for name in sorted(params)
            if name not in _UNSIGNED and params[name] != ""
        ]
        return hashlib.new(self.digest, f"{'&'.join(told)}{self.secret}".encode()).hexdigest()


def _needed(params: Mapping[str, str], name: str) -> str:
    if not params.get(name):
        raise _refused(f"Missing required parameter - {name}")
    return params[name]


def _refused(words: str, *, status: int = 400) -> Refusal:
    return Refusal(
        JSONResponse(
            {"error": {"message": words}}, status_code=status, headers={"x-cld-error": words}
        )
    )


def _told(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
