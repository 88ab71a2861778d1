"""What can be wrong with a person's entry?

ContactInvalid   422  write it differently
DocumentTaken    409  a document is one person's
ContactTaken     409  it belongs to somebody we know already
"""

from cloud_api.kit.errors import Conflict, InvalidRequest


class ContactInvalid(InvalidRequest):
    """It is no mail address or phone number we understand."""

    code = "contact_invalid"
    title = "This is not a mail address or phone number we understand"


class ContactTaken(Conflict):
    """Somebody else has it."""

    code = "contact_taken"
    title = "Another client has this contact already"


class DocumentTaken(Conflict):
    """Somebody else has it."""

    code = "document_taken"
    title = "Another client has this document already"
