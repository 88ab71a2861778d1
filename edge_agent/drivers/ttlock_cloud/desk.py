"""How does one account talk to the vendor: within its budget, with a token, at the right time?"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from aiohttp import ClientSession

from edge_agent.clock import Clock
from edge_agent.drivers.ttlock_cloud.account import AccountKey
from edge_agent.drivers.ttlock_cloud.budget import Budget, MonthQuota
from edge_agent.drivers.ttlock_cloud.refusals import (
    CLOCK_REFUSED,
    QUOTA_SPENT,
    TOKEN_OVER,
    QuotaSpent,
    refusal,
)
from edge_agent.drivers.ttlock_cloud.tokens import Tokens, TokenShelf
from edge_agent.drivers.ttlock_cloud.wire import Answer, Form, Reply, call
from edge_agent.errors import AskHost, DeviceBusy, NotPermitted

_LOGIN_PAUSE: Final = 900.0
"""Seconds between two logins after a refused one: an account that is tried too often is shut."""

Left = Callable[[], float]


class Desk:
    """One account; shared by its locks."""

    def __init__(self, account: AccountKey, shelf: TokenShelf, clock: Clock) -> None:
        self._account = account
        self._shelf = shelf
        self._clock = clock
        self._budget = Budget()
        self._quota = MonthQuota()
        self._tokens: Tokens | None = shelf.load()
        self._renewing = asyncio.Lock()
        self._skew = timedelta(0)
        self._refused_until = 0.0

    def __repr__(self) -> str:
        """Never the account."""
        return "Desk(****)"

    @property
    def quota_spent_until(self) -> datetime | None:
        """While the month's calls are spent: until when (UTC)."""
        return self._quota.spent_until(self.now())

    def now(self) -> datetime:
        """The vendor's time as well as we know it; good for its calls alone, never for doors."""
        return self._clock.wall() + self._skew

    async def ask(
        self,
        session: ClientSession,
        path: str,
        fields: Form,
        *,
        changes: bool,
        door: bool,
        left: Left,
        date: datetime | None = None,
    ) -> Answer:
        """One call, answered without an errcode.

        Repeated only after a refusal that says why: a token that is over, or a clock that is off.
        `date`: sent instead of the vendor's time.
        """
        tokens = self._tokens or await self._renew(session, None, left)
        reply = await self._send(session, path, fields, tokens, changes, door, left, date)
        if reply.errcode in TOKEN_OVER:
            tokens = await self._renew(session, tokens, left)
            reply = await self._send(session, path, fields, tokens, changes, door, left, date)
        if reply.errcode == CLOCK_REFUSED and date is None and reply.served_at is not None:
            self._skew = reply.served_at - self._clock.wall()
            reply = await self._send(session, path, fields, tokens, changes, door, left, date)
        if reply.errcode == QUOTA_SPENT:
            raise QuotaSpent(self._quota.note_spent(self.now()))
        self._quota.note_served()
        if reply.errcode:
            raise refusal(reply.errcode, changes=changes)
        return reply.answer

    async def _send(  # noqa: PLR0917 - passes on what `ask` was given
        self,
        session: ClientSession,
        path: str,
        fields: Form,
        tokens: Tokens,
        changes: bool,  # noqa: FBT001 - as above
        door: bool,  # noqa: FBT001 - as above
        left: Left,
        date: datetime | None,
    ) -> Reply:
        await self._may_call(door=door, left=left)
        form = {
            **fields,
            "clientId": self._account.client_id,
            "accessToken": tokens.access.get_secret_value(),
            "date": str(millis(date or self.now())),
        }
        url = self._account.base + path
        return await call(session, url, form, changes=changes, seconds=left())

    async def _may_call(self, *, door: bool, left: Left) -> None:
        until = self._quota.spent_until(self.now())
        if until is not None:
            raise QuotaSpent(until)
        while wait := self._budget.wait(asyncio.get_running_loop().time(), door=door):
            if wait >= left():
                raise DeviceBusy("own_budget")
            await asyncio.sleep(wait)

    async def _renew(self, session: ClientSession, stale: Tokens | None, left: Left) -> Tokens:
        """A fresh pair: refreshed once, else by logging in; else the owner must act."""
        async with self._renewing:
            if self._tokens is not None and self._tokens is not stale:
                return self._tokens  # somebody else did it meanwhile
            fresh = None if stale is None else await self._refreshed(session, stale, left)
            self._tokens = fresh or await self._logged_in(session, left)
            self._shelf.save(self._tokens)
            return self._tokens

    async def _refreshed(self, session: ClientSession, stale: Tokens, left: Left) -> Tokens | None:
        form = {"grant_type": "refresh_token", "refresh_token": stale.refresh.get_secret_value()}
        try:
            return await self._pair(session, form, left)
        except AskHost:
            return None

    async def _logged_in(self, session: ClientSession, left: Left) -> Tokens:
        now = asyncio.get_running_loop().time()
        if now < self._refused_until:
            raise NotPermitted("login_refused")
        password = self._account.password_md5.get_secret_value()
        try:
            return await self._pair(
                session, {"username": self._account.username, "password": password}, left
            )
        except NotPermitted:
            self._refused_until = now + _LOGIN_PAUSE
            raise

    async def _pair(self, session: ClientSession, form: Form, left: Left) -> Tokens:
        await self._may_call(door=True, left=left)
        whole = {
            **form,
            "clientId": self._account.client_id,
            "clientSecret": self._account.client_secret.get_secret_value(),
        }
        url = self._account.base + "/oauth2/token"
        reply = await call(session, url, whole, changes=False, seconds=left())
        access, refresh = reply.answer.get("access_token"), reply.answer.get("refresh_token")
        if isinstance(access, str) and isinstance(refresh, str) and access and refresh:
            return Tokens.model_validate({"access": access, "refresh": refresh})
        raise refusal(reply.errcode or -1, changes=False)


def millis(moment: datetime) -> int:
    """Milliseconds since 1970, as the vendor counts."""
    return round(moment.timestamp() * 1000)


def instant(millis_since_1970: int) -> datetime:
    """The other way round, in UTC."""
    return datetime.fromtimestamp(millis_since_1970 / 1000, UTC)
