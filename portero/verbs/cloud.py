"""How does the cloud's HTTP API start?"""

import uvicorn

from cloud_api.app import create_app
from cloud_api.settings import CloudSettings
from portero.verbs import counts, read

SHUTDOWN_SECONDS = 5


def serve() -> None:
    """HTTP until a signal ends it."""
    settings = read.settings(CloudSettings)
    counts.show(settings)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        access_log=False,  # our own log has the route, never the query
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        log_level=settings.log_level.lower(),
    )
