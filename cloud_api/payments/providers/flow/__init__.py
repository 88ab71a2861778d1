"""How does Flow (Chile, Peru) take money?

Source: https://developers.flow.cl/api and its tutorials.

Every request is signed; no notice is: a callback carries a token and nothing else, so it is a hint,
and the order is read. There is no idempotency key. An order's own number (`commerceOrder`) can be
paid once (error 1605), so an order is looked up by it before it is made. Refunds are orders of
their own, which the receiver has to accept; no status of the payment shows them.
"""

from cloud_api.payments.providers.flow.adapter import Flow
from cloud_api.payments.providers.flow.wire import CREDENTIALS

__all__ = ["CREDENTIALS", "Flow"]
