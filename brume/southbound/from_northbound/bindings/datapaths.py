"""Datapath_Binding: one for each logical switch and router, with its tunnel key."""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, rule
from brume.derive.view import View
from brume.northbound.schema import LogicalRouter, LogicalSwitch
from brume.southbound.allocation import TunnelKey
from brume.southbound.from_northbound.facts.settings import is_true, number
from brume.southbound.schema import DatapathBinding
from brume.tables.map import Map


@rule(LogicalSwitch)
def switch_binding(switch: LogicalSwitch, view: View) -> Iterator[Output]:
    ids = {"logical-switch": switch.uuid, "name": switch.name}
    if switch.external_ids.get("neutron:network_name"):
        ids["name2"] = switch.external_ids["neutron:network_name"]
    if "interconn-ts" in switch.other_config:
        ids["interconn-ts"] = switch.other_config["interconn-ts"]
    yield from _binding(switch.uuid, ids, view)


@rule(LogicalRouter)
def router_binding(router: LogicalRouter, view: View) -> Iterator[Output]:
    ids = {"logical-router": router.uuid, "name": router.name}
    if router.external_ids.get("neutron:router_name"):
        ids["name2"] = router.external_ids["neutron:router_name"]
    zone = number(router.options, "snat-ct-zone", -1)
    if zone >= 0:
        ids["snat-ct-zone"] = str(zone)
    if not is_true(router.options, "always_learn_from_arp_request", True):
        ids["always_learn_from_arp_request"] = "false"
    yield from _binding(router.uuid, ids, view)


def _binding(datapath: str, ids: dict[str, str], view: View) -> Iterator[Output]:
    key = view.get(TunnelKey, datapath)
    if key is not None:
        yield DatapathBinding(uuid=datapath, tunnel_key=key.number, external_ids=Map(ids))


RULES = (switch_binding, router_binding)
