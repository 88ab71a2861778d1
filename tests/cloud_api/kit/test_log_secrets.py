"""A failing request's log never holds what its functions held."""

import io

import structlog

from cloud_api.kit import logs


def test_a_traceback_shows_no_local_variable() -> None:
    stream = io.StringIO()
    logs.configure(stream=stream)
    try:
        _fail(header="Bearer " + "canary-" + "5521")
    except ValueError:
        structlog.get_logger().exception("request_failed")
    assert "broken" in stream.getvalue()
    assert "canary-5521" not in stream.getvalue()


def _fail(*, header: str) -> None:
    raise ValueError(f"broken after {len(header)} letters")
