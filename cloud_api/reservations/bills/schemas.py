"""How is a change of price told before it happens?"""

from pydantic import BaseModel

from cloud_api.kit.money import Money


class PriceChangeOut(BaseModel):
    """What a move would cost; send `quote` with the move to have it so."""

    before: Money
    after: Money
    difference: Money
    quote: str
