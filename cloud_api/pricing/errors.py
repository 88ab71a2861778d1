"""What can be wrong with a wish for a price?

DatesMissing         422  tell both dates
DatesUnreadable      422  write them YYYY-MM-DD
CheckInPast          422  choose days to come
DatesReversed        422  leave after you come
StayTooLong          422  ask for fewer nights, or nearer ones
GuestsNotPositive    422  tell at least one guest
UnitsUnclear         422  name units of one property, each once
NothingOnSale        404  no such unit or property, or not on sale
ServiceNotOffered    422  choose among the property's optional services
SpecialDateMinimum   422  stay longer, over the special date, or elsewhere
ExchangeRateMissing  409  staff must enter a rate
QuoteInvalid         404  ask for a new quote: this one is unknown, or was altered
QuoteExpired         410  ask for a new quote
PriceExists          409  change the one that is there
"""

from cloud_api.kit.errors import Conflict, InvalidRequest, NotFound, Problem


class DatesMissing(InvalidRequest):
    """Arrival or departure was left out."""

    code = "dates_missing"
    title = "Both the day of arrival and the day of departure are needed"


class DatesUnreadable(InvalidRequest):
    """It is no date."""

    code = "dates_unreadable"
    title = "A day is written YYYY-MM-DD"


class CheckInPast(InvalidRequest):
    """The day of arrival, or the one asked about, is over where the house stands."""

    code = "check_in_past"
    title = "This day has passed where the house stands"


class DatesReversed(InvalidRequest):
    """No night lies between the dates."""

    code = "dates_reversed"
    title = "Departure must be after arrival"


class StayTooLong(InvalidRequest):
    """More nights, or further away, than anybody is given a price for."""

    code = "stay_too_long"
    title = "Prices are not made for so many nights, or so far ahead"


class GuestsNotPositive(InvalidRequest):
    """Nobody would come."""

    code = "guests_not_positive"
    title = "At least one guest is needed"


class UnitsUnclear(InvalidRequest):
    """Which units are meant cannot be told, or they do not belong together."""

    code = "units_unclear"
    title = "Name units of one property, each once"


class NothingOnSale(NotFound):
    """It does not exist, or is not sold."""

    code = "nothing_on_sale"
    title = "There is no such unit on sale"


class ServiceNotOffered(InvalidRequest):
    """The service is not there, or not for this property."""

    code = "service_not_offered"
    title = "This service is not offered here"


class SpecialDateMinimum(InvalidRequest):
    """A special date that is still free would be spoilt by this stay."""

    code = "special_date_minimum"
    title = "Around this special date a stay must be longer and include it"


class ExchangeRateMissing(Conflict):
    """A price is in a currency that cannot be compared with the property's."""

    code = "exchange_rate_missing"
    title = "No exchange rate is known for a price of this stay"


class QuoteInvalid(NotFound):
    """We never gave it, or not like this."""

    code = "quote_invalid"
    title = "This quote is not one of ours, or was altered"


class QuoteExpired(Problem):
    """Its time is over."""

    status = 410
    code = "quote_expired"
    title = "This quote has expired; ask for a new one"


class PriceExists(Conflict):
    """There is one for this already."""

    code = "price_exists"
    title = "There is one for this already"
