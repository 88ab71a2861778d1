"""Does every endpoint and dependency run on the loop, and not in a thread for each request?"""

import inspect
from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIRouter

from cloud_api.api import routers


def _routes(router: APIRouter) -> Iterator[APIRoute]:
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        if isinstance(route, APIRoute):
            yield route
        elif isinstance(inner, APIRouter):
            yield from _routes(inner)


def _calls(dependant: Dependant) -> Iterator[object]:
    yield dependant.call
    for each in dependant.dependencies:
        yield from _calls(each)


def test_nothing_of_ours_runs_in_a_thread(cloud_app: FastAPI) -> None:
    found = {call for route in _routes(routers.collect()) for call in _calls(route.dependant)}
    assert len(found) > 50
    threaded = {
        f"{inspect.getmodule(call)}.{getattr(call, '__name__', call)}"
        for call in found
        if not (inspect.iscoroutinefunction(call) or inspect.isasyncgenfunction(call))
    }
    assert threaded == set()
