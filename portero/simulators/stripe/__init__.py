"""What does Stripe do with a checkout session, and what does it refuse?

After https://docs.stripe.com/api: form bodies with names in brackets, an Idempotency-Key that is
remembered for a day with its answer (not where the request was refused before it was begun), lists
newest first, and events signed as https://docs.stripe.com/webhooks/signature says.
"""

from portero.simulators.stripe.vendor import Stripe

__all__ = ["Stripe"]
