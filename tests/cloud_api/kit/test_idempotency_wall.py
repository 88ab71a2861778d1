"""Can every request that makes something be sent again without making it twice?"""

from typing import Any

from fastapi import FastAPI

# Everything else that is POSTed takes an Idempotency-Key.
_WITHOUT = {
    "/api/v1/sessions": "each login is a session of its own; nobody is known before it",
    "/api/v1/guest/sessions": "each sign-in is a session of its own; nobody is known before it",
    "/api/v1/me/password": "a password set twice is the same password",
    "/api/v1/members/codes": "each wish is a code of its own; nobody is known before it",
    "/api/v1/members/sessions": "a code works once",
    "/api/v1/members/sessions/password": "each sign-in is a session of its own",
    "/api/v1/members/registrations": "a code works once",
    "/api/v1/members/passwords": "a code works once",
    "/api/v1/members/me/contacts": "each wish is a code of its own",
    "/api/v1/members/me/contacts/proofs": "a code works once",
    "/api/v1/guest/waiting": "a question: it makes nothing",
    "/api/v1/holds/{code}/{action}": "moves the hold there is, as its state allows; makes nothing",
    "/api/v1/guest/players/{player_id}/transport": "music now or never; makes nothing",
    "/api/v1/guest/players/{player_id}/volume": "music now or never; makes nothing",
    "/api/v1/guest/players/{player_id}/media": "music now or never; makes nothing",
    "/api/v1/guest/things/{thing_id}": "set to what is said: twice is once; makes nothing",
    "/api/v1/houses/{house_id}/things/{thing_id}/use": "set to what is said: twice is once",
    "/api/v1/grants/{grant_id}/revocation": "revoked twice is revoked once",
    "/api/v1/grants/{grant_id}/emergency-code": "asked again, the same code is shown",
    "/api/v1/hooks/lock-vendor/{organisation_id}/{secret}": "a record told again is known",
    "/api/v1/webhooks/messages/{channel}/{account_token}": "news told again is known",
    "/api/v1/unsubscribe/{token}": "spared twice is spared once",
    "/api/v1/message-templates/preview": "a question: it makes nothing",
    "/api/v1/holds/{code}/payment-link": "asked again, the same address is told",
    "/api/v1/holds/{code}/hours/{which}": "an hour agreed twice is agreed once",
    "/api/v1/reservations/{reservation_id}/price-change": "a question: it makes nothing",
    "/api/v1/discounts/trial": "a question: it makes nothing",
    "/api/v1/claims": "the token works once; its device may ask again and is told the same",
    "/api/v1/certificates/renewals": "no account; the device's key is the proof",
    "/api/v1/houses/{house_id}/refuse-device": "refused twice is refused once",
    "/api/v1/admin/jobs/reservations/expire-holds": "the clock's work: what is done is done",
    "/api/v1/admin/jobs/reservations/complete-stays": "the clock's work: what is done is done",
    "/api/v1/reservations/{reservation_id}/papers/contract": "made again, the newest one counts",
    "/api/v1/guest/papers/contract/acceptance": "agreed twice is agreed once",
    "/api/v1/guest/id-documents": "a picture sent again is one more; three are the most",
    "/api/v1/admin/jobs/payments/reconcile": "the clock's work: what is done is done",
    "/api/v1/admin/jobs/crm/rank-referrals": "the clock's work: what is done is done",
    "/api/v1/payment-accounts/{account_id}/test": "a question to the provider; makes nothing",
    "/api/v1/value-cards/lookup": "a question; a code is not put into an address",
    "/api/v1/pay/{token}/return": "a payer's browser comes back; makes nothing",
    "/api/v1/webhooks/payments/{provider}/{account_token}": "a notice told again is the same row",
    "/api/v1/dead-letters/replay": "reactions are idempotent themselves",
    "/api/v1/dead-letters/{letter_id}/replay": "reactions are idempotent themselves",
}


def _posts(document: dict[str, Any]) -> dict[str, bool]:
    """Each path that is POSTed to: does it take the key?"""
    return {
        path: any(each["name"] == "Idempotency-Key" for each in operations["post"]["parameters"])
        if "parameters" in operations["post"]
        else False
        for path, operations in document["paths"].items()
        if "post" in operations
    }


def test_every_post_takes_a_key_or_says_why_not(cloud_app: FastAPI) -> None:
    posts = _posts(cloud_app.openapi())
    assert {path for path, keyed in posts.items() if not keyed} == _WITHOUT.keys()
