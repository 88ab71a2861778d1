"""How is OpenPay asked?"""

import hmac
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import quote

from pydantic import TypeAdapter, ValidationError

from cloud_api.kit.money import Money
from cloud_api.kit.outgoing import Answer, Ask, Outgoing
from cloud_api.payments.errors import (
    ForgedNoticeError,
    ProviderRefusedError,
    ProviderSilentError,
)
from cloud_api.payments.providers.amounts import digits_of
from cloud_api.payments.providers.asking import ask, choice, credential, exactly, read
from cloud_api.payments.providers.openpay.wire import (
    CARD_REFUSALS,
    COUNTRIES,
    DUPLICATE_ORDER,
    HOSTS,
    Charge,
    Event,
    best,
    charge_body,
    error_of,
    failure_of,
    refund_body,
    seen,
    trail,
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
# Lists know only when a charge was made: how far back one may have been made that changed lately.
_MADE_BEFORE = timedelta(days=7)
_CHANGED_BEFORE = timedelta(days=180)
_CHANGED = ("REFUNDED", "CHARGEBACK_PENDING", "CHARGEBACK_ACCEPTED", "CHARGEBACK_ADJUSTMENT")
_charges = TypeAdapter(tuple[Charge, ...])


class OpenPay:
    """OpenPay, as `ports.Provider`. `expires_at` is not kept: its charges know no such thing."""

    name = ProviderName.OPENPAY

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing

    async def begin(self, account: Account, wish: Wish) -> Seen:
        """Charge the card, or prepare the page where the payer gives it; see `ports.Provider`."""
        country = _country(account, wish.amount)
        if not wish.payer_email:
            raise ProviderRefusedError("no e-mail address", code="payer_email_missing")
        body = charge_body(wish, country=country)
        answer = await self._post(account, "/charges", body)
        if answer.status in {HTTPStatus.OK, HTTPStatus.CREATED}:
            return seen(read(answer, Charge))
        return await self._unless_known(account, wish, answer)

    async def look(self, account: Account, *, reference: str, provider_id: str) -> Seen | None:
        """The charge by its id, else by our reference; see `ports.Provider`."""
        if provider_id and (charge := await self._charge(account, provider_id)) is not None:
            return seen(charge)
        if not reference:
            return None
        found = await self._list(account, {"order_id": reference})
        return best([seen(each) for each in found if each.order_id == reference])

    async def refund(self, account: Account, wish: RefundWish) -> Seen:
        """Give back, unless the charge shows that this went back; see `ports.Provider`."""
        charge = await self._charge(account, wish.payment.provider_id)
        if charge is None:
            raise ProviderRefusedError("no such charge", code="payment_unknown")
        if wish.reference in trail(charge):
            return seen(charge)
        path = f"/charges/{quote(charge.id, safe='')}/refund"
        answer = await self._post(account, path, refund_body(charge, wish))
        if answer.status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
            raise error_of(answer, did=True)
        return seen(read(answer, Charge))

    async def since(self, account: Account, moment: datetime) -> Sequence[Seen]:
        """Charges made in the week before or later, and changed ones of half a year.

        A part given back in OpenPay's own console, of a charge older than a week, is told by its
        webhook only: such a charge stays `completed`, and no list can be asked for it.
        """
        found = await self._list(account, _from(moment - _MADE_BEFORE))
        for status in _CHANGED:
            found += await self._list(account, _from(moment - _CHANGED_BEFORE) | {"status": status})
        ours = {each.id: each for each in found if each.order_id}
        oldest_first = sorted(ours.values(), key=lambda each: each.creation_date)
        return [seen(each) for each in oldest_first]

    def heed(self, account: Account, notice: Notice, *, now: datetime) -> Heed:  # noqa: ARG002 - nothing dates it
        """Whose user and password are ours; see `ports.Provider`."""
        if not _is_known(account, notice.headers.get("authorization", "")):
            raise ForgedNoticeError
        try:
            event = Event.model_validate(exactly(notice.body))
        except (ValueError, ValidationError):
            raise ForgedNoticeError from None
        about = event.transaction
        if about is None or about.transaction_type not in {"charge", ""}:
            return Heed(
                event_id=event.id or f"{event.type}:{event.event_date}",
                ignored=event.type,
                verification_code=event.verification_code,
            )
        return Heed(
            event_id=f"{event.type}:{about.id}:{event.event_date}",
            reference=about.order_id,
            provider_id=about.id,
        )

    async def _unless_known(self, account: Account, wish: Wish, answer: Answer) -> Seen:
        """What a refusal means.

        A card's token is used up by the try that took the money, so what is refused is looked for
        before it is believed.
        """
        code, error = failure_of(answer), error_of(answer, did=True)
        if not isinstance(error, ProviderRefusedError):
            raise error
        found = await self.look(account, reference=wish.reference, provider_id="")
        if found is not None and found.amount != wish.amount:
            raise ProviderRefusedError("another amount, same reference", code="reference_reused")
        if found is not None and found.state is not PaymentState.REJECTED:
            return found
        if code == DUPLICATE_ORDER and found is None:
            raise ProviderSilentError("the order exists and is not shown yet")
        if found is None and code not in CARD_REFUSALS:
            raise error
        return _rejected(wish, code, "" if found is None else found.provider_id)

    async def _charge(self, account: Account, provider_id: str) -> Charge | None:
        answer = await self._get(account, f"/charges/{quote(provider_id, safe='')}", {})
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        return read(_good(answer), Charge)

    async def _list(self, account: Account, params: Mapping[str, str]) -> list[Charge]:
        found: list[Charge] = []
        while True:
            page = {**params, "limit": str(_PAGE), "offset": str(len(found))}
            answer = _good(await self._get(account, "/charges", page))
            try:
                charges = _charges.validate_python(exactly(answer.body))
            except (ValueError, ValidationError):
                raise ProviderSilentError("an answer that is no list of charges") from None
            found += charges
            if len(charges) < _PAGE:
                return found

    async def _get(self, account: Account, path: str, params: Mapping[str, str]) -> Answer:
        asked = Ask("GET", self._url(account, path), params=params, basic=_basic(account))
        return await ask(self._outgoing, asked)

    async def _post(self, account: Account, path: str, body: bytes) -> Answer:
        asked = Ask(
            "POST",
            self._url(account, path),
            headers={"content-type": "application/json"},
            content=body,
            basic=_basic(account),
        )
        return await ask(self._outgoing, asked)

    def _url(self, account: Account, path: str) -> str:
        choice(account, "country", COUNTRIES)
        default = choice(account, "environment", HOSTS) + credential(account, "country")
        merchant = quote(credential(account, "merchant_id"), safe="")
        return f"{self._outgoing.base('openpay', default)}/v1/{merchant}{path}"


def _basic(account: Account) -> tuple[str, str]:
    return credential(account, "private_key"), ""


def _country(account: Account, amount: Money) -> str:
    if amount.currency not in choice(account, "country", COUNTRIES):
        raise ProviderRefusedError("not in this country", code="currency_not_taken")
    assert digits_of(amount.currency) <= 2  # noqa: S101, PLR2004 - of these currencies
    return credential(account, "country")


def _rejected(wish: Wish, code: int, provider_id: str) -> Seen:
    return Seen(
        reference=wish.reference,
        provider_id=provider_id,
        state=PaymentState.REJECTED,
        amount=wish.amount,
        refunded=Money(0, wish.amount.currency),
        provider_status=str(code),
    )


def _good(answer: Answer) -> Answer:
    if answer.status != HTTPStatus.OK:
        raise error_of(answer, did=False)
    return answer


def _from(moment: datetime) -> dict[str, str]:
    # Their days are of the merchant's country, west of Greenwich: a day earlier has them all.
    return {"creation[gte]": (moment - timedelta(days=1)).date().isoformat()}


def _is_known(account: Account, authorization: str) -> bool:
    kind, _, shown = authorization.partition(" ")
    user, password = (account.credentials.get(each, "") for each in _DOOR)
    try:
        pair = b64decode(shown, validate=True)
    except Base64Error:
        return False
    ours = f"{user}:{password}".encode()
    return kind.lower() == "basic" and bool(user and password) and hmac.compare_digest(pair, ours)


_DOOR = ("webhook_user", "webhook_password")
