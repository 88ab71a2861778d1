"""Facebook's login as it behaves: is this token a person's, for this application, and whose?

Written from Meta's documents of the Graph API: `debug_token` is asked with the application's own
token (`id|secret`), `me` with the person's token and its proof, an HMAC under the secret.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NoReturn
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cloud_api.kit.clock import SystemClock
from portero.simulators.kit import Refusal, same, vendor

_LASTS = timedelta(days=60)


@dataclass(slots=True)
class Login:
    """One token a person has been given."""

    user_id: str
    app_id: str
    name: str
    issued: datetime
    expires: datetime | None
    scopes: tuple[str, ...]
    revoked: bool = False


@dataclass(slots=True)
class Facebook:
    """One application; `logins` are the tokens there are."""

    app_id: str = "138483919580948"
    app_secret: str = "facebook-app-secret"
    logins: dict[str, Login] = field(default_factory=dict)
    now: Callable[[], datetime] = SystemClock().utc_now

    @property
    def app(self) -> Starlette:
        """Its two resources."""
        return vendor(
            Route("/{version}/debug_token", self._debug, methods=["GET"]),
            Route("/{version}/me", self._me, methods=["GET"]),
        )

    def log_in(
        self,
        user_id: str,
        *,
        name: str = "A guest",
        app_id: str | None = None,
        lasts: timedelta | None = _LASTS,
        scopes: tuple[str, ...] = ("public_profile", "email"),
    ) -> str:
        """A person logs in; the token their browser has. `app_id`: of somebody else's application.

        `lasts` of None is a token without an end (`expires_at` 0).
        """
        token = f"EAAB{uuid4().hex}"
        issued = self.now()
        self.logins[token] = Login(
            user_id=user_id,
            app_id=app_id or self.app_id,
            name=name,
            issued=issued,
            expires=None if lasts is None else issued + lasts,
            scopes=scopes,
        )
        return token

    def log_out(self, token: str) -> None:
        """The person takes it back."""
        self.logins[token].revoked = True

    async def _debug(self, request: Request) -> Response:
        _only(request, {"input_token", "access_token"})
        if not same(request.query_params["access_token"], f"{self.app_id}|{self.app_secret}"):
            _refuse(400, 190, "Invalid OAuth access token signature.")
        login = self.logins.get(request.query_params["input_token"])
        if login is None:
            return JSONResponse({"data": _invalid(190, "The access token could not be decrypted")})
        return JSONResponse({"data": self._told(login)})

    def _told(self, login: Login) -> dict[str, object]:
        told: dict[str, object] = {
            "app_id": login.app_id,
            "type": "USER",
            "application": "Portero",
            "data_access_expires_at": int((login.issued + timedelta(days=90)).timestamp()),
            "expires_at": 0 if login.expires is None else int(login.expires.timestamp()),
            "is_valid": True,
            "issued_at": int(login.issued.timestamp()),
            "scopes": list(login.scopes),
            "user_id": login.user_id,
        }
        if login.expires is not None and login.expires <= self.now():
            return told | _invalid(190, "Error validating access token: Session has expired")
        if login.revoked:
            return told | _invalid(190, "The user has not authorized application")
        return told

    async def _me(self, request: Request) -> Response:
        _only(request, {"access_token", "appsecret_proof"}, may={"fields"})
        token = request.query_params["access_token"]
        proof = hmac.digest(self.app_secret.encode(), token.encode(), "sha256").hex()
        if not same(request.query_params["appsecret_proof"], proof):
            _refuse(400, 100, "Invalid appsecret_proof provided in the API argument")
        login = self.logins.get(token)
        if login is None or not self._told(login)["is_valid"] or login.app_id != self.app_id:
            _refuse(401, 190, "Error validating access token")
        everything = {"id": login.user_id, "name": login.name}
        asked = request.query_params.get("fields", "id,name").split(",")
        return JSONResponse({each: everything[each] for each in asked if each in everything})


def _only(request: Request, must: set[str], *, may: set[str] | None = None) -> None:
    given = set(request.query_params)
    if missing := must - given:
        _refuse(400, 100, f"The parameter {min(missing)} is required")
    if unknown := given - must - (may or set()):
        _refuse(400, 100, f"Unknown parameter {min(unknown)}")


def _invalid(code: int, message: str) -> dict[str, object]:
    return {"error": {"code": code, "message": message}, "is_valid": False, "scopes": []}


def _refuse(
    status: int, code: int, message: str, headers: Mapping[str, str] | None = None
) -> NoReturn:
    said = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": uuid4().hex}
    raise Refusal(JSONResponse({"error": said}, status_code=status, headers=headers))
