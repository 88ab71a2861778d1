"""Which forms does Stripe take?"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from starlette.responses import JSONResponse

from portero.simulators.kit import Refusal

_ITEM = "line_items[0]"
_NEEDED = {
    "mode",
    "success_url",
    f"{_ITEM}[quantity]",
    f"{_ITEM}[price_data][currency]",
    f"{_ITEM}[price_data][unit_amount]",
    f"{_ITEM}[price_data][product_data][name]",
}
_BESIDES = re.compile(
    r"cancel_url|client_reference_id|customer_email|expires_at|locale|adaptive_pricing\[enabled\]|"
    r"payment_intent_data\[(metadata\]\[\w{1,40}|description)\]|metadata\[\w{1,40}\]|expand\[\d+\]"
)
_REFUND_BESIDES = re.compile(r"amount|reason|metadata\[\w{1,40}\]")
_MOST_REFERENCE = 200
_REASONS = {"duplicate", "fraudulent", "requested_by_customer"}
_LOCALES = frozenset(("auto", "de", "en", "es", "fr", "it", "ja", "pl", "pt", "zh"))
_CURRENCIES = frozenset(
    ("usd", "eur", "gbp", "pln", "mxn", "pen", "cop", "ars", "brl", "clp", "jpy", "krw", "pyg")
) | {"isk", "ugx", "mga", "kwd", "bhd", "jod", "omr", "tnd"}
_TENS = {"kwd", "bhd", "jod", "omr", "tnd"}
_HUNDREDS = {"isk", "ugx"}

type Form = Mapping[str, str]


def check_session(form: Form, *, now: datetime) -> None:
    """Refuse what Stripe refuses of a new session, before it is begun."""
    _check_names(form, _NEEDED, _BESIDES)
    if form["mode"] != "payment":
        raise invalid("mode")
    if len(form.get("client_reference_id", "")) > _MOST_REFERENCE:
        raise invalid("client_reference_id")
    if form.get("locale", "auto") not in _LOCALES:
        raise invalid("locale")
    if "@" not in form.get("customer_email", "@"):
        raise invalid("customer_email")
    _check_amount(amount_of(form), currency_of(form))
    _check_expiry(form.get("expires_at"), now)


def check_refund(form: Form) -> None:
    """Refuse what Stripe refuses of a refund, before it is begun."""
    _check_names(form, {"payment_intent"}, _REFUND_BESIDES)
    if form.get("reason", "duplicate") not in _REASONS:
        raise invalid("reason")
    if "amount" in form and not form["amount"].isdecimal():
        raise invalid("amount", code="parameter_invalid_integer")


def amount_of(form: Form) -> int:
    """What the one line of a session costs."""
    text = form[f"{_ITEM}[price_data][unit_amount]"]
    if not (text.isdecimal() and form[f"{_ITEM}[quantity]"] == "1"):
        raise invalid("unit_amount", code="parameter_invalid_integer")
    return int(text)


def currency_of(form: Form) -> str:
    """In which currency."""
    return form[f"{_ITEM}[price_data][currency]"]


def metadata_of(form: Form, prefix: str = "metadata") -> dict[str, str]:
    """What the merchant wants kept."""
    start = f"{prefix}["
    return {name[len(start) : -1]: form[name] for name in form if name.startswith(start)}


def invalid(param: str, *, code: str = "parameter_invalid", status: int = 400) -> Refusal:
    """A request that Stripe does not begin."""
    return failure(status, "invalid_request_error", code, param=param)


def failure(status: int, kind: str, code: str | None, *, param: str | None = None) -> Refusal:
    """Stripe's error object."""
    error = {"type": kind, "code": code, "param": param, "message": f"{code or kind}: {param}"}
    return Refusal(JSONResponse({"error": error}, status_code=status))


def _check_names(form: Form, needed: set[str], besides: re.Pattern[str]) -> None:
    for missing in sorted(needed - set(form)):
        raise invalid(missing, code="parameter_missing")
    for name in form:
        if name not in needed and not besides.fullmatch(name):
            raise invalid(name, code="parameter_unknown")
    for name in form:
        if form[name] == "":
            raise invalid(name, code="parameter_invalid_empty")


def _check_amount(amount: int, currency: str) -> None:
    if currency not in _CURRENCIES:
        raise invalid("currency")
    step = 10 if currency in _TENS else 100 if currency in _HUNDREDS else 1
    if amount < 1 or amount % step:
        raise invalid("unit_amount", code="amount_too_small" if amount < 1 else "invalid_amount")


def _check_expiry(text: str | None, now: datetime) -> None:
    if text is None:
        return
    seconds = int(text) - now.timestamp()
    if not timedelta(minutes=30).total_seconds() <= seconds <= timedelta(hours=24).total_seconds():
        raise invalid("expires_at")
