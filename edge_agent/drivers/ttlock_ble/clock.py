"""What time is it in the lock? Always house-local, as the vendor's app and gateway keep it.

The library's own default is UTC, which would shift every keypad window by the zone's offset.
"""

from datetime import datetime

from edge_agent.drivers.ttlock_ble.client import LockClient
from edge_agent.drivers.ttlock_ble.radio import Radio
from edge_agent.errors import PickAnother


class TTLockClock:
    """The LockClock port."""

    def __init__(self, radio: Radio) -> None:
        self._radio = radio

    async def read(self) -> datetime:
        """The lock's clock, naive."""
        return await self._radio.session(LockClient.get_lock_time)

    async def set(self, local: datetime) -> None:
        """Set it to a naive local time; an aware one is refused rather than guessed at."""
        if local.tzinfo is not None:
            raise PickAnother("clock_takes_naive_local_time")

        async def act(client: LockClient) -> None:
            await client.privileged(lambda: client.calibrate_time(local))

        await self._radio.session(act)
