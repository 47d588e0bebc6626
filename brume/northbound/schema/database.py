"""The OVN_Northbound schema of OVN 23.03 (version 7.0.0), put together from its tables."""

from __future__ import annotations

from brume.northbound.schema import control, router, security, services, switch
from brume.ovsdb.schema import Schema

NORTHBOUND = Schema(
    "OVN_Northbound",
    "7.0.0",
    (
        control.NBGlobal,
        security.Copp,
        switch.LogicalSwitch,
        switch.LogicalSwitchPort,
        switch.ForwardingGroup,
        security.AddressSet,
        security.PortGroup,
        services.LoadBalancer,
        services.LoadBalancerGroup,
        services.LoadBalancerHealthCheck,
        security.ACL,
        security.QoS,
        security.Mirror,
        security.Meter,
        security.MeterBand,
        router.LogicalRouter,
        router.LogicalRouterPort,
        router.LogicalRouterStaticRoute,
        router.LogicalRouterPolicy,
        router.NAT,
        services.DHCPOptions,
        control.Connection,
        services.DNS,
        control.SSL,
        control.GatewayChassis,
        control.HAChassis,
        control.HAChassisGroup,
        router.BFD,
        router.StaticMACBinding,
        services.ChassisTemplateVar,
    ),
    checksum="94023179 33468",
)
