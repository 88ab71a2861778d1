"""How does Mercado Pago take money? On its own page (a preference), or with a card's token.

Source: https://www.mercadopago.com/developers/en/reference; the signature as in its own SDK.

A preference is no payment: each try on its page is a payment of its own, all with our
`external_reference`, and one that was rejected may be followed by one that is approved. A card that
is refused is an answer (201). POSTs carry `X-Idempotency-Key`.
"""

from cloud_api.payments.providers.mercadopago.adapter import MercadoPago
from cloud_api.payments.providers.mercadopago.wire import CREDENTIALS

__all__ = ["CREDENTIALS", "MercadoPago"]
