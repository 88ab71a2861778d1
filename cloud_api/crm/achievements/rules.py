"""Who qualifies for what, and which achievement is the highest? Values in, values out."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from cloud_api.crm.achievements.types import Achievement, Award, Needs, Reached


@dataclass(frozen=True, slots=True)
class Verdict:
    """What changes for one person. `granted` are new, `returned` are held again."""

    granted: frozenset[UUID]
    returned: frozenset[UUID]
    revoked: frozenset[UUID]


def qualifies(reached: Reached, needs: Needs) -> bool:
    """Whether all three are reached."""
    return (
        reached.stays >= needs.stays
        and reached.referrals >= needs.referrals
        and reached.referred_stays >= needs.referred_stays
    )


def judge(
    reached: Reached, achievements: Iterable[Achievement], awards: Iterable[Award]
) -> Verdict:
    """What is granted, held again, or taken back; inactive achievements are left as they are."""
    active = [each for each in achievements if each.active]
    due = {each.id for each in active if qualifies(reached, each.needs)}
    known = {each.achievement_id: each.held for each in awards}
    held = {name for name, yes in known.items() if yes}
    judged = {each.id for each in active}
    return Verdict(
        granted=frozenset(due - known.keys()),
        returned=frozenset(due & (known.keys() - held)),
        revoked=frozenset((held & judged) - due),
    )


def highest(achievements: Collection[Achievement]) -> Achievement | None:
    """The one that needs most: own stays first, then referrals, then stays of those referred."""
    return max(achievements, key=_height, default=None)


def _height(each: Achievement) -> tuple[int, int, int, str]:
    needs = each.needs
    return needs.stays, needs.referrals, needs.referred_stays, str(each.id)
