"""A TTLock lock made from the protocol alone, with a memory and a record of its own.

`SimulatedLock` is served by `edge_agent.simulator.gatt_server.serve_gatt`; as a process of its own
it is `python -m edge_agent.simulator.ttlock`, steered through `control.Door`.
"""

from edge_agent.simulator.ttlock.lock import SimulatedLock

__all__ = ["SimulatedLock"]
