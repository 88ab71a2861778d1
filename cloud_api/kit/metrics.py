"""What do we count, under which names?"""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    start_http_server,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

REGISTRY = CollectorRegistry(auto_describe=True)

HTTP_SECONDS = Histogram(
    "http_request_duration_seconds",
    "Time from the request's head to the end of its answer, by route template",
    ["method", "route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    registry=REGISTRY,
)

# Names that operators of booking systems already have on their dashboards.
RESERVATIONS_CREATED = Counter(
    "reservations_created", "Holds and bookings made", ["channel"], registry=REGISTRY
)
RESERVATIONS_DATE_OVERLAP = Counter(
    "reservations_date_overlap", "Refused: the nights are taken", ["channel"], registry=REGISTRY
)
RESERVATIONS_LOCK_FAILED = Counter(
    "reservations_lock_failed",
    "Refused: another request held the rows too long",
    ["channel"],
    registry=REGISTRY,
)
RESERVATIONS_CONFIRMED = Counter(
    "reservations_confirmed", "Bookings confirmed", ["channel"], registry=REGISTRY
)
PRERESERVATIONS_EXPIRED = Counter("prereservations_expired", "Holds expired", registry=REGISTRY)
PRERESERVATION_REMINDERS = Counter(
    "prereservation_reminders_processed", "Reminders of holds about to expire", registry=REGISTRY
)
NLU_PRE_RESERVE = Counter(
    "nlu_pre_reserve", "Messages understood as bookings", ["action", "source"], registry=REGISTRY
)
EMAIL_SENT = Counter("email_sent", "Mails accepted by the mail server", ["type"], registry=REGISTRY)
EMAIL_FAILED = Counter("email_failed", "Mails given up", ["type"], registry=REGISTRY)
PAYMENTS = Counter(
    "payments", "Tries to pay, by what became of them", ["provider", "outcome"], registry=REGISTRY
)
PAYMENTS_STRAY = Counter(
    "payments_stray", "Money found that was nobody's", ["provider", "kind"], registry=REGISTRY
)
PAYMENT_NOTICES = Counter(
    "payment_notices", "Webhooks of providers", ["provider", "outcome"], registry=REGISTRY
)
PAYMENT_REFUNDS = Counter(
    "payment_refunds", "Refunds, by what became of them", ["provider", "outcome"], registry=REGISTRY
)
MESSAGES_SENT = Counter(
    "messages_sent", "Messages a vendor took", ["channel", "type"], registry=REGISTRY
)
MESSAGES_FAILED = Counter(
    "messages_failed", "Messages given up", ["channel", "type"], registry=REGISTRY
)
MESSAGES_UNKNOWN = Counter(
    "messages_unknown", "Sent or not: nobody can say", ["channel", "type"], registry=REGISTRY
)
MESSAGES_BLOCKED = Counter(
    "messages_blocked", "Messages that were not to go", ["channel", "reason"], registry=REGISTRY
)
MESSAGES_FELL_BACK = Counter(
    "messages_fell_back", "Told in English for want of words", ["type", "medium"], registry=REGISTRY
)


def exposition() -> tuple[bytes, str]:
    """Body and content type of `/metrics`."""
    return generate_latest(REGISTRY), CONTENT_TYPE_LATEST


def expose(host: str, port: int) -> None:
    """Serve `/metrics` on an address of its own, in a thread, until the process ends.

    Counts tell how many bookings there are: they never stand on the port the world reaches.
    Raises OSError when the port is taken.
    """
    start_http_server(port, addr=host, registry=REGISTRY)
