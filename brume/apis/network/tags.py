"""Tags: PUT, GET, DELETE /v2.0/<collection>/{id}/tags and .../tags/{tag}, for every noun that has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from brume.apis.network import access
from brume.apis.network.noun import Noun
from brume.apis.network.views import Json
from brume.apis.rest.messages import Request, Response
from brume.apis.rest.routes import Route
from brume.cloud.network import checks
from brume.cloud.network.errors import InvalidInput, TagNotFound
from brume.cloud.network.records import change
from brume.cloud.network.resources.standard import Standard

LONGEST = 255


def tag_routes(noun: Noun[Any]) -> list[Route]:
    """The tag routes of one noun."""
    path = f"{noun.path}/{{id}}/tags"

    def bind(handler: Callable[[Noun[Any], Request], Any]) -> Callable[[Request], Any]:
        return lambda request: handler(noun, request)

    return [
        Route("GET", path, bind(_show)),
        Route("PUT", path, bind(_replace)),
        Route("POST", path, bind(_add_many)),
        Route("DELETE", path, bind(_clear)),
        Route("GET", f"{path}/{{tag}}", bind(_has)),
        Route("PUT", f"{path}/{{tag}}", bind(_add)),
        Route("DELETE", f"{path}/{{tag}}", bind(_take)),
    ]


def _row(noun: Noun[Any], request: Request, operation: str) -> Standard:
    row: Standard = noun.visible(request)
    if operation != "get":
        access.enforce(request, f"{operation}_{noun.singular}:tags", noun.target_of(request, row))
    return row


def _given(request: Request) -> tuple[str, ...]:
    body = request.json()
    if not isinstance(body, dict) or "tags" not in body:
        raise InvalidInput(error_message="Invalid tags body")
    try:
        return tuple(sorted(checks.unique(body["tags"], checks.text(LONGEST))))
    except ValueError as error:
        raise InvalidInput(error_message=str(error)) from None


def _write(request: Request, row: Standard, tags: Sequence[str]) -> None:
    change(request.context, request.session, row, tags=tuple(sorted(set(tags))))


def _show(noun: Noun[Any], request: Request) -> Json:
    return {"tags": list(_row(noun, request, "get").tags)}


def _replace(noun: Noun[Any], request: Request) -> Json:
    row = _row(noun, request, "update")
    tags = _given(request)
    _write(request, row, tags)
    return {"tags": list(tags)}


def _add_many(noun: Noun[Any], request: Request) -> Response:
    row = _row(noun, request, "create")
    _write(request, row, (*row.tags, *_given(request)))
    return Response(201)


def _clear(noun: Noun[Any], request: Request) -> None:
    _write(request, _row(noun, request, "delete"), ())


def _has(noun: Noun[Any], request: Request) -> None:
    row = _row(noun, request, "get")
    if request.parameters["tag"] not in row.tags:
        raise TagNotFound(tag=request.parameters["tag"])


def _add(noun: Noun[Any], request: Request) -> Response:
    row = _row(noun, request, "update")
    tag = request.parameters["tag"]
    if len(tag) > LONGEST:
        raise InvalidInput(error_message=f"'{tag}' exceeds maximum length of {LONGEST}")
    _write(request, row, (*row.tags, tag))
    return Response(201)


def _take(noun: Noun[Any], request: Request) -> None:
    row = _row(noun, request, "delete")
    tag = request.parameters["tag"]
    if tag not in row.tags:
        raise TagNotFound(tag=tag)
    _write(request, row, [other for other in row.tags if other != tag])
