"""The one list of services.

A service's module has a function `make_service(cloud)`, which takes from the cloud what its handlers need, or, when
they need nothing, a constant SERVICE. An operator's policy file is laid over the service's rules here, once for all:
`<data directory>/policy/<service name>.yaml`.
"""

from __future__ import annotations

from importlib import import_module

import msgspec

from brume.apis.rest.service import Service
from brume.cloud.cloud import Cloud
from brume.cloud.policy import Policy, load_overrides

MODULES = (
    "brume.apis.identity.service",
    "brume.apis.network.service",
    "brume.apis.compute.service",
    "brume.apis.image.service",
    "brume.apis.placement.service",
)


def services(cloud: Cloud) -> tuple[Service, ...]:
    """Every service of the cloud."""
    return tuple(with_policy_file(make(module, cloud), cloud) for module in MODULES)


def make(module: str, cloud: Cloud) -> Service:
    """The service of a module."""
    found = import_module(module)
    service: Service = found.make_service(cloud) if hasattr(found, "make_service") else found.SERVICE
    return service


def with_policy_file(service: Service, cloud: Cloud) -> Service:
    """The service with an operator's rules over its own."""
    if cloud.directory is None:
        return service
    path = cloud.directory / "policy" / f"{service.name}.yaml"
    if not path.exists():
        return service
    policy = Policy(service.policy.texts, load_overrides(path.read_text()))
    return msgspec.structs.replace(service, policy=policy)
