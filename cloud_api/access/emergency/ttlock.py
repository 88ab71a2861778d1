"""How is the vendor asked for a code that its lock can work out by itself?

Two calls: a login and the question. Neither changes anything in a house, and the same question
gives the same code, so asking again is safe. Whatever the HTTP client says of a failure is
dropped: forms and tokens are secrets.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import httpx
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from cloud_api.access.emergency.errors import VendorNotReachedError, VendorRefusedError
from cloud_api.access.emergency.types import Generated, Question, Region, VendorAccount

_PERIOD_CODE: Final = "3"
_SECONDS: Final = 8.0
_LOGINS: Final = 4
_TOKEN_OVER: Final = frozenset({"token_refused", "token_over"})
_BASES: Final = {Region.EU: "https://euapi.ttlock.com", Region.CN: "https://cnapi.ttlock.com"}
_REASONS: Final = {
    -1026: "period_used_before",
    -1003: "no_such_lock",
    -2018: "not_permitted",
    20002: "not_lock_admin",
    10000: "application_refused",
    10001: "application_refused",
    10003: "token_refused",
    10004: "token_over",
    10007: "login_refused",
    30006: "rate_limited",
    30007: "quota_spent",
    30008: "wrong_region",
    80000: "our_clock_is_off",
}


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    errcode: int = 0
    access_token: SecretStr | None = None
    digits: SecretStr | None = Field(default=None, alias="keyboardPwd")
    vendor_code: int | None = Field(default=None, alias="keyboardPwdId")


@dataclass(frozen=True, slots=True)
class LockVendor:
    """The vendor's cloud, by region."""

    bases: Mapping[Region, str] = field(default_factory=lambda: _BASES)

    async def generate(self, question: Question, *, now: datetime) -> Generated:
        """Digits for these hours. VendorRefusedError, VendorNotReachedError."""
        base = self.bases[question.account.region]
        async with httpx.AsyncClient(
            base_url=base, timeout=_SECONDS, follow_redirects=False, trust_env=False
        ) as client:
            answer = await _asked(client, question, now=now)
        if answer.digits is None or answer.vendor_code is None:
            raise VendorNotReachedError
        return Generated(answer.digits.get_secret_value(), answer.vendor_code)


async def _asked(client: httpx.AsyncClient, question: Question, *, now: datetime) -> _Answer:
    """A login may end another one's token, made in the same moment: then once more."""
    for _ in range(_LOGINS - 1):
        try:
            return await _ask(client, question, now=now)
        except VendorRefusedError as refused:
            if refused.extra["reason"] not in _TOKEN_OVER:
                raise
    return await _ask(client, question, now=now)


async def _ask(client: httpx.AsyncClient, question: Question, *, now: datetime) -> _Answer:
    form = {
        "clientId": question.account.client_id,
        "accessToken": await _login(client, question.account),
        "lockId": str(question.vendor_lock),
        "keyboardPwdType": _PERIOD_CODE,
        "startDate": _millis(question.period.starts),
        "endDate": _millis(question.period.ends),
        "date": _millis(now),
    }
    return await _post(client, "/v3/keyboardPwd/get", form)


async def _login(client: httpx.AsyncClient, account: VendorAccount) -> str:
    form = {
        "clientId": account.client_id,
        "clientSecret": account.client_secret.get_secret_value(),
        "username": account.username,
        "password": account.password_md5.get_secret_value(),
    }
    answer = await _post(client, "/oauth2/token", form)
    if answer.access_token is None:
        raise VendorNotReachedError
    return answer.access_token.get_secret_value()


async def _post(client: httpx.AsyncClient, path: str, form: Mapping[str, str]) -> _Answer:
    try:
        response = await client.post(path, data=dict(form))
        response.raise_for_status()
        answer = _Answer.model_validate_json(response.content)
    except (httpx.HTTPError, ValidationError):
        raise VendorNotReachedError from None
    if answer.errcode:
        reason = _REASONS.get(answer.errcode, f"refused_{answer.errcode}")
        raise VendorRefusedError(extra={"reason": reason})
    return answer


def _millis(moment: datetime) -> str:
    return str(round(moment.timestamp() * 1000))
