"""Which refusals and mishaps do payments meet?

ProviderError                  of an adapter, grouped by what has to be done
  ProviderUnreachableError     nothing was sent: try again
  ProviderSilentError          nobody knows whether it was done: look by our reference first
  ProviderBusyError            try again, not before `retry_after_seconds`
  ProviderRefusedError         this will never work as it is: tell the guest, in `code`'s words
  ProviderAccountError         the credentials are wrong or lack a right: a person must act
ForgedNoticeError              a webhook that its provider has not signed

Problems, for whoever asked us over HTTP:

FolioNotFoundError, PaymentNotFoundError, CardNotFoundError, LinkNotFoundError       404
AmountError, CurrencyError, CredentialsError, VoucherError                           422
ProviderNotHereError, NothingDueError, NotRefundableError, TokenUsedError,
DeadlinePassedError, PaymentStateError, CardValueError, MatterClosedError            409
"""

from cloud_api.kit.errors import Conflict, InvalidRequest, NotFound


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


class FolioNotFoundError(NotFound):
    """No folio, or another organisation's."""

    code = "folio_not_found"
    title = "There is no folio of this booking"


class PaymentNotFoundError(NotFound):
    """No payment, or another organisation's."""

    code = "payment_not_found"
    title = "There is no such payment"


class AccountNotFoundError(NotFound):
    """No account at a provider, or another organisation's."""

    code = "payment_account_not_found"
    title = "There is no such account at a payment provider"


class LinkNotFoundError(NotFound):
    """The link to pay is wrong, withdrawn or too old: they look the same."""

    code = "payment_link_not_found"
    title = "This link to pay is not valid"


class CardNotFoundError(NotFound):
    """No stored-value card has this code."""

    code = "value_card_not_found"
    title = "There is no card with this code"


class MatterNotFoundError(NotFound):
    """Nothing of that name waits to be resolved."""

    code = "matter_not_found"
    title = "There is no such money to be resolved"


class AmountError(InvalidRequest):
    """The amount is not positive, or more than is owed."""

    code = "amount_not_payable"
    title = "This amount cannot be paid"


class CurrencyError(InvalidRequest):
    """The folio is kept in another currency."""

    code = "wrong_currency"
    title = "The folio is kept in another currency"


class CredentialsError(InvalidRequest):
    """The provider needs other credentials than these."""

    code = "credentials_incomplete"
    title = "These are not the credentials this provider needs"


class VoucherError(InvalidRequest):
    """The file is neither an image nor a PDF, or too large."""

    code = "voucher_not_readable"
    title = "A voucher is a picture or a PDF of at most 20 MB"


class ProviderNotHereError(Conflict):
    """This provider is not offered at this property."""

    code = "provider_not_offered"
    title = "This way to pay is not offered here"


class NothingDueError(Conflict):
    """All is paid, or the booking is no more."""

    code = "nothing_due"
    title = "There is nothing to pay"


class NotRefundableError(Conflict):
    """More than was paid and is still there."""

    code = "not_refundable"
    title = "So much of this payment cannot be given back"


class TokenUsedError(Conflict):
    """The card's token was used before."""

    code = "token_already_used"
    title = "This card token was used already; enter the card again"


class DeadlinePassedError(Conflict):
    """The transfer came too late."""

    code = "deadline_passed"
    title = "The time to send a voucher is over"


class PaymentStateError(Conflict):
    """The payment's state forbids it."""

    code = "payment_state"
    title = "The payment's state does not allow this"


class CardValueError(Conflict):
    """Too little on the card, or it is over."""

    code = "card_value_insufficient"
    title = "The card is over, or has too little on it"


class MatterClosedError(Conflict):
    """It was resolved before."""

    code = "matter_closed"
    title = "This was resolved before"
