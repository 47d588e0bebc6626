"""What all chassis are told: SB_Global, the codes of DHCP options, the address set of the health checks' MAC."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.derive.rules import Output, derived, rule
from brume.derive.view import View
from brume.expressions.dhcp_options import DHCPV4_OPTIONS, DHCPV6_OPTIONS
from brume.northbound.schema import NBGlobal
from brume.southbound.global_options import filled, service_monitor_mac
from brume.southbound.schema import AddressSet, DHCPOptions, DHCPv6Options, SBGlobal
from brume.tables.row import Member
from brume.values.uuids import derive_uuid

SERVICE_MONITOR_SET: Final = derive_uuid("Address_Set", "svc_monitor_mac")


@rule(NBGlobal)
def southbound_global(row: NBGlobal, view: View) -> Iterator[Output]:
    yield SBGlobal(uuid=row.uuid, nb_cfg=row.nb_cfg, ipsec=row.ipsec, options=filled(row))


@rule(NBGlobal)
def service_monitor_set(row: NBGlobal, view: View) -> Iterator[Output]:
    yield AddressSet(uuid=SERVICE_MONITOR_SET, name="svc_monitor_mac")
    yield Member(AddressSet.addresses, SERVICE_MONITOR_SET, service_monitor_mac(row))


@derived
def monitor_mac(view: View) -> str:
    """The MAC from which health checks are sent; the counters beside the option change often and make no difference."""
    return next((service_monitor_mac(row) for row in view.all(NBGlobal)), "")


@rule(NBGlobal)
def dhcp_options(row: NBGlobal, view: View) -> Iterator[Output]:
    for option in DHCPV4_OPTIONS.values():
        uuid = derive_uuid("DHCP_Options", option.name)
        yield DHCPOptions(uuid=uuid, name=option.name, code=option.code, type=option.type)  # type: ignore[arg-type]
    for option in DHCPV6_OPTIONS.values():
        uuid = derive_uuid("DHCPv6_Options", option.name)
        yield DHCPv6Options(uuid=uuid, name=option.name, code=option.code, type=option.type)  # type: ignore[arg-type]


RULES = (southbound_global, service_monitor_set, dhcp_options)
