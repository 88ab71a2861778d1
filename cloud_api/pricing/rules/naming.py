"""In which order do people expect names with numbers?"""

import re

_TRAILING = re.compile(r"(.*?)\s*(\d+)\s*")


def natural(name: str) -> tuple[str, int]:
    """House 2 before House 10: by the name without its trailing number, then by the number."""
    found = _TRAILING.fullmatch(name)
    if found is None:
        return name.casefold(), -1
    return found[1].casefold(), int(found[2])
