"""What can be wrong with a house or its parts?

InUse            409  archive what uses it first
WrongHouse       422  the part belongs to another house
Archived         409  take it back from the archive first
NameTaken        409  choose another name
"""

from cloud_api.kit.errors import Conflict, InvalidRequest


class InUse(Conflict):
    """Something still stands on it."""

    code = "in_use"
    title = "Something else still needs this"


class WrongHouse(InvalidRequest):
    """A part of another house was named."""

    code = "wrong_house"
    title = "These belong to different houses"


class Archived(Conflict):
    """It is in the archive."""

    code = "archived"
    title = "This is in the archive; take it back first"


class NameTaken(Conflict):
    """Two of one kind and name in one house: nobody could tell which is meant."""

    code = "name_taken"
    title = "Another one of this kind in this house has this name"
