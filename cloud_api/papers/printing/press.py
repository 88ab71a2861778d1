"""The press: HTML on standard input, PDF on standard output, and nothing else in the world.

A process of its own for each paper, so that it can be stopped: rendering holds the interpreter, and
a thread cannot be. It fetches nothing: whatever address a page names, it is refused.
"""

import resource
import sys
from typing import Any, Final, NoReturn

_CPU_SECONDS: Final = 60
_MEMORY_BYTES: Final = 3 * 1024**3
# The library asks for a folder of its own before it looks at a page's fonts.
_FILE_BYTES: Final = 1024**2


def main() -> int:
    """Read, render, write."""
    _confine()
    # Here, not above: the library takes its time, and its limits must hold by then.
    from weasyprint import HTML  # noqa: PLC0415 - after the limits are set
    from weasyprint.urls import URLFetcher  # noqa: PLC0415 - after the limits are set

    class Nothing(URLFetcher):  # type: ignore[misc] # a library without types
        """Fetches nothing, from nowhere."""

        def fetch(self, *_args: Any, **_more: Any) -> NoReturn:  # noqa: ANN401 - the library's shape
            raise ValueError("papers fetch nothing")

    page = sys.stdin.buffer.read().decode()
    sys.stdout.buffer.write(HTML(string=page, url_fetcher=Nothing()).write_pdf())
    return 0


def _confine() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE_BYTES, _FILE_BYTES))


if __name__ == "__main__":
    raise SystemExit(main())
