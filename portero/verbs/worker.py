"""How does a worker start, and what can an operator ask of its work?"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass

import uvloop

from cloud_api import worker
from cloud_api.jobs.errors import DeadLetterNotFound
from cloud_api.jobs.schemas import DeadLetterDetailOut
from cloud_api.jobs.types import DeadLetter
from cloud_api.settings import CloudSettings
from cloud_api.worker import rooms
from portero.verbs import counts, read
from portero.verbs.answers import database_answers


def work() -> None:
    """Jobs and reactions until a signal ends it."""
    settings = read.settings(CloudSettings)
    counts.show(settings)
    uvloop.run(worker.run(settings))


def list_jobs() -> list[str]:
    """A line for each job."""
    return [f"{job.name:<36} every {job.every}" for job in rooms.JOBS]


async def run_job(name: str) -> str:
    """Run one now; answers what it changed. SystemExit when there is no such job."""
    settings = read.settings(CloudSettings)
    try:
        with database_answers():
            return f"{name}: {told(await worker.run_job(settings, name))}"
    except KeyError:
        raise SystemExit(f"there is no job {name}; see `portero jobs list`") from None


async def list_dead_letters() -> list[str]:
    """A paragraph for each, its secrets masked, or a line that says there are none."""
    settings = read.settings(CloudSettings)
    with database_answers():
        letters = await worker.list_dead_letters(settings)
    return [shown(each) for each in letters] or ["there are no dead letters"]


async def replay_dead_letters(ids: list[int] | None) -> str:
    """Have these, or all, tried again."""
    settings = read.settings(CloudSettings)
    with database_answers():
        replayed = await worker.replay_dead_letters(settings, ids)
    which = ", ".join(map(str, replayed))
    return f"{len(replayed)} will be tried again: {which}" if replayed else "none to try again"


async def discard_dead_letter(letter_id: int) -> str:
    """Never try this one again. SystemExit when there is none."""
    settings = read.settings(CloudSettings)
    try:
        with database_answers():
            gone = await worker.discard_dead_letter(settings, letter_id)
    except DeadLetterNotFound:
        raise SystemExit(f"there is no dead letter {letter_id}") from None
    return f"discarded {shown(gone)}"


def shown(letter: DeadLetter) -> str:
    """What the API shows of it, for people: secrets are masked."""
    out = DeadLetterDetailOut.of(letter)
    head = (
        f"{out.id}  {out.reaction} on {out.event_name} (event {out.event_id}),"
        f" given up {out.failed_at:%Y-%m-%d %H:%M} UTC after {out.tries} tries"
    )
    said = " ".join(f"{name}={value}" for name, value in out.payload.items())
    return f"{head}\n    {out.error}\n    {said}"


def told(report: object) -> str:
    """A job's report as a line: how many of what."""
    match report:
        case None:
            return "done"
        case str() | int():
            return str(report)
        case Mapping():
            return ", ".join(f"{told(value)} {name}" for name, value in report.items()) or "nothing"
        case list() | tuple() | set() | frozenset():
            return f"{len(report)}" + "".join(f"\n    {told(each)}" for each in report)
        case _ if is_dataclass(report):
            return ", ".join(
                f"{each.name.replace('_', ' ')}: {told(getattr(report, each.name))}"
                for each in fields(report)
            )
        case _:
            return str(report)
