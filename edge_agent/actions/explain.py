"""How is a bug told in the log without what it held in its hands?"""

import traceback

_FRAMES = 6


def explain(error: BaseException) -> str:
    """Its type and the last places it passed; never its message or a value, which may be secret."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = " < ".join(f"{each.name}:{each.lineno}" for each in reversed(frames))
    return f"{type(error).__name__} in {places}" if places else type(error).__name__
