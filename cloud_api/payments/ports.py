"""What do we need of a payment provider?"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from cloud_api.payments.types import Account, Heed, Notice, ProviderName, RefundWish, Seen, Wish


class Provider(Protocol):
    """One provider. Every method may raise a ProviderError; none tries again by itself.

    None of them touches our database or decides anything about a stay: they translate.
    """

    @property
    def name(self) -> ProviderName:
        """Which one it is."""
        ...

    async def begin(self, account: Account, wish: Wish) -> Seen:
        """Have it ready to be paid (or paid, with a card token). Saying it twice pays once.

        A refused card is an answer (`REJECTED`), not an error.
        """
        ...

    async def look(self, account: Account, *, reference: str, provider_id: str) -> Seen | None:
        """How it stands now; None when the provider knows nothing of it.

        `provider_id` is empty when we never heard of one: then it is found by `reference`.
        """
        ...

    async def refund(self, account: Account, wish: RefundWish) -> Seen:
        """Give back; saying it twice gives back once. The payment as it stands afterwards."""
        ...

    async def since(self, account: Account, moment: datetime) -> Sequence[Seen]:
        """Everything that changed since then, for reconciliation; oldest first."""
        ...

    def heed(self, account: Account, notice: Notice, *, now: datetime) -> Heed:
        """What a webhook is about, if it is genuine; ForgedNoticeError otherwise.

        Where a provider signs nothing, its notice is a hint, and only its shape is checked.
        """
        ...
