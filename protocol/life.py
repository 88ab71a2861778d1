"""Which run of which device of a house speaks? So that two devices with one key can be told apart.

A device's key lies on its card, and a card can be copied. Each start therefore begins a new life:
a fresh random id, written before anything is said, beside the ids of the lives before it. A copy
shares the past of its original and nothing after, so the two differ from their next start on.
"""

from typing import Annotated

from pydantic import Field, PositiveInt, StringConstraints

from protocol.base import Wire

LIVES_KEPT = 32
"""How many former lives are named."""

LifeId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
"""8 random bytes as hex."""


class Life(Wire):
    """One start of a house's device. `former`: the lives before it, newest last."""

    number: PositiveInt
    id: LifeId
    former: tuple[LifeId, ...] = Field(default=(), max_length=LIVES_KEPT)

    def next(self, fresh: str) -> "Life":
        """The life that begins with the next start, under a fresh id."""
        former = (*self.former, self.id)[-LIVES_KEPT:]
        return Life(number=self.number + 1, id=fresh, former=former)
