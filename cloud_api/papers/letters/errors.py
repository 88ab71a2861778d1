"""Which refusals and mishaps do letters meet?

NotYetError           what the letter tells is being made by another reaction: try again
LetterNotTrue    409  of a letter by hand: the booking is not as the letter would say
"""

from cloud_api.kit.errors import Conflict


class NotYetError(Exception):
    """What this letter tells is still being made; it is tried again."""


class LetterNotTrue(Conflict):
    """The booking is not as this letter would say."""

    code = "letter_not_true"
    title = "This letter would not be true of the booking as it is now"
