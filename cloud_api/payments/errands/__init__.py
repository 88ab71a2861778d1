"""What do payments tell providers, and ask them?"""

from cloud_api.kit.clock import Clock
from cloud_api.kit.errands import AnyErrand, Errand
from cloud_api.kit.outgoing import Outgoing
from cloud_api.payments.attempts.service import BEGIN, LOOK
from cloud_api.payments.errands import paying, reading, refunding
from cloud_api.payments.errands.desk import Desk
from cloud_api.payments.notices.service import HEED
from cloud_api.payments.refunds.service import REFUND
from cloud_api.payments.registry import providers

RECONCILE = "payments.reconcile"


def errands_of(outgoing: Outgoing, clock: Clock, *, public_url: str) -> tuple[AnyErrand, ...]:
    """All of them; `public_url` is where payers come back and providers tell us."""
    desk = Desk(providers(outgoing, clock), public_url.rstrip("/"))
    return (
        Errand(BEGIN, paying.take_begin, desk.bound(paying.begin), paying.note_begun),
        Errand(LOOK, paying.take_look, desk.bound(paying.look), paying.note_looked),
        Errand(REFUND, refunding.take, desk.bound(refunding.refund), refunding.note),
        Errand(HEED, reading.take_notices, desk.bound(reading.heed), reading.note_heeded),
        Errand(
            RECONCILE,
            reading.take_accounts,
            desk.bound(reading.reconcile),
            reading.note_reconciled,
        ),
    )


__all__ = ["RECONCILE", "errands_of"]
