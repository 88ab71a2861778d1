"""Who tells what happens in town?"""

from typing import Final

from cloud_api.pricing.demand.ports import Teller
from cloud_api.pricing.demand.providers import ticketmaster

TELLER: Final[Teller] = ticketmaster.ask
