"""What becomes of companions when their booker's grant changes?

A companion let in by the cloud asked for kinds of deeds, not for doors: whatever their booker may
now do of those kinds, they may. One let in by the house holds what was signed there, never more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cloud_api.access.grants import repository
from cloud_api.access.grants.rows import new_child
from cloud_api.access.grants.types import Makings
from cloud_api.access.models import GrantRow
from cloud_api.access.rules import companion_rights
from cloud_api.kit.db import Session


@dataclass(frozen=True, slots=True)
class Fitted:
    """`told`: the house must hear of these; `outside`: nothing is left to these."""

    told: tuple[GrantRow, ...]
    outside: tuple[GrantRow, ...]


async def fit(session: Session, parent: GrantRow) -> Fitted:
    """Give a booker's companions the window and rights they have by their booker's now.

    What was made in the house keeps its own signed window: the house narrows it by itself.
    """
    children = await repository.children(session, [parent.id])
    wishes = await repository.wishes(session, [child.id for child in children])
    told, outside = [], []
    for child in children:
        starts, ends = parent.starts, parent.ends
        if child.delegated:
            starts, ends = max(starts, child.starts), min(ends, child.ends)
        rights = _rights(child, parent, wishes.get(child.id))
        if starts >= ends or not rights:
            outside.append(child)
            continue
        child.starts, child.ends, child.rights = starts, ends, rights
        if not child.delegated:
            told.append(child)
    await session.flush()
    return Fitted(tuple(told), tuple(outside))


@dataclass(frozen=True, slots=True)
class Follower:
    """A companion whose booker moves to another house."""

    grant: GrantRow
    wants: tuple[str, ...]


async def followers(session: Session, parent: GrantRow) -> tuple[Follower, ...]:
    """Who goes along to another house: whom the cloud let in. A house's word holds in it alone."""
    children = await repository.children(session, [parent.id])
    wishes = await repository.wishes(session, [child.id for child in children])
    return tuple(
        Follower(child, wishes[child.id])
        for child in children
        if not child.delegated and child.id in wishes
    )


async def follow(
    session: Session, makings: Makings, gone: Sequence[Follower], parent: GrantRow
) -> tuple[GrantRow, ...]:
    """Their new grants in the house their booker has moved to; each asks by its old secret."""
    made = []
    for each in gone:
        rights = companion_rights(parent.rights, each.wants)
        if not rights:
            continue
        child = new_child(makings, parent, name=each.grant.name, rights=rights)
        session.add(child)
        await session.flush()
        await repository.answer_with(session, each.grant.id, child)
        made.append(child)
    return tuple(made)


def _rights(child: GrantRow, parent: GrantRow, wants: tuple[str, ...] | None) -> list[str]:
    if child.delegated or wants is None:
        return [right for right in child.rights if right in parent.rights]
    return list(companion_rights(parent.rights, wants))
