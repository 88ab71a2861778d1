"""Who may call, how often, and with which token?"""

import hashlib
import hmac
import secrets
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from edge_agent.simulator.ttlock_cloud.model import Account, Answer, Errcode, Refused, TokenCall

TOKEN_SECONDS: Final = 7_776_000
_MINUTE: Final = timedelta(minutes=1)
_SLACK: Final = timedelta(minutes=5)


class Accounts:
    """Tokens and counters. `now` gives aware UTC."""

    def __init__(self, account: Account, *, now: Callable[[], datetime]) -> None:
        self.account = account
        self.month_calls = 0
        self.logins = 0
        self.refreshes = 0
        self._now = now
        self._live: dict[str, datetime] = {}
        self._over: set[str] = set()
        self._refresh: str | None = None
        self._recent: deque[datetime] = deque()

    def token(self, call: TokenCall) -> Answer:
        """Hand out a pair of tokens; the former ones are over."""
        self._check_client(call.client_id)
        if not _same(call.client_secret, self.account.client_secret.get_secret_value()):
            raise Refused(Errcode.INVALID_CLIENT)
        if call.grant_type == "refresh_token":
            if self._refresh is None or not _same(call.refresh_token or "", self._refresh):
                raise Refused(Errcode.BAD_REFRESH)
            self.refreshes += 1
        else:
            self._check_password(call)
            self.logins += 1
        return self._fresh_pair()

    def check(self, *, client_id: str, token: str, date: int) -> None:
        """A call's client, clock and token."""
        self._check_client(client_id)
        if abs(self._now().timestamp() - date / 1000) > _SLACK.total_seconds():
            raise Refused(Errcode.CLOCK)
        ends = self._live.get(token)
        if token in self._over or (ends is not None and ends < self._now()):
            raise Refused(Errcode.TOKEN_OVER)
        if ends is None:
            raise Refused(Errcode.UNKNOWN_TOKEN)

    def count(self, *, minute: int, month: int) -> None:
        """One more call; quotas are per application."""
        now = self._now()
        while self._recent and now - self._recent[0] > _MINUTE:
            self._recent.popleft()
        if len(self._recent) >= minute:
            raise Refused(Errcode.RATE)
        if self.month_calls >= month:
            raise Refused(Errcode.QUOTA)
        self._recent.append(now)
        self.month_calls += 1

    def expire(self) -> None:
        """All access tokens are over; refreshing is possible."""
        self._over |= set(self._live)
        self._live.clear()

    def revoke(self) -> None:
        """The owner took the permission back: refreshing fails, too."""
        self.expire()
        self._refresh = None

    def _check_client(self, client_id: str) -> None:
        if client_id != self.account.client_id:
            raise Refused(Errcode.INVALID_CLIENT)

    def _check_password(self, call: TokenCall) -> None:
        plain = self.account.password.get_secret_value().encode()
        right = hashlib.md5(plain).hexdigest()  # noqa: S324 - the vendor's own rule
        known = call.username == self.account.username
        if not known or not _same(call.password or "", right):
            raise Refused(Errcode.BAD_LOGIN)

    def _fresh_pair(self) -> Answer:
        self.expire()
        access, self._refresh = secrets.token_hex(16), secrets.token_hex(16)
        self._live[access] = self._now() + timedelta(seconds=TOKEN_SECONDS)
        return {
            "access_token": access,
            "refresh_token": self._refresh,
            "uid": 1,
            "expires_in": TOKEN_SECONDS,
        }


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())
