"""The one list of services: a service's module has a constant SERVICE.

A service that is not in this installation is left out of the port and of the catalog.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from brume.apis.rest.service import Service

MODULES = (
    "brume.apis.identity.service",
    "brume.apis.network.service",
    "brume.apis.compute.service",
    "brume.apis.image.service",
    "brume.apis.placement.service",
)


def services() -> tuple[Service, ...]:
    """Every service of the cloud."""
    found = []
    for module in MODULES:
        try:
            present = find_spec(module) is not None
        except ModuleNotFoundError:
            present = False
        if present:
            found.append(import_module(module).SERVICE)
    return tuple(found)
