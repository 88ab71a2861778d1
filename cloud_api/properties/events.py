"""What happens to houses that others want to know?"""

from uuid import UUID

from cloud_api.kit.events import Event


class HouseChanged(Event):
    """A house, or what is fixed in it, is not as it was; ask `house_layout` how it is now."""

    name = "properties.house_changed"

    house_id: UUID
