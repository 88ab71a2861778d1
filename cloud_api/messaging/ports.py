"""What do we need of a channel's vendor?"""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from cloud_api.messaging.types import (
    Attachment,
    Call,
    Carried,
    ChannelAccount,
    ChannelName,
    FileRef,
    Letter,
    Overheard,
)


class Channel(Protocol):
    """One way to tell somebody. Every method may raise a ChannelError; none tries again itself."""

    @property
    def name(self) -> ChannelName:
        """Which one it is."""
        ...

    async def send(self, account: ChannelAccount, letter: Letter) -> Carried:
        """Send it."""
        ...

    async def look(self, account: ChannelAccount, letter: Letter) -> Carried | None:
        """Did this letter go out, though no answer came? None: surely not, send it (again).

        Raises ChannelSilentError where the vendor has no way to be asked.
        """
        ...

    def hear(self, account: ChannelAccount, call: Call) -> Overheard:
        """What a webhook tells, if it is genuine; ForgedCallError otherwise.

        A channel that has none raises it always.
        """
        ...

    async def poll(self, account: ChannelAccount, vendor_ids: Sequence[str]) -> Overheard:
        """What became of these messages, where the vendor only answers when asked; else nothing."""
        ...


class FileReader(Protocol):
    """Whoever keeps files."""

    async def read(self, organisation_id: UUID, file: FileRef) -> Attachment:
        """The file's bytes; raises when there is none, and the message waits for its next try."""
        ...
