"""What do accounts at providers look like from outside?"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from cloud_api.kit.text import Line, Paragraph
from cloud_api.payments.models import AccountRow, PaymentSettingsRow
from cloud_api.payments.types import LateMoney, ProviderName

type _Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
type _Secrets = Annotated[dict[_Name, SecretStr], Field(max_length=20)]
_MOST_SECRET = 4096


def _outside(name: ProviderName) -> ProviderName:
    if name in {ProviderName.MANUAL, ProviderName.STORED_VALUE}:
        raise ValueError("nobody outside is asked for this one")
    return name


class CredentialsIn(BaseModel):
    """All the provider needs, each time; never shown again."""

    model_config = ConfigDict(extra="forbid")

    values: _Secrets = Field(alias="credentials")

    @property
    def credentials(self) -> dict[str, str]:
        """In clear, for the vault alone."""
        return {name: each.get_secret_value()[:_MOST_SECRET] for name, each in self.values.items()}


class AccountIn(CredentialsIn):
    """An organisation's account at a provider."""

    provider: Annotated[ProviderName, AfterValidator(_outside)]
    label: Line


class AccountOut(BaseModel):
    """An account; its credentials are masked. `webhook_path` is to be told to the provider."""

    id: UUID
    provider: ProviderName
    label: str
    credentials: dict[str, str]
    webhook_path: str
    verification_code: str | None
    last_success_at: datetime | None
    last_failure_at: datetime | None
    last_failure: str
    forged_notices: int
    created_at: datetime

    @classmethod
    def of(
        cls, row: AccountRow, *, masked: dict[str, str], path: str, verification: str | None
    ) -> "AccountOut":
        """What is seen of it."""
        return cls(
            id=row.id,
            provider=row.provider,
            label=row.label,
            credentials=masked,
            webhook_path=path,
            verification_code=verification,
            last_success_at=row.last_success_at,
            last_failure_at=row.last_failure_at,
            last_failure=row.last_failure,
            forged_notices=row.forged,
            created_at=row.created_at,
        )


class OfferIn(BaseModel):
    """One way to pay; with an account where somebody outside is asked."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    provider: ProviderName
    account_id: UUID | None = None


class SettingsIn(BaseModel):
    """How a property takes money; `offers` is all that guests may choose from.

    How long a transfer is waited for is the property's own `voucher_minutes`.
    """

    model_config = ConfigDict(extra="forbid")

    bank_details: Paragraph = ""
    late_money: LateMoney = LateMoney.ASK
    late_hours: Annotated[int, Field(strict=True, ge=0, le=720)] = 24
    offers: Annotated[list[OfferIn], Field(max_length=10)] = []


class SettingsOut(SettingsIn):
    """How a property takes money."""

    property_id: UUID

    @classmethod
    def of(cls, row: PaymentSettingsRow, offers: list[OfferIn]) -> "SettingsOut":
        """What is seen of it."""
        return cls(
            property_id=row.property_id,
            bank_details=row.bank_details,
            late_money=row.late_money,
            late_hours=row.late_hours,
            offers=offers,
        )
