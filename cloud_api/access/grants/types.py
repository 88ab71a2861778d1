"""What does a grant's making need from outside?"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

from cloud_api.access.rules import ChooseDigit, join_place, link_place, links
from cloud_api.access.types import LinkPair
from cloud_api.kit.clock import Clock
from cloud_api.kit.vault import Vault


@dataclass(frozen=True, slots=True)
class Makings:
    """The clock, secrets' keeper and sources of chance, handed in by the composition root."""

    vault: Vault
    clock: Clock
    choose: ChooseDigit = secrets.choice
    new_id: Callable[[], UUID] = uuid4

    def links(self, grant_id: UUID, generation: int, house_id: UUID) -> LinkPair:
        """Both secrets of this grant's generation, derived anew each time."""
        return links(self.vault.link_secret(link_place(grant_id, generation)), house_id)

    def join_code(self, grant_id: UUID, generation: int) -> str:
        """The secret in the invitation that a booker shows to companions."""
        return self.vault.link_secret(join_place(grant_id, generation)).hex()
