"""Which cancellation policy counts?"""

from collections.abc import Sequence
from decimal import Decimal

from cloud_api.pricing.types import CancellationPolicy, RefundShare


def policy_for(
    policies: Sequence[CancellationPolicy], days_before: int
) -> CancellationPolicy | None:
    """The policy for a cancellation so many days before arrival.

    Where the property has policies of its own, the general ones do not count. Of those that do,
    the one with the most days that are not more than these; else the default one.
    """
    own = [each for each in policies if each.own]
    pool = own or list(policies)
    fitting = [each for each in pool if each.days_before <= days_before]
    if fitting:
        return max(fitting, key=lambda each: (each.days_before, each.id))
    defaults = [each for each in (*pool, *policies) if each.default]
    return defaults[0] if defaults else None


def share_by(policy: CancellationPolicy | None) -> RefundShare:
    """What goes back by this policy; nothing without one."""
    return RefundShare(policy.refund_percent if policy else Decimal(0), policy)
