"""Who of the staff did what, to what, and how was it before?"""

import json
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import text
from structlog.contextvars import get_contextvars

from cloud_api.kit.db import Session
from cloud_api.kit.logs import redact
from cloud_api.kit.tenancy import Scope


class Deed(StrEnum):
    """Everything that is ever written down, as `room.what_was_done`."""

    LOGGED_IN = "accounts.logged_in"
    LOGGED_OUT = "accounts.logged_out"
    PASSWORD_CHANGED = "accounts.password_changed"  # noqa: S105 - a deed, not a password
    STAFF_CREATED = "accounts.staff_created"
    STAFF_CHANGED = "accounts.staff_changed"
    API_KEY_CREATED = "accounts.api_key_created"
    API_KEY_REVOKED = "accounts.api_key_revoked"
    ORGANISATION_RENAMED = "accounts.organisation_renamed"

    PROPERTY_CREATED = "properties.property_created"
    PROPERTY_CHANGED = "properties.property_changed"
    HOUSE_CREATED = "properties.house_created"
    HOUSE_CHANGED = "properties.house_changed"
    SPACE_CREATED = "properties.space_created"
    SPACE_CHANGED = "properties.space_changed"
    UNIT_CREATED = "properties.unit_created"
    UNIT_CHANGED = "properties.unit_changed"
    LOCK_CREATED = "properties.lock_created"
    LOCK_CHANGED = "properties.lock_changed"
    PLAYER_CREATED = "properties.player_created"
    PLAYER_CHANGED = "properties.player_changed"
    THING_CREATED = "properties.thing_created"
    THING_CHANGED = "properties.thing_changed"

    PRICING_CONFIGURED = "pricing.configured"
    UNIT_PRICED = "pricing.unit_priced"
    UNIT_PRICE_REMOVED = "pricing.unit_price_removed"
    SEASON_CREATED = "pricing.season_created"
    SEASON_CHANGED = "pricing.season_changed"
    SPECIAL_DATE_CREATED = "pricing.special_date_created"
    SPECIAL_DATE_CHANGED = "pricing.special_date_changed"
    SERVICE_CREATED = "pricing.service_created"
    SERVICE_CHANGED = "pricing.service_changed"
    POLICY_CREATED = "pricing.cancellation_policy_created"
    POLICY_CHANGED = "pricing.cancellation_policy_changed"
    RATE_ADDED = "pricing.exchange_rate_added"

    CLIENT_CREATED = "clients.client_created"
    CLIENT_CHANGED = "clients.client_changed"
    DOCUMENT_SHOWN = "clients.document_shown"
    TIERS_CHANGED = "clients.tiers_changed"
    CONTACT_ADDED = "clients.contact_added"
    CONTACT_REMOVED = "clients.contact_removed"

    RESERVATION_HELD = "reservations.held"
    RESERVATION_SUBMITTED = "reservations.submitted"
    RESERVATION_UNDER_REVIEW = "reservations.sent_for_review"
    RESERVATION_CONFIRMED = "reservations.confirmed"
    RESERVATION_REJECTED = "reservations.rejected"
    RESERVATION_CANCELLED = "reservations.cancelled"
    RESERVATION_MOVED = "reservations.moved"
    HOLD_EXTENDED = "reservations.hold_extended"
    CHECKED_IN = "reservations.checked_in"
    CHECKED_OUT = "reservations.checked_out"
    NO_SHOW_MARKED = "reservations.no_show_marked"
    NIGHTS_BLOCKED = "reservations.nights_blocked"
    HOLDS_EXPIRED = "reservations.holds_expired"
    STAYS_COMPLETED = "reservations.stays_completed"
    HOURS_AGREED = "reservations.hours_agreed"
    GROUP_MADE = "reservations.interchangeable_group_made"
    GROUP_CHANGED = "reservations.interchangeable_group_changed"
    GROUP_REMOVED = "reservations.interchangeable_group_removed"
    REARRANGED = "reservations.rearranged"
    REARRANGEMENT_UNDONE = "reservations.rearrangement_undone"

    GRANT_MADE = "access.grant_made"
    GRANT_REVOKED = "access.grant_revoked"
    GRANT_FOUND_REVOKED = "access.grant_found_revoked"
    LINKS_SHOWN = "access.links_shown"
    LINKS_RENEWED = "access.links_renewed"
    DOOR_MOVED = "access.door_moved"
    REQUEST_ANSWERED = "access.request_answered"
    VENDOR_ACCOUNT_KEPT = "access.vendor_account_kept"
    VENDOR_LOCK_NAMED = "access.vendor_lock_named"
    EMERGENCY_CODE_MADE = "access.emergency_code_made"
    EMERGENCY_CODE_SHOWN = "access.emergency_code_shown"

    CLAIM_TOKEN_MADE = "fleet.claim_token_made"  # noqa: S105 - a deed, not a token
    EPOCH_BEGUN = "fleet.epoch_begun"
    DEVICE_REFUSED = "fleet.device_refused"
    HOUSE_CONFIGURED = "fleet.house_configured"

    PAYMENT_ACCOUNT_CREATED = "payments.account_created"
    PAYMENT_ACCOUNT_CHANGED = "payments.account_changed"
    PAYMENT_ACCOUNT_TESTED = "payments.account_tested"
    PAYMENTS_RECONCILED = "payments.reconciled"
    PAYMENT_SETTINGS_CHANGED = "payments.settings_changed"
    PAYMENT_LINK_SHOWN = "payments.link_shown"
    PAYMENT_BEGUN = "payments.payment_begun"
    PAYMENT_REFUND_WANTED = "payments.refund_wanted"
    TRANSFER_APPROVED = "payments.transfer_approved"
    TRANSFER_REJECTED = "payments.transfer_rejected"
    MONEY_ATTACHED = "payments.money_attached"
    MONEY_REFUNDED = "payments.money_refunded"
    MONEY_SETTLED = "payments.money_settled"
    VALUE_CARD_ISSUED = "payments.value_card_issued"
    VALUE_CARD_CHANGED = "payments.value_card_changed"

    FILE_KEPT = "files.kept"
    FILE_SHOWN = "files.shown"
    FILE_FORGOTTEN = "files.forgotten"
    DISCOUNT_CODE_CREATED = "pricing.discount_code_created"
    DISCOUNT_CODE_CHANGED = "pricing.discount_code_changed"
    AUTOMATIC_DISCOUNT_CREATED = "pricing.automatic_discount_created"
    AUTOMATIC_DISCOUNT_CHANGED = "pricing.automatic_discount_changed"
    DYNAMIC_CODES_CREATED = "pricing.dynamic_codes_created"
    DYNAMIC_CODES_CHANGED = "pricing.dynamic_codes_changed"
    REFERRAL_DISCOUNT_SET = "pricing.referral_discount_set"
    DEMAND_CONFIGURED = "pricing.demand_configured"
    DEMAND_ACCOUNT_KEPT = "pricing.demand_account_kept"
    DEMAND_PLACE_KEPT = "pricing.demand_place_kept"
    DEMAND_VENUE_KEPT = "pricing.demand_venue_kept"
    SUGGESTION_ACCEPTED = "pricing.suggestion_accepted"
    SUGGESTION_DISMISSED = "pricing.suggestion_dismissed"
    SUGGESTION_UNDONE = "pricing.suggestion_undone"

    LOYALTY_CONFIGURED = "crm.loyalty_configured"
    POINTS_REDEEMED = "crm.points_redeemed"
    POINTS_ADJUSTED = "crm.points_adjusted"
    REFERRAL_CODE_MADE = "crm.referral_code_made"
    REFERRER_SET = "crm.referrer_set"
    RANKING_MADE = "crm.ranking_made"
    ACHIEVEMENT_CREATED = "crm.achievement_created"
    ACHIEVEMENT_CHANGED = "crm.achievement_changed"
    CONTEST_CATEGORY_CREATED = "crm.contest_category_created"
    CONTEST_CATEGORY_CHANGED = "crm.contest_category_changed"
    CONTEST_CREATED = "crm.contest_created"
    CONTEST_CHANGED = "crm.contest_changed"
    CONTEST_ENTERED = "crm.contest_entered"
    CONTEST_EVIDENCE_KEPT = "crm.contest_evidence_kept"
    CONTEST_ENTRY_DECIDED = "crm.contest_entry_decided"
    CONTEST_WINNERS_CHOSEN = "crm.contest_winners_chosen"

    CONTRACT_TEMPLATE_WRITTEN = "papers.contract_template_written"
    CONTRACT_MADE = "papers.contract_made"
    LETTER_SENT = "papers.letter_sent"
    LETTER_SETTINGS_CHANGED = "papers.letter_settings_changed"
    ALERT_SETTINGS_CHANGED = "papers.alert_settings_changed"

    PERSON_EXPORTED = "privacy.person_exported"
    PERSON_ERASED = "privacy.person_erased"
    RETENTION_CHANGED = "privacy.retention_changed"
    MESSAGE_RESENT = "messaging.message_resent"
    CHANNEL_ACCOUNT_KEPT = "messaging.channel_account_kept"
    CHANNEL_ACCOUNT_REMOVED = "messaging.channel_account_removed"
    MESSAGING_CONFIGURED = "messaging.configured"
    EVENT_ROUTED = "messaging.event_routed"
    CHANNEL_TRIED = "messaging.channel_tried"
    TEMPLATE_CHANGED = "messaging.template_changed"
    TEMPLATE_RESTORED = "messaging.template_restored"
    PREFERENCES_CHANGED = "messaging.preferences_changed"
    OPTED_OUT = "messaging.opted_out"

    FACEBOOK_APP_KEPT = "crm.facebook_app_kept"
    FACEBOOK_APP_REMOVED = "crm.facebook_app_removed"

    DEAD_LETTER_REPLAYED = "jobs.dead_letter_replayed"
    DEAD_LETTER_DISCARDED = "jobs.dead_letter_discarded"


_INSERT = text(
    "INSERT INTO audit_log (organisation_id, actor_kind, actor_id, action, object_type, object_id,"
    " before, after, request_id) VALUES (:organisation_id, :actor_kind, :actor_id, :action,"
    " :object_type, :object_id, CAST(:before AS jsonb), CAST(:after AS jsonb), :request_id)"
)


async def record(
    session: Session,
    scope: Scope,
    *,
    action: Deed,
    object_type: str,
    object_id: UUID | str,
    before: BaseModel | None = None,
    after: BaseModel | None = None,
) -> None:
    """Write one line in the caller's transaction. Fields with secret names are masked."""
    request_id = get_contextvars().get("request_id")
    await session.execute(
        _INSERT,
        {
            "organisation_id": scope.organisation_id,
            "actor_kind": scope.kind,
            "actor_id": scope.principal_id,
            "action": action,
            "object_type": object_type,
            "object_id": str(object_id),
            "before": _json(before),
            "after": _json(after),
            "request_id": request_id,
        },
    )


def _json(snapshot: BaseModel | None) -> str | None:
    return None if snapshot is None else json.dumps(redact(snapshot.model_dump(mode="json")))
