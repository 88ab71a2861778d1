"""When are two ways of writing a contact the same contact?"""

import re
import unicodedata

import phonenumbers

from cloud_api.clients.types import ContactKind, Membership, Tier, TierSettings

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_BETWEEN_DIGITS = frozenset("+()./")
# Spaces, dashes, and the invisible marks that come along when a number is copied.
_THIN = frozenset({"Zs", "Pd", "Cf"})
_FEWEST_DIGITS = 4
_LONGEST = 254
# Approved stays from which a label is shown; the highest first.
_LABELS = ((10, Membership.PLATINUM), (5, Membership.GOLD), (2, Membership.SILVER))
_FEWEST_LETTERS = 8


def normalise(kind: ContactKind, value: str, *, region: str | None) -> str | None:
    """The one form we keep: lower-case mail, E.164 phone. None when it is neither.

    `region` is the country of a number that has no `+`.
    """
    if kind is ContactKind.EMAIL:
        return _email(value)
    return _phone(value, region=region)


def search_digits(text: str) -> str | None:
    """The digits to look for inside E.164 numbers, however part of a number was typed or pasted.

    In any script, with any spaces, dashes and brackets. Prefixes for dialling (00, 0, a `(0)` in
    the middle) are dropped; None when there are too few digits, or letters.
    """
    plain = unicodedata.normalize("NFKC", text).removeprefix("tel:").replace("(0)", "")
    signs = {each for each in plain if not each.isdecimal()}
    if not all(each in _BETWEEN_DIGITS or unicodedata.category(each) in _THIN for each in signs):
        return None
    digits = "".join(str(int(each)) for each in plain if each.isdecimal()).lstrip("0")
    return digits if len(digits) >= _FEWEST_DIGITS else None


def tier_of(visits: int, settings: TierSettings, *, already_super: bool) -> Tier:
    """The tier of somebody with so many visits; who was super once stays it."""
    if already_super or visits > settings.super_above:
        return Tier.SUPER
    return Tier.NEW if visits < settings.regular_from else Tier.REGULAR


def membership_of(visits: int) -> Membership:
    """The label of somebody with so many visits."""
    return next((label for least, label in _LABELS if visits >= least), Membership.BRONZE)


def plain_number(number: str) -> str:
    """A document's number as it is compared: capitals and digits alone."""
    return "".join(each for each in unicodedata.normalize("NFKC", number).upper() if each.isalnum())


def good_password(password: str) -> bool:
    """At least eight characters, among them a letter and a digit."""
    return (
        len(password) >= _FEWEST_LETTERS
        and any(each.isalpha() for each in password)
        and any(each.isdigit() for each in password)
    )


def _email(value: str) -> str | None:
    plain = value.strip().lower()
    return plain if len(plain) <= _LONGEST and _EMAIL.fullmatch(plain) else None


def _phone(value: str, *, region: str | None) -> str | None:
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
