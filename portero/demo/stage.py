"""How does `portero demo` raise the curtain, keep it up, and bring it down leaving nothing?"""

import asyncio
import signal
from pathlib import Path

from cloud_api.kit.clock import SystemClock
from portero.demo import house, story, till
from portero.demo.client import caller
from portero.demo.ground import OWNER_EMAIL, Ground, environment, prepare
from portero.demo.processes import Troupe
from portero.demo.seed import log_in, seed
from portero.demo.story import Stage
from portero.demo.voice import StoryError, Voice
from portero.demo.waiting import until_answers

WATCH_SECONDS = 1.0


async def run(*, folder: Path, story_only: bool, fresh: bool) -> int:
    """Start everything; tell the story and end, or stay until a signal. Answers the exit code."""
    voice = Voice()
    voice.title("Portero on this machine")
    stop = _signals()
    clock = SystemClock()
    began = clock.monotonic()
    voice.whisper("database, broker, keys")
    try:
        ground = await asyncio.to_thread(prepare, folder, fresh=fresh, now=clock.utc_now())
    except OSError as error:
        voice.say(f"the demo stops here: {error}; another one may just be starting or ending")
        return 1
    troupe = Troupe(ground.folder / "logs", environment(ground))
    try:
        for note in ground.ports.moved:
            voice.say(note)
        stage = await _raise(ground, troupe, voice)
        voice.whisper(f"everything is up after {clock.monotonic() - began:.1f} s")
        return await _play(stage, stop, story_only=story_only)
    except StoryError as error:
        voice.say(f"the demo stops here: {error}")
        _show_dead(troupe, voice)
        return 1
    finally:
        await asyncio.to_thread(troupe.end_all)
        await asyncio.to_thread(ground.close)
        voice.whisper("ended; nothing is left running")


async def _play(stage: Stage, stop: asyncio.Event, *, story_only: bool) -> int:
    await story.tell(stage)
    if story_only:
        return 1 if stage.voice.failed else 0
    await story.leave_key(stage)
    await story.leave_bill(stage)
    _links(stage)
    return await _watch(stage, stop)


async def _raise(ground: Ground, troupe: Troupe, voice: Voice) -> Stage:
    till.start_payer(ground, troupe)
    for name in ("cloud", "worker", "courier"):
        troupe.start(name, name)
    host = caller(ground.cloud_url)
    voice.whisper("cloud, worker, courier, a played Mercado Pago")
    await until_answers(f"{ground.cloud_url}/healthz", troupe)
    await log_in(host, ground.secrets.owner_password)
    place = await seed(host, ground.folder)
    await till.open_till(ground, troupe, host, place)
    voice.whisper("one simulated house: three locks on a simulated air, a music server")
    await house.start(ground, troupe, host, place)
    await until_answers(f"{ground.lan_url}/healthz", troupe)
    return Stage(ground, troupe, host, place, voice)


async def _watch(stage: Stage, stop: asyncio.Event) -> int:
    while not stop.is_set():
        try:
            async with asyncio.timeout(WATCH_SECONDS):
                await stop.wait()
        except TimeoutError:
            if stage.troupe.dead():
                _show_dead(stage.troupe, stage.voice)
                return 1
    return 0


def _signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    return stop


def _links(stage: Stage) -> None:
    voice, ground = stage.voice, stage.ground
    voice.title("What is here now (Ctrl-C ends it)")
    voice.say(f"API        {ground.cloud_url}/openapi.json   health {ground.cloud_url}/healthz")
    voice.say(
        f"the house  {ground.lan_url}/   the page in its Wi-Fi; Diego's link opens it signed in"
    )
    for name, link in stage.links.items():
        voice.say(f"{name:<10} {link}")
    voice.say(f"owner      {OWNER_EMAIL}   password in {ground.folder / 'secrets.json'}")
    voice.say(f"logs       {ground.folder / 'logs'}")
    voice.say(f"payer      {ground.payer_url}   a played Mercado Pago; no money moves there")
    voice.whisper("Elena's page: press Pay, then look again at what she sees: paid and confirmed")
    voice.whisper("not yet: the host's pages, messages, calendars")


def _show_dead(troupe: Troupe, voice: Voice) -> None:
    for child in troupe.dead():
        voice.say(f"{child.name} ended by itself; the last it said:")
        voice.say(child.last_lines())
