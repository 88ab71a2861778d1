"""How is Stripe asked?"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import quote

from cloud_api.kit.clock import Clock
from cloud_api.kit.outgoing import Answer, Ask, Outgoing
from cloud_api.payments.errors import ProviderRefusedError, ProviderSilentError
from cloud_api.payments.providers.asking import ask, credential, read
from cloud_api.payments.providers.stripe.forms import refund_form, session_form
from cloud_api.payments.providers.stripe.notices import heed
from cloud_api.payments.providers.stripe.wire import (
    EVENTS,
    HOST,
    VERSION,
    Dispute,
    Event,
    Listed,
    Named,
    Refund,
    Session,
    error_of,
    failure_of,
    seen,
)
from cloud_api.payments.types import (
    Account,
    Heed,
    Notice,
    ProviderName,
    RefundWish,
    Seen,
    Wish,
)

_SESSIONS = "/v1/checkout/sessions"
_INTENT = "payment_intent.latest_charge"
_PAGE = "100"
# A session is open for a day at most.
_RECENT = timedelta(hours=25)


class Stripe:
    """Stripe, as `ports.Provider`.

    `begin` pays once however often it is said within a day; later, `look` first. A session whose
    card was refused stays PENDING, for its payer may try another one there.
    """

    name = ProviderName.STRIPE

    def __init__(self, outgoing: Outgoing, clock: Clock) -> None:
        self._outgoing = outgoing
        self._clock = clock

    async def begin(self, account: Account, wish: Wish) -> Seen:
        """A session and the address where it is paid; see `ports.Provider`."""
        form = session_form(wish, now=self._clock.utc_now())
        answer = await self._post(account, _SESSIONS, form, key=f"begin:{wish.reference}")
        if answer.status == HTTPStatus.OK:
            return await self._begun(account, answer)
        if failure_of(answer).type == "idempotency_error":
            return await self._already(account, wish)
        raise error_of(answer, did=True)

    async def look(self, account: Account, *, reference: str, provider_id: str) -> Seen | None:
        """The session by its id or its payment intent's, else by our reference."""
        session = await self._session(account, reference=reference, provider_id=provider_id)
        return None if session is None else await self._seen(account, session)

    async def refund(self, account: Account, wish: RefundWish) -> Seen:
        """Give back, unless this refund is there; see `ports.Provider`."""
        known, reference = wish.payment.provider_id, wish.payment.reference
        session = await self._session(account, reference=reference, provider_id=known)
        if session is None or session.payment_intent is None:
            raise ProviderRefusedError("nothing was paid there", code="payment_unknown")
        intent = session.payment_intent.id
        made = await self._list(account, "/v1/refunds", {"payment_intent": intent}, Listed[Refund])
        if not any(each.is_for(wish.reference) for each in made):
            form = refund_form(wish, intent=intent)
            answer = await self._post(account, "/v1/refunds", form, key=f"refund:{wish.reference}")
            if answer.status != HTTPStatus.OK:
                raise error_of(answer, did=True)
            if not read(answer, Refund).is_for(wish.reference):
                raise ProviderRefusedError("the refund failed", code="refund_refused")
        after = await self.look(account, reference=reference, provider_id=session.id)
        if after is None:
            raise ProviderSilentError("the session is not shown any more")
        return after

    async def since(self, account: Account, moment: datetime) -> Sequence[Seen]:
        """What Stripe's events of since then are about (it keeps them for 30 days)."""
        asked = {"created[gte]": str(int(moment.timestamp()))}
        asked |= {f"types[{at}]": name for at, name in enumerate(EVENTS)}
        events = await self._list(account, "/v1/events", asked, Listed[Event])
        ids = dict.fromkeys(each.provider_id for each in reversed(events) if each.provider_id)
        known = await self._made_since(account, moment - _RECENT)
        found: dict[str, Seen] = {}
        for provider_id in ids:
            session = known.get(provider_id) or await self._session(
                account, reference="", provider_id=provider_id
            )
            if session is not None and session.client_reference_id:
                found.setdefault(session.id, await self._seen(account, session))
        return list(found.values())

    def heed(self, account: Account, notice: Notice, *, now: datetime) -> Heed:
        """What a signed event is about; see `ports.Provider`."""
        return heed(account.credentials.get("webhook_secret", ""), notice, now=now)

    async def _begun(self, account: Account, answer: Answer) -> Seen:
        """A key's second use is answered in the first one's words: then read how it stands."""
        session = read(answer, Session)
        if "idempotent-replayed" in answer.headers:
            now = await self.look(account, reference="", provider_id=session.id)
            return now or seen(session, disputed=False)
        return seen(session, disputed=False)

    async def _already(self, account: Account, wish: Wish) -> Seen:
        """The key was used with other parameters: perhaps only the time had gone on."""
        found = await self.look(account, reference=wish.reference, provider_id="")
        if found is None or found.amount != wish.amount:
            raise ProviderRefusedError("another wish, same reference", code="reference_reused")
        return found

    async def _seen(self, account: Account, session: Session) -> Seen:
        disputes: Sequence[Dispute] = ()
        if session.payment_intent is not None and session.charge and session.charge.disputed:
            asked = {"payment_intent": session.payment_intent.id}
            disputes = await self._list(account, "/v1/disputes", asked, Listed[Dispute])
        return seen(session, disputed=any(each.holds_money for each in disputes))

    async def _session(
        self, account: Account, *, reference: str, provider_id: str
    ) -> Session | None:
        if provider_id.startswith("pi_"):
            return await self._by_intent(account, provider_id)
        if provider_id:
            path = f"{_SESSIONS}/{quote(provider_id, safe='')}"
            answer = await self._get(account, path, {"expand[0]": _INTENT})
            if answer.status == HTTPStatus.OK:
                return read(answer, Session)
            if answer.status != HTTPStatus.NOT_FOUND:
                raise error_of(answer, did=False)
        return await self._by_reference(account, reference) if reference else None

    async def _by_intent(self, account: Account, intent: str) -> Session | None:
        asked = {"payment_intent": intent, "expand[0]": f"data.{_INTENT}"}
        found = await self._list(account, _SESSIONS, asked, Listed[Session])
        return found[0] if found else None

    async def _made_since(self, account: Account, moment: datetime) -> dict[str, Session]:
        """Sessions by their own id and by their payment intent's, in a few pages."""
        asked = {
            "created[gte]": str(int(moment.timestamp())),
            "expand[0]": f"data.{_INTENT}",
        }
        made = await self._list(account, _SESSIONS, asked, Listed[Session])
        by_intent = {each.payment_intent.id: each for each in made if each.payment_intent}
        return by_intent | {each.id: each for each in made}

    async def _by_reference(self, account: Account, reference: str) -> Session | None:
        recent = await self._made_since(account, self._clock.utc_now() - _RECENT)
        ours = [each for each in recent.values() if each.client_reference_id == reference]
        if ours:
            return min(ours, key=_stands_for_all)
        query = f"metadata['reference']:'{_plain(reference)}'"
        answer = await self._get(account, "/v1/payment_intents/search", {"query": query})
        if answer.status != HTTPStatus.OK:
            raise error_of(answer, did=False)
        for intent in read(answer, Listed[Named]).data:
            if (session := await self._by_intent(account, intent.id)) is not None:
                return session
        return None

    async def _list[T: Named](
        self, account: Account, path: str, params: Mapping[str, str], shape: type[Listed[T]]
    ) -> list[T]:
        found: list[T] = []
        asked = {**params, "limit": _PAGE}
        while True:
            answer = await self._get(account, path, asked)
            if answer.status != HTTPStatus.OK:
                raise error_of(answer, did=False)
            page = read(answer, shape)
            found += page.data
            if not page.has_more or not page.data:
                return found
            asked["starting_after"] = page.data[-1].id

    async def _get(self, account: Account, path: str, params: Mapping[str, str]) -> Answer:
        asked = Ask("GET", self._url(path), headers=_headers(account), params=params)
        return await ask(self._outgoing, asked)

    async def _post(
        self, account: Account, path: str, form: Mapping[str, str], *, key: str
    ) -> Answer:
        headers = _headers(account) | {"idempotency-key": key}
        return await ask(self._outgoing, Ask("POST", self._url(path), headers=headers, form=form))

    def _url(self, path: str) -> str:
        return self._outgoing.base("stripe", HOST) + path


def _headers(account: Account) -> dict[str, str]:
    key = credential(account, "secret_key")
    return {"authorization": f"Bearer {key}", "stripe-version": VERSION}


def _stands_for_all(session: Session) -> int:
    # Where a key was forgotten and a reference has two sessions, the one that was paid.
    return {"complete": 0, "open": 1}.get(session.status, 2)


def _plain(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
