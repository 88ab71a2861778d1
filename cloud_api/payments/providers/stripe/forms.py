"""What is written to Stripe? Its forms, with their names in brackets."""

from datetime import datetime, timedelta

from cloud_api.payments.providers.stripe.amounts import charged
from cloud_api.payments.types import RefundWish, Wish

# A session stays open for at least 30 minutes and at most a day; a minute is left for the way.
_SHORTEST = timedelta(minutes=31)
_LONGEST = timedelta(hours=24) - timedelta(minutes=1)
_MOST_NAME = 250
_LOCALES = frozenset(
    # Of the languages that our guests read, those that Stripe's page speaks.
    ("en", "fr", "de", "es", "zh", "it", "pt", "ja")
)


def session_form(wish: Wish, *, now: datetime) -> dict[str, str]:
    """What a new session needs."""
    item = "line_items[0]"
    form = {
        "mode": "payment",
        "client_reference_id": wish.reference,
        "metadata[reference]": wish.reference,
        "payment_intent_data[metadata][reference]": wish.reference,
        "payment_intent_data[description]": wish.description[:_MOST_NAME],
        f"{item}[quantity]": "1",
        f"{item}[price_data][currency]": wish.amount.currency.lower(),
        f"{item}[price_data][unit_amount]": str(charged(wish.amount)),
        f"{item}[price_data][product_data][name]": wish.description[:_MOST_NAME],
        # In another currency than ours the amounts that go back would not be ours either.
        "adaptive_pricing[enabled]": "false",
        "success_url": wish.return_url,
        "cancel_url": wish.return_url,
        "locale": wish.language if wish.language in _LOCALES else "auto",
    }
    if wish.payer_email:
        form["customer_email"] = wish.payer_email
    if wish.expires_at is not None:
        expires_at = min(max(wish.expires_at, now + _SHORTEST), now + _LONGEST)
        form["expires_at"] = str(int(expires_at.timestamp()))
    return form


def refund_form(wish: RefundWish, *, intent: str) -> dict[str, str]:
    """What a refund needs."""
    return {
        "payment_intent": intent,
        "amount": str(charged(wish.amount)),
        "reason": "requested_by_customer",
        "metadata[reference]": wish.reference,
        "metadata[payment]": wish.payment.reference,
    }
