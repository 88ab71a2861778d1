"""How does Stripe take money? On its own page: a Checkout Session for each payment.

Source: https://docs.stripe.com/api and https://docs.stripe.com/webhooks/signature.

Every POST carries an Idempotency-Key, which Stripe remembers for a day at least, with the answer it
gave, a 500 too. Our reference is the session's `client_reference_id`, and metadata of it, of its
payment intent and of each refund. Sessions cannot be asked for by it: those of the last day are
listed (none stays open for longer), older ones are searched by their payment intent.
"""

from cloud_api.payments.providers.stripe.adapter import Stripe
from cloud_api.payments.providers.stripe.wire import CREDENTIALS

__all__ = ["CREDENTIALS", "Stripe"]
