"""How does a mail leave by SMTP (RFC 5321)?

Nothing can be asked of a mail server afterwards: who is silent after DATA leaves nobody knowing.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from email.message import EmailMessage
from email.utils import formataddr, formatdate
from hashlib import sha256

import aiosmtplib
from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from cloud_api.messaging.errors import (
    ChannelAccountError,
    ChannelBusyError,
    ChannelError,
    ChannelSilentError,
    ChannelUnreachableError,
    ForgedCallError,
    RecipientRefusedError,
)
from cloud_api.messaging.types import (
    Call,
    Carried,
    ChannelAccount,
    ChannelName,
    Letter,
    MessageState,
    Overheard,
)

STEP_SECONDS = 20.0
_GREYLISTED_SECONDS = 60.0
_FINAL = 500


class EmailChannel:
    """Mail by an organisation's own server.

    Credentials: `host`, `from_address`; `port` (587), `security` (`starttls`, `tls` or `plain`),
    `username` and `password` where the server asks for them, `from_name`, `reply_to`.
    """

    name = ChannelName.EMAIL

    def __init__(self, *, step_seconds: float = STEP_SECONDS) -> None:
        self._seconds = step_seconds

    async def send(self, account: ChannelAccount, letter: Letter) -> Carried:
        """Hand it to the server; the Message-ID follows from the letter's key."""
        mail = composed(account, letter)
        client = await self._connected(account)
        try:
            await self._addressed(client, account, letter)
            await self._handed_over(client, mail)
        finally:
            client.close()
        return Carried(mail["Message-ID"], MessageState.SENT, cost_minor=0, currency="USD")

    async def look(self, account: ChannelAccount, letter: Letter) -> Carried | None:
        """Mail servers cannot be asked."""
        del account, letter
        raise ChannelSilentError("a mail server cannot be asked")

    def hear(self, account: ChannelAccount, call: Call) -> Overheard:
        """Nobody calls for mails."""
        del account, call
        raise ForgedCallError("mail has no webhook")

    async def poll(self, account: ChannelAccount, vendor_ids: Sequence[str]) -> Overheard:
        """Nothing to ask."""
        del account, vendor_ids
        return Overheard()

    async def _connected(self, account: ChannelAccount) -> SMTP:
        said, security = account.credentials, account.credentials.get("security", "starttls")
        try:
            client = SMTP(
                hostname=said["host"],
                port=int(said.get("port", "587")),
                use_tls=security == "tls",
                start_tls=security == "starttls",
                timeout=self._seconds,
            )
        except (KeyError, ValueError):
            raise ChannelAccountError("host or port is missing or wrong") from None
        try:
            await client.connect()
            if said.get("username"):
                await client.login(said["username"], said.get("password", ""))
        except (aiosmtplib.SMTPAuthenticationError, aiosmtplib.SMTPNotSupported) as error:
            client.close()
            raise ChannelAccountError(type(error).__name__) from None
        except (SMTPException, OSError) as error:
            client.close()
            raise ChannelUnreachableError(type(error).__name__) from None
        return client

    async def _addressed(self, client: SMTP, account: ChannelAccount, letter: Letter) -> None:
        try:
            await client.mail(account.credentials["from_address"])
        except SMTPResponseException as error:
            raise _refusal(error, ChannelAccountError("the server refuses the sender")) from None
        except (SMTPException, OSError) as error:
            raise ChannelUnreachableError(type(error).__name__) from None
        try:
            await client.rcpt(letter.to)
        except SMTPResponseException as error:
            nobody = RecipientRefusedError(f"{error.code}", code="no_such_address")
            raise _refusal(error, nobody) from None
        except (SMTPException, OSError) as error:
            raise ChannelUnreachableError(type(error).__name__) from None

    async def _handed_over(self, client: SMTP, mail: EmailMessage) -> None:
        try:
            await client.data(mail.as_bytes())
        except SMTPResponseException as error:
            refused = RecipientRefusedError(f"{error.code}", code="content_refused")
            raise _refusal(error, refused) from None
        except (SMTPServerDisconnected, SMTPTimeoutError, OSError, TimeoutError) as error:
            raise ChannelSilentError(type(error).__name__) from None
        with suppress(SMTPException, OSError, asyncio.TimeoutError):
            await client.quit()


def composed(account: ChannelAccount, letter: Letter) -> EmailMessage:
    """The mail: plain text, the page beside it, what goes along, how to be spared (RFC 8058)."""
    said = account.credentials
    sender = said.get("from_address", "")
    if "@" not in sender:
        raise ChannelAccountError("from_address is missing")
    mail = EmailMessage()
    mail["From"] = formataddr((said.get("from_name", ""), sender))
    mail["To"] = letter.to
    mail["Subject"] = letter.subject
    mail["Date"] = formatdate(localtime=False)
    name = sha256(letter.key.encode()).hexdigest()[:32]
    mail["Message-ID"] = f"<{name}@{sender.rpartition('@')[2]}>"
    mail["Content-Language"] = letter.language
    if said.get("reply_to"):
        mail["Reply-To"] = said["reply_to"]
    if letter.unsubscribe_url:
        mail["List-Unsubscribe"] = f"<{letter.unsubscribe_url}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(letter.body)
    if letter.html is not None:
        mail.add_alternative(letter.html, subtype="html")
    for file in letter.attachments:
        kind, _, sub = file.media_type.partition("/")
        mail.add_attachment(file.content, maintype=kind, subtype=sub, filename=file.name)
    return mail


def _refusal(error: SMTPResponseException, final: ChannelError) -> ChannelError:
    if error.code >= _FINAL:
        return final
    return ChannelBusyError(f"{error.code}", retry_after_seconds=_GREYLISTED_SECONDS)
