"""Access: Neutron's policy, asked as Neutron asks it.

An operation needs its rule ("create_network") and one for each attribute that is given and differs from its default
("create_network:shared"). What the rule "get" refuses does not exist (404). Attributes whose "get" rule refuses are
left out of answers. A target is the row by wire names, with "network:project_id" where a rule looks at the network.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from brume.apis.rest.messages import Request
from brume.cloud.network.errors import PolicyNotAuthorized
from brume.cloud.policy import Policy
from brume.cloud.resource import Declaration

Target = Mapping[str, Any]

INSIDE = {
    "fixed_ips": ("ip_address", "subnet_id"),
    "allowed_address_pairs": ("mac_address", "ip_address"),
    "external_gateway_info": ("network_id", "enable_snat", "external_fixed_ips"),
}
"""Attributes that have rules for their parts."""


@cache
def policy() -> Policy:
    """Neutron's default rules, parsed once."""
    rules = {}
    for line in files(__package__).joinpath("policies.txt").read_text().splitlines():
        if not line.startswith("#"):
            name, _, rule = line.partition(": ")
            rules[name.rstrip(":")] = rule
    return Policy(rules)


def allows(request: Request, rule: str, target: Target) -> bool:
    """Whether the asker may. An operation without a rule of its own has the rule "default", as in oslo.policy."""
    checked = request.service.policy
    return checked.allows(rule if rule in checked else "default", request.context, target)


def enforce(request: Request, rule: str, target: Target) -> None:
    """Raise PolicyNotAuthorized unless the asker may."""
    if not allows(request, rule, target):
        raise PolicyNotAuthorized(rule=f"rule:{rule}")


def enforce_attributes(request: Request, rule: str, declaration: Declaration, given: Target, target: Target) -> None:
    """Raise PolicyNotAuthorized unless the asker may do this with these attributes. `given` is by field name."""
    checked = request.service.policy
    refused = [] if allows(request, rule, target) else [rule]
    names = [rule]
    for own in _attribute_rules(rule, declaration, given):
        if own in checked:
            names.append(own)
            if not checked.allows(own, request.context, target):
                refused.append(own)
    if refused:
        text = " and ".join(f"rule:{name}" for name in names)
        raise PolicyNotAuthorized(rule=f"({text})" if len(names) > 1 else text)


def _attribute_rules(rule: str, declaration: Declaration, given: Target) -> Iterable[str]:
    for name, value in given.items():
        field = declaration.by_name.get(name)
        if field is None or (rule.startswith("create_") and value == field.default):
            continue
        yield f"{rule}:{field.wire}"
        for part in INSIDE.get(field.wire, ()):
            items = value if isinstance(value, tuple) else (value,)
            if any(item is not None and getattr(item, part, None) not in ("", None, ()) for item in items):
                yield f"{rule}:{field.wire}:{part}"


@cache
def _get_rules(checked: Policy, noun: str) -> tuple[tuple[str, str], ...]:
    prefix = f"get_{noun}:"
    return tuple((name, name.removeprefix(prefix)) for name in checked.texts if name.startswith(prefix))


def hidden(request: Request, noun: str) -> frozenset[str]:
    """The attributes this asker is not shown. These rules look at the asker only, so one answer serves a whole list:
    they are asked about a row of the asker's own."""
    checked = request.service.policy
    own = {"project_id": request.context.project_id, "network:project_id": request.context.project_id}
    return frozenset(wire for rule, wire in _get_rules(checked, noun) if not checked.allows(rule, request.context, own))
