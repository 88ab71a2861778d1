"""How is Mercado Pago asked?"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import quote

from cloud_api.kit.clock import Clock
from cloud_api.kit.outgoing import Answer, Ask, Outgoing
from cloud_api.payments.errors import (
    ProviderAccountError,
    ProviderRefusedError,
    ProviderSilentError,
)
from cloud_api.payments.providers.asking import ask, credential, read
from cloud_api.payments.providers.mercadopago.notices import heed
from cloud_api.payments.providers.mercadopago.wire import (
    HOST,
    Payment,
    Payments,
    Preference,
    Preferences,
    Refund,
    error_of,
    payment_body,
    preference_body,
    refund_body,
    seen,
    waiting,
)
from cloud_api.payments.rules import has_money
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

_PAGE = 50
_MOST_PAGES = 200
_CLOCKS_DIFFER = timedelta(minutes=5)
_PREFERENCES = "/checkout/preferences"
_PAYMENTS = "/v1/payments"


class MercadoPago:
    """Mercado Pago, as `ports.Provider`.

    A preference's second begin finds the first by our reference. `look` tells the best try on our
    reference: one that was paid, else one that waits, else the latest. Of a preference on which
    nobody has tried it tells nothing but what the wish said, so only `begin` looks for those.
    """

    name = ProviderName.MERCADO_PAGO

    def __init__(self, outgoing: Outgoing, clock: Clock) -> None:
        self._outgoing = outgoing
        self._clock = clock

    async def begin(self, account: Account, wish: Wish) -> Seen:
        """A page to pay at, or a card's payment; see `ports.Provider`."""
        if wish.card_token is not None:
            body, key = payment_body(wish), f"begin:{wish.reference}"
            answer = await self._post(account, _PAYMENTS, body, key=key)
            if answer.status in {HTTPStatus.CREATED, HTTPStatus.OK}:
                return self._seen(account, read(answer, Payment))
            raise error_of(answer, did=True)
        before = await self._preference(account, wish.reference)
        if before is not None:
            return await self._begun_before(account, before, wish)
        body = preference_body(wish)
        answer = await self._post(account, _PREFERENCES, body, key=f"begin:{wish.reference}")
        if answer.status != HTTPStatus.CREATED:
            raise error_of(answer, did=True)
        made = read(answer, Preference)
        if str(made.collector_id or "") not in {"", credential(account, "collector_id")}:
            raise ProviderAccountError("the collector_id is another account's")
        return waiting(made, wish)

    async def look(self, account: Account, *, reference: str, provider_id: str) -> Seen | None:
        """The payment of this number, or the best of those with our reference."""
        known = await self._by_number(account, provider_id) if provider_id.isdecimal() else None
        if known is not None and (has_money(known.state) or not reference):
            return known
        found = await self._by_reference(account, reference) if reference else []
        return min(found, key=_stands_for_all, default=known)

    async def refund(self, account: Account, wish: RefundWish) -> Seen:
        """Give back, once by its key; see `ports.Provider`."""
        number = wish.payment.provider_id
        if not number.isdecimal():
            raise ProviderRefusedError("nothing was paid there", code="payment_unknown")
        path = f"{_PAYMENTS}/{number}/refunds"
        key = f"refund:{wish.reference}"
        answer = await self._post(account, path, refund_body(wish.amount), key=key)
        if answer.status not in {HTTPStatus.CREATED, HTTPStatus.OK}:
            raise error_of(answer, did=True)
        # What cannot be read is no refund: it may be another's answer.
        read(answer, Refund)
        after = await self._by_number(account, number)
        if after is None:
            raise ProviderSilentError("the payment is not shown any more")
        return after

    async def since(self, account: Account, moment: datetime) -> Sequence[Seen]:
        """Every payment that changed since then, oldest change first."""
        asked = {
            "range": "date_last_updated",
            "begin_date": _stamp(moment),
            "end_date": _stamp(self._clock.utc_now() + _CLOCKS_DIFFER),
            "sort": "date_last_updated",
            "criteria": "asc",
        }
        return await self._search(account, asked)

    def heed(self, account: Account, notice: Notice, *, now: datetime) -> Heed:
        """What a signed notice is about; see `ports.Provider`."""
        return heed(account.credentials.get("webhook_secret", ""), notice, now=now)

    async def _begun_before(self, account: Account, page: Preference, wish: Wish) -> Seen:
        """A page can be paid again: whoever has paid there is not sent there once more."""
        if not page.is_of(wish):
            raise ProviderRefusedError("another amount, same reference", code="reference_reused")
        tried = await self.look(account, reference=wish.reference, provider_id="")
        if tried is not None and (has_money(tried.state) or tried.state is PaymentState.PENDING):
            return tried
        return waiting(page, wish)

    async def _by_number(self, account: Account, number: str) -> Seen | None:
        answer = await self._get(account, f"{_PAYMENTS}/{number}", {})
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        if answer.status != HTTPStatus.OK:
            raise error_of(answer, did=False)
        return self._seen(account, read(answer, Payment))

    async def _by_reference(self, account: Account, reference: str) -> list[Seen]:
        asked = {
            "external_reference": reference,
            "sort": "date_created",
            "criteria": "desc",
        }
        found = await self._search(account, asked)
        return [each for each in found if each.reference == reference]

    async def _search(self, account: Account, asked: Mapping[str, str]) -> list[Seen]:
        found: list[Seen] = []
        for page in range(_MOST_PAGES):
            part = {"limit": str(_PAGE), "offset": str(page * _PAGE)}
            answer = await self._get(account, f"{_PAYMENTS}/search", {**asked, **part})
            if answer.status != HTTPStatus.OK:
                raise error_of(answer, did=False)
            told = read(answer, Payments)
            found += [self._seen(account, each) for each in told.results]
            if not told.results or (page + 1) * _PAGE >= told.paging.total:
                return found
        raise ProviderSilentError("a list that does not end")

    async def _preference(self, account: Account, reference: str) -> Preference | None:
        asked = {"external_reference": reference}
        answer = await self._get(account, f"{_PREFERENCES}/search", asked)
        if answer.status != HTTPStatus.OK:
            raise error_of(answer, did=False)
        for each in read(answer, Preferences).elements:
            if each.external_reference in {None, reference}:
                path = f"{_PREFERENCES}/{quote(each.id, safe='')}"
                whole = await self._get(account, path, {})
                if whole.status != HTTPStatus.OK:
                    raise error_of(whole, did=False)
                preference = read(whole, Preference)
                if preference.external_reference == reference:
                    return preference
        return None

    def _seen(self, account: Account, payment: Payment) -> Seen:
        return seen(payment, collector_id=credential(account, "collector_id"))

    async def _get(self, account: Account, path: str, params: Mapping[str, str]) -> Answer:
        headers = _headers(account)
        return await ask(
            self._outgoing, Ask("GET", self._url(path), headers=headers, params=params)
        )

    async def _post(self, account: Account, path: str, body: bytes, *, key: str) -> Answer:
        headers = _headers(account) | {
            "content-type": "application/json",
            "x-idempotency-key": key,
        }
        return await ask(
            self._outgoing, Ask("POST", self._url(path), headers=headers, content=body)
        )

    def _url(self, path: str) -> str:
        return self._outgoing.base("mercado_pago", HOST) + path


def _headers(account: Account) -> dict[str, str]:
    return {"authorization": f"Bearer {credential(account, 'access_token')}"}


def _stands_for_all(each: Seen) -> int:
    # The list is newest first, and `min` keeps the first of equals.
    if has_money(each.state):
        return 0
    return 1 if each.state is PaymentState.PENDING else 2


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
