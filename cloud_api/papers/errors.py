"""What can go wrong with papers?

PaperNotMade      503  rendering failed or took too long: try again
PaperForNobody    409  a block has no guest, so it has no papers
TemplateInvalid   422  the template asks for what there is not
EnoughPictures    409  a booking has as many pictures of documents as it may
ContractMissing   404  no contract was made for this booking
TemplateMissing   404  the organisation has no template of this name
"""

from cloud_api.kit.errors import Conflict, InvalidRequest, NotFound, Unavailable


class PaperNotMade(Unavailable):
    """Rendering failed or took too long."""

    code = "paper_not_made"
    title = "The paper could not be made just now; try again"


class PaperForNobody(Conflict):
    """Nights that are blocked have no guest."""

    code = "no_guest"
    title = "These nights have no guest, so there are no papers"


class EnoughPictures(Conflict):
    """As many as one booking may have are there."""

    code = "enough_pictures"
    title = "There are as many pictures of documents as one booking may have"


class TemplateInvalid(InvalidRequest):
    """It cannot be filled in."""

    code = "template_invalid"
    title = "The template cannot be filled in"


class ContractMissing(NotFound):
    """No contract was made yet."""

    code = "contract_missing"
    title = "No contract was made for this booking"


class TemplateMissing(NotFound):
    """There is no template of this name."""

    code = "template_missing"
    title = "There is no contract template of this name"
