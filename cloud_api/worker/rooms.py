"""Which rooms react, and which have work for the clock?"""

from cloud_api.access.jobs import JOBS as ACCESS_JOBS
from cloud_api.access.reactions import REACTIONS as ACCESS_REACTIONS
from cloud_api.accounts.jobs import JOBS as ACCOUNTS_JOBS
from cloud_api.clients.jobs import JOBS as CLIENTS_JOBS
from cloud_api.crm.achievements.reactions import REACTIONS as ACHIEVEMENTS_REACTIONS
from cloud_api.crm.contests.jobs import JOBS as CONTESTS_JOBS
from cloud_api.crm.loyalty.jobs import JOBS as LOYALTY_JOBS
from cloud_api.crm.loyalty.reactions import REACTIONS as LOYALTY_REACTIONS
from cloud_api.crm.members.reactions import REACTIONS as MEMBERS_REACTIONS
from cloud_api.crm.referrals.jobs import JOBS as REFERRALS_JOBS
from cloud_api.files.errands import errands_of as files_errands
from cloud_api.files.jobs import JOBS as FILES_JOBS
from cloud_api.files.registry import store_of
from cloud_api.files.service import Cabinet
from cloud_api.fleet.jobs import JOBS as FLEET_JOBS
from cloud_api.fleet.reactions import REACTIONS as FLEET_REACTIONS
from cloud_api.jobs.jobs import JOBS as JOBS_JOBS
from cloud_api.kit.clock import Clock, SystemClock
from cloud_api.kit.db import Database
from cloud_api.kit.errands import AnyErrand
from cloud_api.kit.jobs import AnyJob, AnyReaction, Tools
from cloud_api.kit.outgoing import Outgoing
from cloud_api.kit.vault import Vault
from cloud_api.messaging.jobs import JOBS as MESSAGING_JOBS
from cloud_api.messaging.jobs import errands as messaging_errands
from cloud_api.messaging.outbox.enclosing import KeptFiles
from cloud_api.messaging.reactions import REACTIONS as MESSAGING_REACTIONS
from cloud_api.papers.alerts.reactions import REACTIONS as ALERTS_REACTIONS
from cloud_api.papers.letters.jobs import JOBS as LETTERS_JOBS
from cloud_api.papers.letters.reactions import reactions_of as letters_reactions
from cloud_api.payments.errands import errands_of as payments_errands
from cloud_api.payments.jobs import JOBS as PAYMENTS_JOBS
from cloud_api.pricing.demand.errands import errands_of as demand_errands
from cloud_api.pricing.jobs import JOBS as PRICING_JOBS
from cloud_api.privacy.jobs import JOBS as PRIVACY_JOBS
from cloud_api.reservations.jobs import JOBS as RESERVATIONS_JOBS
from cloud_api.reservations.reactions import REACTIONS as RESERVATIONS_REACTIONS
from cloud_api.settings import CloudSettings
from cloud_api.worker.types import Crew, Pace

# One line a room. A room that needs more than `Tools` is asked with what it needs, in `crew`.
REACTIONS: tuple[AnyReaction, ...] = (
    *FLEET_REACTIONS,
    *ACCESS_REACTIONS,
    *RESERVATIONS_REACTIONS,
    *LOYALTY_REACTIONS,
    *ACHIEVEMENTS_REACTIONS,
    *MESSAGING_REACTIONS,
    *ALERTS_REACTIONS,
    *MEMBERS_REACTIONS,
)
JOBS: tuple[AnyJob, ...] = (
    *RESERVATIONS_JOBS,
    *FLEET_JOBS,
    *ACCESS_JOBS,
    *ACCOUNTS_JOBS,
    *CLIENTS_JOBS,
    *FILES_JOBS,
    *PAYMENTS_JOBS,
    *JOBS_JOBS,
    *PRICING_JOBS,
    *PRIVACY_JOBS,
    *LOYALTY_JOBS,
    *REFERRALS_JOBS,
    *CONTESTS_JOBS,
    *MESSAGING_JOBS,
    *LETTERS_JOBS,
)

_SPARE_CONNECTIONS = 2 + Pace().hands  # the heartbeat's, the clock's and those of the hands


def reactions(public_url: str) -> tuple[AnyReaction, ...]:
    """All that rooms do when something has happened."""
    return (*REACTIONS, *letters_reactions(public_url))


def errands(
    settings: CloudSettings, outgoing: Outgoing, clock: Clock, vault: Vault, database: Database
) -> tuple[AnyErrand, ...]:
    """What the rooms have to tell the outside; one line a room."""
    store = store_of(settings, outgoing, clock)
    kept = KeptFiles(Cabinet(vault, store), database)
    return (
        *files_errands(store),
        *payments_errands(outgoing, clock, public_url=settings.public_url),
        *messaging_errands(outgoing, public_url=settings.public_url, files=kept),
        *demand_errands(outgoing),
    )


def crew(
    settings: CloudSettings,
    database: Database,
    outgoing: Outgoing | None = None,
    *,
    clock: Clock | None = None,
) -> Crew:
    """All the worker of this release does; who has no way out of its own gets one."""
    vault = Vault(settings.secret_key.get_secret_value())
    time = clock or SystemClock()
    return Crew(
        database=database,
        tools=Tools(clock=time, vault=vault),
        reactions=reactions(settings.public_url),
        jobs=JOBS,
        errands=errands(
            settings, outgoing or Outgoing(settings.vendor_urls), time, vault, database
        ),
        pace=Pace(at_once=max(2, settings.database_pool_size - _SPARE_CONNECTIONS)),
    )
