"""The API coverage page, made from the routes and the declarations: what is answered, of what OpenStack answers.

    python -m brume.apis.coverage docs/coverage.md

`upstream/*.txt` lists the operations of OpenStack's OpenAPI descriptions (openstack-codegenerator). Not here: whether
an answer is right; that is what tests are for.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from brume.apis.rest.routes import LeftOut
from brume.apis.rest.service import Service
from brume.cloud.resource import Declaration, Field

UPSTREAM = Path(__file__).parent / "upstream"
PARAMETER = re.compile(r"\{[^}]*\}")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

HEADER = """# API coverage

Made by `python -m brume.apis.coverage` from the routes and the resource declarations; do not edit.

A method in **bold** is answered; one in plain type is OpenStack's, and not answered here (404, 405 or 501).
Operations that differ only by what stands in the body (server actions) count once.
"""


def page(services: Iterable[Service], declarations: Iterable[Declaration]) -> str:
    """The whole page, as Markdown."""
    parts = [HEADER]
    for service in services:
        parts += _service(service)
    parts.append("\n# Resources\n")
    for declaration in sorted(declarations, key=lambda d: (d.row_type.__module__, d.table)):
        parts += _resource(declaration)
    return "\n".join(parts) + "\n"


def _service(service: Service) -> Iterator[str]:
    title, theirs = _upstream(service.name)
    routes = [route for route in service.router.routes if not isinstance(route.handler, LeftOut)]
    ours = {(route.method, _plain(route.path)) for route in routes}
    names = {_plain(route.path): route.path for route in routes}
    wanted = {(method, _plain(path)): path for method, path in theirs}
    names |= {plain: path for (_, plain), path in wanted.items() if plain not in names}
    done = len(ours & wanted.keys())
    yield f"\n## {service.title}\n"
    yield f"{done} of {len(wanted)} operations of the {title}, under `{service.mount}`.\n"
    yield "| path | methods |\n|---|---|"
    for plain in sorted(names):
        methods = [m for m in METHODS if (m, plain) in ours or (m, plain) in wanted]
        shown = " ".join(f"**{m}**" if (m, plain) in ours else m for m in methods)
        yield f"| `{names[plain]}` | {shown} |"


def _upstream(name: str) -> tuple[str, list[tuple[str, str]]]:
    """The title of a service's upstream API, and its operations."""
    path = UPSTREAM / f"{name}.txt"
    first, *lines = path.read_text().splitlines()
    operations = [(method, path) for method, _, path in (line.partition(" ") for line in lines)]
    return first.removeprefix("# ").partition(":")[0], operations


def _plain(path: str) -> str:
    """A path whatever its parameters are called."""
    return PARAMETER.sub("{}", path).rstrip("/") or "/"


def _resource(declaration: Declaration) -> Iterator[str]:
    shown = [field for field in declaration.fields if field.attribute is not None]
    doc = (declaration.row_type.__doc__ or "").strip().splitlines()
    yield f"\n## {declaration.name}\n\n{doc[0] if doc else ''}\n"
    yield "| attribute | type | default | create | update | filter | sort | since |\n|---|---|---|---|---|---|---|---|"
    for field in shown:
        yield _attribute(field)


def _attribute(field: Field) -> str:
    attribute = field.attribute
    assert attribute is not None
    kind = getattr(field.type, "__name__", str(field.type).replace("typing.", ""))
    create = "required" if attribute.required else "yes" if attribute.create else ""
    cells = [
        f"`{field.wire}`",
        f"{kind} or null" if field.nullable else kind,
        _default(field.default),
        create,
        "yes" if attribute.update else "",
        "yes" if attribute.filter else "",
        "yes" if attribute.sort else "",
        attribute.since or "",
    ]
    return f"| {' | '.join(cell.replace('|', 'or') for cell in cells)} |"


def _default(value: Any) -> str:
    if value is msgspec.NODEFAULT:
        return ""
    return f"`{msgspec.json.encode(value).decode()}`"


def main(arguments: list[str]) -> int:
    """Write the page to a file, or to the standard output."""
    from brume.apis.services import services
    from brume.cloud.catalogue import declarations
    from brume.cloud.cloud import open_cloud

    with tempfile.TemporaryDirectory() as directory:
        cloud = open_cloud(Path(directory))
        text = page(services(cloud), declarations())
        cloud.close()
    if arguments:
        Path(arguments[0]).write_text(text)
    else:
        sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
