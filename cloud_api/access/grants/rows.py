"""What is written down of a grant that is only being made?"""

from uuid import UUID

from cloud_api.access.grants.types import Makings
from cloud_api.access.models import GrantRow
from cloud_api.access.types import GrantState, Holder, StayWindow
from cloud_api.reservations.types import StayForAccess
from protocol.access import secret_hash


def new_guest(makings: Makings, stay: StayForAccess) -> GrantRow:
    """A booker's grant, its window and rights still to be told; not added yet."""
    row = GrantRow(
        id=makings.new_id(),
        organisation_id=stay.organisation_id,
        house_id=stay.house_id,
        reservation_id=stay.reservation_id,
        holder=Holder.GUEST,
        state=GrantState.ACTIVE,
        generation=1,
        checked_in=False,
        delegated=False,
    )
    hash_links(row, makings)
    return row


def new_child(
    makings: Makings, parent: GrantRow, *, name: str, rights: tuple[str, ...]
) -> GrantRow:
    """A companion's grant hanging on a booker's; not added yet."""
    row = GrantRow(
        id=makings.new_id(),
        organisation_id=parent.organisation_id,
        house_id=parent.house_id,
        reservation_id=parent.reservation_id,
        parent_id=parent.id,
        holder=Holder.COMPANION,
        state=GrantState.ACTIVE,
        generation=1,
        starts=parent.starts,
        ends=parent.ends,
        rights=list(rights),
        name=name,
        language=parent.language,
        checked_in=parent.checked_in,
        delegated=False,
        max_delegations=0,
    )
    hash_links(row, makings)
    return row


def new_staff(
    makings: Makings,
    organisation_id: UUID,
    *,
    house_id: UUID,
    staff_id: UUID,
    name: str,
    window: StayWindow,
    rights: tuple[str, ...],
) -> GrantRow:
    """A colleague's grant in one house; not added yet."""
    row = GrantRow(
        id=makings.new_id(),
        organisation_id=organisation_id,
        house_id=house_id,
        staff_id=staff_id,
        holder=Holder.STAFF,
        state=GrantState.ACTIVE,
        generation=1,
        starts=window.starts,
        ends=window.ends,
        rights=list(rights),
        name=name,
        language="en",
        checked_in=False,
        delegated=False,
        max_delegations=0,
    )
    hash_links(row, makings)
    return row


def hash_links(row: GrantRow, makings: Makings) -> None:
    """The links of the row's generation; only their hashes are kept."""
    pair = makings.links(row.id, row.generation, row.house_id)
    row.link_hash = secret_hash(pair.cloud_secret)
    row.lan_hash = secret_hash(pair.lan_secret)
    if row.holder == Holder.GUEST:
        row.join_hash = secret_hash(makings.join_code(row.id, row.generation))
