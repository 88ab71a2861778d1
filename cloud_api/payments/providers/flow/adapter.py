"""How is Flow asked?"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import parse_qs

from cloud_api.kit.clock import Clock
from cloud_api.kit.money import Money
from cloud_api.kit.outgoing import Answer, Ask, Outgoing
from cloud_api.payments.errors import (
    ForgedNoticeError,
    ProviderRefusedError,
    ProviderSilentError,
)
from cloud_api.payments.providers.asking import ask, choice, credential, read
from cloud_api.payments.providers.flow.wire import (
    ALREADY_PAID,
    HOSTS,
    ZONE,
    Order,
    Page,
    RefundOrder,
    Started,
    error_of,
    failure_of,
    given_back,
    is_repeated,
    is_unknown,
    order_params,
    refund_params,
    seen,
    signed,
)
from cloud_api.payments.types import (
    Account,
    Heed,
    Notice,
    PaymentState,
    ProviderName,
    RefundWish,
    Seen,
    Wish,
)

_PAGE = 100
_MOST_TOKEN = 100


class Flow:
    """Flow, as `ports.Provider`.

    A payment is known by Flow's own order number; its token is good for `look` too. Its notices are
    hints. `look` and `since` never show what was refunded, and `since` shows what
    was paid only. A refund counts as gone back when Flow has taken the order for it: whether its
    receiver accepted is told in Flow's console. A refund whose answer was lost should be seen to by
    a person: Flow cannot be asked for it by our reference, and only its refusal of a used
    `refundCommerceOrder` stands between a second try and a second refund.
    """

    name = ProviderName.FLOW

    def __init__(self, outgoing: Outgoing, clock: Clock) -> None:
        self._outgoing = outgoing
        self._clock = clock

    async def begin(self, account: Account, wish: Wish) -> Seen:
        """An order and the address where it is paid; see `ports.Provider`.

        An order that waits and whose link was lost with Flow's answer is made again under the same
        number: Flow lets it be paid once.
        """
        before = await self.look(account, reference=wish.reference, provider_id="")
        if before is not None and before.amount != wish.amount:
            raise ProviderRefusedError("another amount, same reference", code="reference_reused")
        if before is not None and before.state is not PaymentState.PENDING:
            return before
        if not wish.payer_email:
            raise ProviderRefusedError("no e-mail address", code="payer_email_missing")
        params = order_params(wish, email=wish.payer_email, now=self._clock.utc_now())
        answer = await self._post(account, "/payment/create", params)
        if answer.status == HTTPStatus.OK:
            return _started(read(answer, Started), wish)
        if failure_of(answer).code == ALREADY_PAID:
            return await self._paid(account, wish)
        raise error_of(answer, did=True)

    async def look(self, account: Account, *, reference: str, provider_id: str) -> Seen | None:
        """The order by its token or number, and by ours; see `ports.Provider`.

        One that is paid says how it stands, where a lost answer has left two of the same number.
        """
        known = await self._by_id(account, provider_id)
        if known is not None and known.state is PaymentState.PAID:
            return known
        asked = {"commerceId": reference or (known.reference if known else "")}
        if not asked["commerceId"]:
            return None
        other = await self._order(account, "/payment/getStatusByCommerceId", asked)
        if known is None or (other is not None and other.state is PaymentState.PAID):
            return other
        return known

    async def refund(self, account: Account, wish: RefundWish) -> Seen:
        """Ask Flow to send it back; see the class and `ports.Provider`."""
        if not wish.payer_email:
            raise ProviderRefusedError("no e-mail address", code="payer_email_missing")
        if not wish.notify_url:
            raise ProviderRefusedError("no address to tell", code="notify_url_missing")
        params = refund_params(wish, email=wish.payer_email)
        answer = await self._post(account, "/refund/create", params)
        if answer.status == HTTPStatus.OK:
            return given_back(read(answer, RefundOrder), wish)
        if is_repeated(failure_of(answer)):
            return given_back(RefundOrder(status="created"), wish)
        raise error_of(answer, did=True)

    async def since(self, account: Account, moment: datetime) -> Sequence[Seen]:
        """What was paid on each day since the day before; see the class and `ports.Provider`."""
        day = moment.astimezone(ZONE).date() - timedelta(days=1)
        today = self._clock.utc_now().astimezone(ZONE).date()
        found: list[Seen] = []
        while day <= today:
            found += await self._paid_on(account, day.isoformat())
            day += timedelta(days=1)
        return sorted(found, key=lambda each: each.happened_at or moment)

    def heed(self, account: Account, notice: Notice, *, now: datetime) -> Heed:  # noqa: ARG002 - nothing proves who says it
        """Of which order Flow says that it changed; a hint, see `ports.Provider`.

        The same token comes each time something happens to its order: whoever is told again has
        to look again.
        """
        try:
            [token] = parse_qs(notice.body.decode(), strict_parsing=True)["token"]
        except (ValueError, KeyError):
            raise ForgedNoticeError from None
        if not (token.isalnum() and token.isascii() and len(token) <= _MOST_TOKEN):
            raise ForgedNoticeError
        reference = notice.query.get("payment") or None
        if "refund" in notice.query:
            ignored = None if reference else "refund"
            return Heed(event_id=f"refund:{token}", reference=reference, ignored=ignored)
        return Heed(event_id=f"payment:{token}", reference=reference, provider_id=token)

    async def _paid(self, account: Account, wish: Wish) -> Seen:
        found = await self.look(account, reference=wish.reference, provider_id="")
        if found is None:
            raise ProviderSilentError("the order is paid and not shown yet")
        return found

    async def _by_id(self, account: Account, provider_id: str) -> Seen | None:
        if not provider_id:
            return None
        if provider_id.isdecimal():
            path, asked = "/payment/getStatusByFlowOrder", {"flowOrder": provider_id}
        else:
            path, asked = "/payment/getStatus", {"token": provider_id}
        return await self._order(account, path, asked)

    async def _order(self, account: Account, path: str, asked: Mapping[str, str]) -> Seen | None:
        answer = await self._get(account, path, asked)
        if answer.status == HTTPStatus.OK:
            return seen(read(answer, Order))
        if answer.status == HTTPStatus.BAD_REQUEST and is_unknown(failure_of(answer)):
            return None
        raise error_of(answer, did=False)

    async def _paid_on(self, account: Account, day: str) -> list[Seen]:
        found: list[Seen] = []
        more = True
        while more:
            asked = {"date": day, "start": str(len(found)), "limit": str(_PAGE)}
            answer = await self._get(account, "/payment/getPayments", asked)
            if answer.status != HTTPStatus.OK:
                raise error_of(answer, did=False)
            page = read(answer, Page)
            found += [seen(each) for each in page.data]
            more = page.hasMore and bool(page.data)
        return found

    async def _get(self, account: Account, path: str, params: Mapping[str, str]) -> Answer:
        asked = Ask("GET", self._url(account, path), params=_signed(account, params))
        return await ask(self._outgoing, asked)

    async def _post(self, account: Account, path: str, params: Mapping[str, str]) -> Answer:
        asked = Ask("POST", self._url(account, path), form=_signed(account, params))
        return await ask(self._outgoing, asked)

    def _url(self, account: Account, path: str) -> str:
        return self._outgoing.base("flow", choice(account, "environment", HOSTS)) + path


def _signed(account: Account, params: Mapping[str, str]) -> dict[str, str]:
    whole = {**params, "apiKey": credential(account, "api_key")}
    return signed(whole, credential(account, "secret_key"))


def _started(started: Started, wish: Wish) -> Seen:
    return Seen(
        reference=wish.reference,
        provider_id=str(started.flowOrder),
        state=PaymentState.PENDING,
        amount=wish.amount,
        refunded=Money(0, wish.amount.currency),
        provider_status="1",
        pay_url=f"{started.url}?token={started.token}",
    )
