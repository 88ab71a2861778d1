"""What can go wrong with a file?

FileTypeRefused     422  another kind of file is wanted
FileTooLarge        422  a smaller file is wanted
PictureRefused      422  it is no picture we can read, or too large a one, or it moves
FilesUnavailable    503  the store does not answer: try again later
FileDamaged         500  what the store gave does not open: a person must look
ObjectGoneError          (inside) the store has nothing by this name
StoreSilentError         (inside) the store did not do it, or nobody knows
"""

from cloud_api.kit.errors import InvalidRequest, Problem, Unavailable


class FileTypeRefused(InvalidRequest):
    """Not a kind of file that is kept for this purpose."""

    code = "file_type_refused"
    title = "Files of this kind are not taken here"


class FileTooLarge(InvalidRequest):
    """More bytes than are kept for this purpose."""

    code = "file_too_large"
    title = "The file is too large"


class PictureRefused(InvalidRequest):
    """A picture that is broken, moves, or would be too large when unpacked."""

    code = "picture_refused"
    title = "This picture cannot be read"


class FilesUnavailable(Unavailable):
    """The store does not answer."""

    code = "files_unavailable"
    title = "Files cannot be read just now; try again"


class FileDamaged(Problem):
    """What rests in the store is not what we put there."""

    status = 500
    code = "file_damaged"
    title = "The file does not open; somebody has to look"


class ObjectGoneError(Exception):
    """The store has nothing by this name."""


class StoreSilentError(Exception):
    """The store refused, or did not answer; asking again is safe."""
