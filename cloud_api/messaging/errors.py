"""Which refusals and mishaps do messages meet?

ChannelError                 of an adapter, grouped by what has to be done
  ChannelUnreachableError    nothing was sent: try again
  ChannelSilentError         nobody knows whether it went out: look, or say "unknown"
  ChannelBusyError           try again, not before `retry_after_seconds`
  RecipientRefusedError      this address will never work: try another channel, tell the host
  ChannelAccountError        credentials, template or quota: a person must act
ForgedCallError              a webhook that its vendor has not signed
MessageTextGone        409   there is nothing left to send again
MessageOnItsWay        409   wait until it has ended
CallRefused            403   of a webhook, to whoever called
"""

from cloud_api.kit.errors import Conflict, Forbidden


class ChannelError(Exception):
    """What an adapter says went wrong; its text is safe to store: no secret, no body."""


class ChannelUnreachableError(ChannelError):
    """Surely not sent; try again."""


class ChannelSilentError(ChannelError):
    """Perhaps sent."""


class ChannelBusyError(ChannelError):
    """Surely not sent; try again later."""

    def __init__(self, message: str, *, retry_after_seconds: float = 5.0) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class RecipientRefusedError(ChannelError):
    """Surely not sent: there is nobody at this address, or they said stop. `code` is stable."""

    def __init__(self, message: str, *, code: str = "undeliverable") -> None:
        super().__init__(message)
        self.code = code


class ChannelAccountError(ChannelError):
    """Surely not sent: the organisation's account at the vendor has to be mended."""


class ForgedCallError(Exception):
    """The webhook's proof is missing or wrong."""


class MessageTextGone(Conflict):
    """It was secret, or is too old."""

    code = "message_text_gone"
    title = "The text of this message was erased; it cannot be sent again"


class MessageOnItsWay(Conflict):
    """It has not gone yet."""

    code = "message_on_its_way"
    title = "This message is still on its way"


class CallRefused(Forbidden):
    """Its vendor has not signed it."""

    code = "call_refused"
    title = "This call is not from the vendor"
