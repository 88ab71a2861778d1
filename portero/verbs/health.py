"""Does a process of the house still do its work? For a container's health check, or a person."""

import asyncio
import http.client
import json

from edge_agent.doorkeeper import HouseState
from edge_agent.errors import EdgeError
from edge_agent.lock_socket.client import LockdClient
from edge_agent.settings import AgentSettings, LockdSettings
from portero.verbs import read

_SECONDS = 5.0


def lockd() -> tuple[bool, str]:
    """Well when it answers in time and can record what it would do; and one line about it."""
    state = asyncio.run(lockd_state(read.settings(LockdSettings)))
    if state is None:
        return False, "lockd does not answer"
    told = f"lockd: clock {state.clock}, book {state.epoch}.{state.version}"
    if not state.recording:
        return False, f"{told}, no room on record"
    if state.rival is not None:
        return False, (
            f"{told}, another device is this house by the cloud's word (life {state.rival}):"
            " no command is obeyed here; guests in the house are let in as without a cloud"
        )
    if state.disputed:
        return False, f"{told}, another device writes in this house's name"
    return True, told


def agent() -> tuple[bool, str]:
    """Well when it answers in time; what it says of lockd, the line and the music is only told."""
    report = agent_report(read.settings(AgentSettings))
    return report is not None, f"agent: {report.get('status')}" if report else "no answer"


async def lockd_state(settings: LockdSettings) -> HouseState | None:
    """What lockd says of itself; None when it does not answer within five seconds."""
    try:
        async with asyncio.timeout(_SECONDS), LockdClient(settings.socket) as client:
            return await client.state()
    except (EdgeError, TimeoutError):
        return None


def agent_report(settings: AgentSettings) -> dict[str, object] | None:
    """What the agent says of the house; None when it does not answer within five seconds."""
    line = http.client.HTTPConnection("127.0.0.1", settings.lan_port, timeout=_SECONDS)
    try:
        line.request("GET", "/healthz")
        report: object = json.loads(line.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        line.close()
    return report if isinstance(report, dict) else None
