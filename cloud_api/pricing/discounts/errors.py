"""What can be wrong with a discount?

CodeTaken      409  choose another word
CodeExhausted  409  the last use of it went to somebody else
"""

from cloud_api.kit.errors import Conflict


class CodeTaken(Conflict):
    """The organisation has this code already, however it is capitalised."""

    code = "discount_code_taken"
    title = "There is such a code already"


class CodeExhausted(Conflict):
    """Every use it was made for is taken."""

    code = "discount_code_exhausted"
    title = "This code was used as often as it may be"
