"""How does a courier start?"""

import uvloop

from cloud_api import courier
from cloud_api.settings import CloudSettings
from portero.verbs import counts, read


def carry() -> None:
    """MQTT until a signal ends it."""
    settings = read.settings(CloudSettings)
    counts.show(settings)
    uvloop.run(courier.run(settings))
