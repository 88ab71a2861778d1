"""Which refusals and mishaps do payments meet?

ProviderError                  of an adapter, grouped by what has to be done
  ProviderUnreachableError     nothing was sent: try again
  ProviderSilentError          nobody knows whether it was done: look by our reference first
  ProviderBusyError            try again, not before `retry_after_seconds`
  ProviderRefusedError         this will never work as it is: tell the guest, in `code`'s words
  ProviderAccountError         the credentials are wrong or lack a right: a person must act
ForgedNoticeError              a webhook that its provider has not signed
"""


class ProviderError(Exception):
    """What an adapter says went wrong; its text is safe to store and shows no secret."""


class ProviderUnreachableError(ProviderError):
    """Surely not done; try again."""


class ProviderSilentError(ProviderError):
    """Perhaps done; look by our reference before trying again."""


class ProviderBusyError(ProviderError):
    """Surely not done; try again later."""

    def __init__(self, message: str, *, retry_after_seconds: float = 5.0) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class ProviderRefusedError(ProviderError):
    """Surely not done, and not by trying again. `code` is ours and stable."""

    def __init__(self, message: str, *, code: str = "payment_refused") -> None:
        super().__init__(message)
        self.code = code


class ProviderAccountError(ProviderError):
    """Surely not done: the organisation's account at the provider has to be mended."""


class ForgedNoticeError(Exception):
    """The webhook's proof is missing, wrong, or too old."""
