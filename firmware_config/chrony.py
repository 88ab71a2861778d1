"""Which file makes chrony the Pi's time service?

chrony.conf(5). Sources that prove who they are (NTS) come first; without `nocerttimecheck` a Pi
that woke in 1970 could never check their certificates. A jump is allowed only in the first three
updates: later steps would look like an attack, and lockd's own clock would say so.
"""

from firmware_config.house import Clock, TimeServer

CONF = "chrony.conf"


def conf(clock: Clock) -> str:
    """The whole file, for /etc/chrony/."""
    lines = [
        "# Written by Portero; change its input, not this file.",
        *(_source(each) for each in clock.servers),
        "",
        "# The first answer after a boot may come before the date is known.",
        "nocerttimecheck 1",
        f"minsources {min(2, len(clock.servers))}",
        "makestep 1.0 3",
        "maxdistance 1.0",
        "driftfile /var/lib/chrony/drift",
        "ntsdumpdir /var/lib/chrony",
        "leapsectz right/UTC",
        "",
        "# The battery-backed clock, where there is one, is kept right for the next start.",
        "rtcsync",
        "",
        "# Nobody asks this Pi for the time, and nobody steers it over the network.",
        "port 0",
        "cmdport 0",
        "logdir /var/log/chrony",
        "logchange 0.5",
    ]
    return "\n".join(lines) + "\n"


def _source(server: TimeServer) -> str:
    if server.nts:
        return f"server {server.host} iburst nts"
    return f"pool {server.host} iburst maxsources 3"
