"""How is lockd? Numbers for health and pages: the StateGate, served."""

from typing import Literal

from edge_agent.actions.cloud_desk import CloudDesk
from edge_agent.actions.means import Means
from edge_agent.doorkeeper import HouseState
from edge_agent.policy.music_rules import ceiling
from protocol.house import ClockState
from protocol.music import MusicRules


class StateDesk:
    """See StateGate."""

    def __init__(self, means: Means, cloud: CloudDesk, lock_servers: tuple[str, ...] = ()) -> None:
        self._means = means
        self._lock_servers = lock_servers
        self._cloud = cloud

    async def state(self) -> HouseState:
        """See StateGate."""
        means = self._means
        snapshot, position = means.ledger.book.snapshot, means.ledger.position
        now = means.time.now()
        rules = MusicRules() if snapshot is None else snapshot.music_rules
        proven = means.time.proven()
        trusted = now.state is ClockState.TRUSTED
        clock: Literal["trusted", "time_unknown"] = "trusted" if trusted else "time_unknown"
        return HouseState(
            house=means.house,
            clock=clock,
            earliest=proven.earliest,
            latest=proven.latest,
            epoch=None if position is None else position.epoch,
            version=None if position is None else position.version,
            facts_through=means.audit.head().sequence,
            facts_acknowledged=means.audit.acknowledged(),
            flaws=dict(self._cloud.flaws),
            disputed=self._cloud.is_disputed or self._cloud.rival is not None,
            rival=self._cloud.rival,
            recording=means.audit.room().is_left,
            rules=rules,
            ceiling=100 if snapshot is None else ceiling(rules, now, snapshot.zone),
            speakers=() if snapshot is None else tuple(each.speaker for each in snapshot.players),
            lock_servers=self._lock_servers,
        )
