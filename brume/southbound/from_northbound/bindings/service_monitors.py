"""Service_Monitor: backends that the chassis of their port asks whether they live; what it finds is its own column."""

from __future__ import annotations

from collections.abc import Iterator

from brume.derive.rules import Output, Problem, rule
from brume.derive.view import View
from brume.southbound.from_northbound.balancing import is_probed, probed_port
from brume.southbound.from_northbound.bindings.deployment import monitor_mac
from brume.southbound.from_northbound.facts.probes import Probe, probes_by_target
from brume.southbound.schema import ServiceMonitor


@rule(Probe)
def service_monitor(probe: Probe, view: View) -> Iterator[Output]:
    if probed_port(view, probe.logical_port) is None:
        message = f"ip_port_mappings: {probe.address} is said to be at {probe.logical_port!r}, which is no switch port"
        yield Problem(table="Load_Balancer", row=probe.balancer, message=message)
        return
    if not is_probed(view, probe.logical_port) or probe != min(view.find(probes_by_target, probe.target), key=_order):
        return
    yield ServiceMonitor(
        uuid=probe.target,
        ip=probe.address,
        protocol=probe.protocol,  # type: ignore[arg-type]  # SCTP is not probed
        port=probe.port,
        logical_port=probe.logical_port,
        src_mac=monitor_mac(view),
        src_ip=probe.source,
        options=probe.options,
    )


def _order(probe: Probe) -> tuple[str, str]:
    return (probe.balancer, probe.vip)


RULES = (service_monitor,)
