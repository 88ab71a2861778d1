"""A small world of reactions to try workers on, and the script of a real worker process.

As a script: `python -m tests.cloud_api.worker.stage <dsn> <folder> [mended] [ticking]`.
"""

import asyncio
import os
import signal
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel
from sqlalchemy import text

from cloud_api.kit import logs
from cloud_api.kit.clock import Clock, SystemClock
from cloud_api.kit.db import Database, Session
from cloud_api.kit.events import Event
from cloud_api.kit.jobs import AnyReaction, Job, Reaction, Retry, Tools
from cloud_api.kit.vault import Vault
from cloud_api.worker import shift
from cloud_api.worker.types import Crew, Pace

SECRET = "a secret of this test only, long enough"
QUICK = Retry(tries=3, first=timedelta(milliseconds=50), factor=1.0)
BRISK = Pace(
    retake_after=timedelta(seconds=2),
    look_every=timedelta(milliseconds=200),
    beat_every=timedelta(milliseconds=500),
)
EFFECTS = (
    "CREATE TABLE effects"
    " (what text, pid bigint, at timestamptz NOT NULL DEFAULT clock_timestamp())"
)


class BellRung(Event):
    """Somebody is at the door."""

    name: ClassVar[str] = "test.bell_rung"
    who: str
    seconds: float = 0


class Knocked(Event):
    """Somebody stands there and waits."""

    name: ClassVar[str] = "test.knocked"
    who: str
    seconds: float = 0


class NobodyCares(Event):
    """No reaction is bound to this."""

    name: ClassVar[str] = "test.nobody_cares"


class Heard(BaseModel):
    """What the reactions read of it."""

    who: str
    seconds: float


@dataclass(frozen=True)
class Doorman:
    """Handlers that leave a mark in `effects`; `folder` is told when a slow one has begun."""

    folder: Path

    async def open(self, session: Session, heard: Heard, _tools: Tools) -> None:
        await _write(session, f"open {heard.who}")
        if heard.seconds:
            (self.folder / str(os.getpid())).touch()
            await asyncio.sleep(heard.seconds)

    async def greet(self, session: Session, heard: Heard, _tools: Tools) -> None:
        await _write(session, f"greet {heard.who}")

    async def stumble(self, session: Session, heard: Heard, _tools: Tools) -> None:
        await _write(session, f"stumble over {heard.who}")
        if heard.who == "poison":
            raise ValueError("the bell is broken")

    async def let_in(self, session: Session, heard: Heard, _tools: Tools) -> None:
        await self.open(session, heard, _tools)
        if heard.who == "poison":
            raise ValueError("the latch is stuck")
        if heard.who == "deadly":
            os.kill(os.getpid(), signal.SIGKILL)

    async def mended(self, session: Session, heard: Heard, _tools: Tools) -> None:
        await _write(session, f"mended {heard.who}")


async def _write(session: Session, what: str) -> None:
    await session.execute(
        text("INSERT INTO effects (what, pid) VALUES (:what, :pid)"),
        {"what": what, "pid": os.getpid()},
    )


async def _tick(session: Session, _clock: Clock) -> None:
    await _write(session, "tick")


async def _jam(session: Session, _clock: Clock) -> None:
    await _write(session, "jam")
    raise RuntimeError("the clock is jammed")


TICK = Job("test.tick", timedelta(seconds=2), _tick)
JAM = Job("test.jam", timedelta(seconds=2), _jam)


def crew_of(
    database: Database, folder: Path, *, mended: bool = False, jobs: tuple[Job, ...] = ()
) -> Crew:
    """Three reactions to a bell, two to a knock.

    The bell's third fails on poison until it is mended; the knock's first is prompt.
    """
    doorman = Doorman(folder)
    stumble = doorman.mended if mended else doorman.stumble
    opening = Reaction(BellRung.name, "test.open", Heard, doorman.open, QUICK)
    greeting = Reaction(BellRung.name, "test.greet", Heard, doorman.greet, QUICK)
    stumbling = Reaction(BellRung.name, "test.stumble", Heard, stumble, QUICK)
    knocking = Reaction(Knocked.name, "test.let_in", Heard, doorman.let_in, QUICK, prompt=True)
    noting = Reaction(Knocked.name, "test.note_knock", Heard, doorman.greet, QUICK)
    reactions: tuple[AnyReaction, ...] = (opening, greeting, stumbling, knocking, noting)
    tools = Tools(clock=SystemClock(), vault=Vault(SECRET))
    return Crew(database=database, tools=tools, reactions=reactions, jobs=jobs, pace=BRISK)


async def main(dsn: str, folder: Path, *, mended: bool, ticking: bool) -> None:
    logs.configure(level="INFO")
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    database = Database(dsn, name="portero-test-worker")
    jobs = (TICK,) if ticking else ()
    try:
        await shift.work(crew_of(database, folder, mended=mended, jobs=jobs), stop)
    finally:
        await database.close()


if __name__ == "__main__":
    asyncio.run(
        main(
            sys.argv[1],
            Path(sys.argv[2]),
            mended="mended" in sys.argv,
            ticking="ticking" in sys.argv,
        )
    )
