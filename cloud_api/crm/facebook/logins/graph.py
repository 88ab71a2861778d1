"""How does Facebook say whose token this is?

Graph API v25.0 (Meta, "Access Token Debugging" and "Secure Graph API Calls"): `debug_token` is
asked with the application's own token `{id}|{secret}`; `me` with the person's token and its proof,
HMAC-SHA256 of the token under the application's secret, in hexadecimal.
"""

import hmac
from datetime import UTC, datetime
from typing import Final

from cloud_api.clients.types import Linked
from cloud_api.crm.facebook.errors import FacebookTokenWrong, FacebookUnavailable
from cloud_api.crm.facebook.types import FacebookApp
from cloud_api.kit.db import Json
from cloud_api.kit.outgoing import Ask, NotJsonError, Outgoing, OutgoingError

VENDOR: Final = "facebook"
_BASE: Final = "https://graph.facebook.com"
_VERSION: Final = "v25.0"
_LONGEST_NAME: Final = 200
_CLIENT_FAULTS: Final = range(400, 500)
_SECONDS: Final = 8.0


async def who_is(outgoing: Outgoing, app: FacebookApp, token: str, *, now: datetime) -> Linked:
    """The person this token is of, as Facebook says twice.

    Raises FacebookTokenWrong unless it is valid now and of this very application, and
    FacebookUnavailable where Facebook cannot be understood.
    """
    told = (await _ask(outgoing, "debug_token", _question(app, token))).get("data")
    if not isinstance(told, dict):
        raise FacebookUnavailable
    user_id = told.get("user_id")
    if not _vouched(told, app, now=now) or not isinstance(user_id, str) or not user_id:
        raise FacebookTokenWrong
    proof = hmac.digest(app.secret.encode(), token.encode(), "sha256").hex()
    asked = {"access_token": token, "appsecret_proof": proof, "fields": "id,name"}
    person = await _ask(outgoing, "me", asked)
    if person.get("id") != user_id:
        raise FacebookTokenWrong
    return Linked(id=user_id, name=str(person.get("name") or "")[:_LONGEST_NAME])


def _question(app: FacebookApp, token: str) -> dict[str, str]:
    return {"input_token": token, "access_token": f"{app.app_id}|{app.secret}"}


def _vouched(told: dict[str, Json], app: FacebookApp, *, now: datetime) -> bool:
    return (
        told.get("is_valid") is True
        and told.get("app_id") == app.app_id
        and told.get("type", "USER") == "USER"
        and _lasts(told.get("expires_at"), now=now)
    )


def _lasts(until: Json, *, now: datetime) -> bool:
    """Seconds since 1970; 0 is a token without an end."""
    if not isinstance(until, int) or isinstance(until, bool):
        return False
    return until == 0 or datetime.fromtimestamp(until, UTC) > now


async def _ask(outgoing: Outgoing, what: str, params: dict[str, str]) -> dict[str, Json]:
    url = f"{outgoing.base(VENDOR, _BASE)}/{_VERSION}/{what}"
    try:
        answer = await outgoing.ask(Ask("GET", url, params=params, seconds=_SECONDS))
        body = answer.object()
    except (OutgoingError, NotJsonError):
        raise FacebookUnavailable from None
    if answer.status in _CLIENT_FAULTS and what == "me":
        raise FacebookTokenWrong
    if answer.status != 200:  # noqa: PLR2004 - HTTP's
        raise FacebookUnavailable
    return body
