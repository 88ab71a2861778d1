"""Where does a process of the cloud show what it counts?"""

from cloud_api.kit import metrics
from cloud_api.settings import CloudSettings


def show(settings: CloudSettings) -> None:
    """`/metrics` on its own address, if there is one. SystemExit when the port is taken."""
    if settings.metrics_port is None:
        return
    try:
        metrics.expose(settings.metrics_host, settings.metrics_port)
    except OSError as error:
        where = f"{settings.metrics_host}:{settings.metrics_port}"
        raise SystemExit(f"PORTERO_METRICS_PORT: cannot listen on {where}: {error}") from None
