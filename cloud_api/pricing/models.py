"""Which tables hold prices and what is taken off them?"""

from cloud_api.pricing.discounts.models import (
    AutomaticRow,
    CodeRow,
    CodeUseRow,
    DynamicRow,
    ReferralRow,
)

__all__ = ["AutomaticRow", "CodeRow", "CodeUseRow", "DynamicRow", "ReferralRow"]
