"""Which providers are there, and how well do they answer?"""

from collections.abc import Callable, Mapping

from sqlalchemy import text

from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Database
from cloud_api.kit.health import Check, Finding, Health
from cloud_api.kit.outgoing import Outgoing
from cloud_api.payments.ports import Provider
from cloud_api.payments.providers import flow, mercadopago, openpay, stripe
from cloud_api.payments.types import ProviderName

# One line a provider.
FACTORIES: Mapping[ProviderName, Callable[[Outgoing, Clock], Provider]] = {
    ProviderName.MERCADO_PAGO: mercadopago.MercadoPago,
    ProviderName.OPENPAY: lambda outgoing, _clock: openpay.OpenPay(outgoing),
    ProviderName.FLOW: flow.Flow,
    ProviderName.STRIPE: stripe.Stripe,
}
CREDENTIALS: Mapping[ProviderName, Mapping[str, str]] = {
    ProviderName.MERCADO_PAGO: mercadopago.CREDENTIALS,
    ProviderName.OPENPAY: openpay.CREDENTIALS,
    ProviderName.FLOW: flow.CREDENTIALS,
    ProviderName.STRIPE: stripe.CREDENTIALS,
}

_ACCOUNTS = text("""
SELECT provider, count(*) AS accounts,
    count(*) FILTER (WHERE last_failure_at > coalesce(last_success_at, '-infinity')) AS failing,
    max(last_success_at) AS last_success_at, max(last_failure_at) AS last_failure_at
FROM payment_accounts WHERE archived_at IS NULL GROUP BY provider ORDER BY provider
""")
_WAITING = text("""
SELECT count(*) FILTER (WHERE created_at < clock_timestamp() - interval '1 day')
FROM payment_matters WHERE state = 'open'
""")


def providers(outgoing: Outgoing, clock: Clock) -> dict[ProviderName, Provider]:
    """Every provider, on this way out."""
    return {name: make(outgoing, clock) for name, make in FACTORIES.items()}


async def _ask(database: Database) -> Finding:
    async with database.transaction() as session:
        rows = (await session.execute(_ACCOUNTS)).all()
        waiting = await session.scalar(_WAITING)
    said = [
        f"{row.provider}: {row.accounts - row.failing} of {row.accounts} answer"
        f" (last success {_when(row.last_success_at)}, last failure {_when(row.last_failure_at)})"
        for row in rows
    ]
    if waiting:
        said.append(f"{waiting} to be resolved for more than a day")
    poor = waiting or any(row.failing for row in rows)
    health = Health.DEGRADED if poor else Health.HEALTHY
    return Finding(health, "; ".join(said) or "no account")


def _when(moment: object) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%dT%H:%MZ}"


HEALTH_CHECKS = (Check("payments", _ask),)
