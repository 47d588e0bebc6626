"""The list of modules that declare resources: the one place where a new one is entered.

Importing them fills `resource.REGISTRY`; the SQL schema, the coverage page and `Store.load` come from that.
"""

from __future__ import annotations

from importlib import import_module

from brume.cloud.resource import REGISTRY, Declaration

MODULES = (
    "brume.cloud.quotas",
    "brume.cloud.identity.resources",
    "brume.cloud.network.resources",
    "brume.cloud.compute.resources",
    "brume.cloud.image.resources",
)


def declarations() -> tuple[Declaration, ...]:
    """Every stored resource of the cloud."""
    for module in MODULES:
        import_module(module)
    return tuple(REGISTRY.values())
