"""What does every errand to a provider need?"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from cloud_api.kit.jobs import Tools
from cloud_api.payments.errors import ProviderAccountError, ProviderBusyError, ProviderError
from cloud_api.payments.ports import Provider
from cloud_api.payments.types import ProviderName

# Longer than an errand of several questions to a slow vendor can last.
LEASE = timedelta(minutes=3)
AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Desk:
    """The providers, and our own address."""

    providers: Mapping[ProviderName, Provider]
    public_url: str

    def provider(self, name: ProviderName) -> Provider:
        """This one; ProviderAccountError where this release has none."""
        found = self.providers.get(name)
        if found is None:
            raise ProviderAccountError(f"this release does not speak to {name}")
        return found

    def bound[C, R](
        self, run: Callable[["Desk", C], Awaitable[R]]
    ) -> Callable[[C, Tools], Awaitable[R | ProviderError]]:
        """The errand's `run`: what a provider's mishap means is for `note` to decide."""

        async def carry(carried: C, _tools: Tools) -> R | ProviderError:
            try:
                return await run(self, carried)
            except ProviderError as error:
                return error

        return carry

    def return_url(self, token: str) -> str:
        """Where a payer's browser comes back."""
        return f"{self.public_url}/api/v1/pay/{token}/return"

    def notify_url(self, provider: ProviderName, token: str) -> str:
        """Where a provider tells us."""
        return f"{self.public_url}/api/v1/webhooks/payments/{provider}/{token}"


@dataclass(frozen=True, slots=True)
class Named:
    """Which row an errand is about."""

    id: UUID
    tries: int


def wait_after(error: ProviderError, tries: int) -> timedelta:
    """How long to wait before trying again: 5 s, doubling, to an hour; longer if told so."""
    seconds = min(5.0 * 2 ** min(tries - 1, 10), 3600.0)
    if isinstance(error, ProviderBusyError):
        seconds = max(seconds, error.retry_after_seconds)
    return timedelta(seconds=seconds)
