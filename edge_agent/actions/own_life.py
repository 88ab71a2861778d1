"""Is this the house's own device, by the cloud's word, or a copy of it?

Remembered over restarts: who lost stays silent until the cloud says otherwise.
"""

from typing import Final

from edge_agent.actions.keeping import Marks
from edge_agent.actions.means import Means
from protocol.facts import Alarmed
from protocol.life import Life

DISPUTED: Final = "another_device_is_this_house"
"""Why nothing is done for the cloud here."""

_RIVAL = "rival_life"


class OwnLife:
    """This start of this device. `rival`: the life that is the house's device, if it is not ours.

    `proof`: what shows the cloud that this life is alive, while it asks for that.
    """

    def __init__(self, means: Means, life: Life, marks: Marks) -> None:
        self._means = means
        self._marks = marks
        self.life = life
        self.rival: str | None = marks.get(_RIVAL) or None
        self.proof: str | None = None

    def heard(self, *, prove: str | None, rival: str | None) -> bool:
        """What the cloud's signed answer says; True when it wants to be asked again at once."""
        is_new = prove is not None and prove != self.proof
        self.proof = prove
        if prove is None and rival != self.rival:
            self._take(rival)
        return is_new

    def _take(self, rival: str | None) -> None:
        self.rival = rival
        self._marks.set(_RIVAL, rival or "")
        ours = f"life {self.life.number}, {self.life.id}"
        if rival is None:
            self._means.record(Alarmed(name="own_device_again", detail=ours))
        else:
            told = f"{ours}, is not this house's device: {rival} is"
            self._means.record(Alarmed(name=DISPUTED, detail=told))
