"""The lock vendor's cloud, made from its documents: forms in, errcodes out, a gateway, one lock.

As a process of its own: `python -m edge_agent.simulator.ttlock_cloud`.
"""

from edge_agent.simulator.ttlock_cloud.server import VendorServer
from edge_agent.simulator.ttlock_cloud.vendor import Vendor

__all__ = ["Vendor", "VendorServer"]
