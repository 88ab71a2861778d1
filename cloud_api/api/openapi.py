"""How do we describe the API so that every answer it can give is in the document?"""

from typing import Any, cast

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from cloud_api.kit.errors import MEDIA_TYPE, ProblemBody

_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_METHODS = ("get", "post", "put", "patch", "delete")
_OPEN = frozenset({("post", "/api/v1/sessions")})


def install(app: FastAPI) -> None:
    """Let `/openapi.json` answer with the complete document."""

    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _describe(app)
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign] # FastAPI's documented way


def _describe(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title, version=app.version, routes=app.routes, description=app.description
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for theirs in ("HTTPValidationError", "ValidationError"):
        schemas.pop(theirs, None)
    schemas["Problem"] = ProblemBody.model_json_schema()
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                _complete(path, method, operations[method])
    return document


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    responses = cast("dict[str, Any]", operation["responses"])
    for status, response in responses.items():
        if status.startswith(("4", "5")):
            response["content"] = {MEDIA_TYPE: {"schema": _PROBLEM}}
    if path.startswith("/api/") and (method, path) not in _OPEN and "security" not in operation:
        operation["security"] = [{"bearer": []}]
    responses["default"] = {
        "description": "Any other refusal, as a problem (RFC 9457)",
        "content": {MEDIA_TYPE: {"schema": _PROBLEM}},
    }
