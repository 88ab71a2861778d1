"""What are things called on the wire?

All ids are UUIDs made by whoever first needed them, so that a repeated message is recognised.
"""

from typing import Annotated, NewType
from uuid import UUID

from pydantic import StringConstraints

HouseId = NewType("HouseId", UUID)
LockId = NewType("LockId", UUID)
PlayerId = NewType("PlayerId", UUID)
ThingId = NewType("ThingId", UUID)
GrantId = NewType("GrantId", UUID)
StayId = NewType("StayId", UUID)
CredentialId = NewType("CredentialId", UUID)
CommandId = NewType("CommandId", UUID)
RequestId = NewType("RequestId", UUID)
AttemptId = NewType("AttemptId", UUID)

Kid = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
"""The name of a signing key; a house's own key is called `house-<first 12 of its id>`."""
