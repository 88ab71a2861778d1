"""What can be wrong with a discount?

CodeTaken        409  choose another word
NameTaken        409  choose another name
CodeExhausted    409  the last use of it went to somebody else
CodesUnusable    409  a code made now could never be used: mend its configuration first
UnknownProperty  422  a property that is not there, or in the archive
"""

from cloud_api.kit.errors import Conflict, InvalidRequest


class CodeTaken(Conflict):
    """The organisation has this code already, however it is capitalised."""

    code = "discount_code_taken"
    title = "There is such a code already"


class NameTaken(Conflict):
    """The organisation has a configuration of this name already."""

    code = "name_taken"
    title = "There is one of this name already"


class CodeExhausted(Conflict):
    """Every use it was made for is taken."""

    code = "discount_code_exhausted"
    title = "This code was used as often as it may be"


class CodesUnusable(Conflict):
    """A code made from this configuration could never be used."""

    code = "codes_unusable"
    title = "A code made now could never be used: no property is assigned, or it is not active"


class UnknownProperty(InvalidRequest):
    """One of the properties is not there."""

    code = "unknown_property"
    title = "One of these properties does not exist, or is in the archive"
