"""What does the worker send, and what does the clock tidy?"""

from datetime import timedelta

from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.errands import AnyErrand, Errand
from cloud_api.kit.jobs import AnyJob, Job
from cloud_api.kit.outgoing import Outgoing
from cloud_api.messaging import repository
from cloud_api.messaging.outbox.service import Outbox
from cloud_api.messaging.outbox.writing import SEND
from cloud_api.messaging.ports import FileReader
from cloud_api.messaging.registry import channels

TEXTS_KEPT = timedelta(days=90)


async def tidy(session: Session, clock: Clock) -> None:
    """Erase the texts of messages older than 90 days; that they went stays on record."""
    await repository.forget(session, before=clock.utc_now() - TEXTS_KEPT)


JOBS: tuple[AnyJob, ...] = (Job("messaging.tidy", timedelta(hours=1), tidy),)


def errands(
    outgoing: Outgoing, *, public_url: str, files: FileReader | None = None
) -> tuple[AnyErrand, ...]:
    """What is told to the channels' vendors."""
    box = Outbox(channels(outgoing), public_url.rstrip("/"), files)
    return (Errand(SEND, box.take, box.run, box.note, every=timedelta(seconds=2)),)
