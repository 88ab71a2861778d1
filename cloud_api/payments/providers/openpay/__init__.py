"""How does OpenPay (Mexico, Colombia, Peru) take money?

Source: https://documents.openpay.pe/en/api/ and the public text of it in github.com/open-pay/slate.

`order_id` is the idempotency key: OpenPay refuses a second charge of the same one (409, 1006), and
then, as after a silence, the charge is looked up by it. Refunds have no key at all, so each one
carries what went back so far, with our references, in its description; that is read before another
is made. Webhooks are not signed: they come with the user and password that we set.
"""

from cloud_api.payments.providers.openpay.adapter import OpenPay
from cloud_api.payments.providers.openpay.wire import CREDENTIALS

__all__ = ["CREDENTIALS", "OpenPay"]
