"""How does a mail leave by SMTP (RFC 5321)?

Nothing can be asked of a mail server afterwards: who is silent after DATA leaves nobody knowing.
"""

import asyncio
import re
import ssl
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

from cloud_api.messaging.channels.post import Mishap, invalid_address
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
_NOT_ALLOWED = "5.7."
# ASCII, for not every server takes more (RFC 6531), and nothing that means anything in a header.
_ADDRESS = re.compile(r"[!-~]{1,64}@[A-Za-z0-9.-]{1,253}")


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
                keep_private(said["host"], security)
                await client.login(said["username"], said.get("password", ""))
        except ChannelAccountError:
            client.close()
            raise
        except (aiosmtplib.SMTPAuthenticationError, aiosmtplib.SMTPNotSupported) as error:
            client.close()
            raise ChannelAccountError(type(error).__name__) from None
        except (SMTPException, OSError) as error:
            client.close()
            if _distrusted(error):
                raise ChannelAccountError("its certificate is not trusted") from None
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
            raise _refusal(error, _of_the_recipient(error)) from None
        except (SMTPException, OSError) as error:
            raise ChannelUnreachableError(type(error).__name__) from None

    async def _handed_over(self, client: SMTP, mail: EmailMessage) -> None:
        try:
            await client.data(mail.as_bytes())
        except SMTPResponseException as error:
            refused = RecipientRefusedError(f"{error.code}", code=Mishap.FILTERED)
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
    if not _ADDRESS.fullmatch(letter.to):
        raise invalid_address()
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


def _of_the_recipient(error: SMTPResponseException) -> ChannelError:
    """Nobody there; or it is us whom the server does not let (RFC 3463, 5.7): mend the account."""
    if str(error.message).startswith(_NOT_ALLOWED):
        return ChannelAccountError(f"refused with {error.code}")
    return RecipientRefusedError(f"{error.code}", code=Mishap.UNDELIVERABLE)


def _distrusted(error: BaseException) -> bool:
    return isinstance(error.__cause__ or error, ssl.SSLError)


def keep_private(host: str, security: str) -> None:
    """No password without encryption, but on this very machine."""
    if security == "plain" and host not in {"localhost", "127.0.0.1", "::1"}:
        raise ChannelAccountError("a password is not sent without encryption")


def _refusal(error: SMTPResponseException, final: ChannelError) -> ChannelError:
    if error.code >= _FINAL:
        return final
    return ChannelBusyError(f"{error.code}", retry_after_seconds=_GREYLISTED_SECONDS)
