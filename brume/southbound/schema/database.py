"""The OVN_Southbound schema of OVN 23.03 (version 20.27.0), put together from its tables."""

from __future__ import annotations

from brume.ovsdb.schema import Schema
from brume.southbound.schema import control, flows, learned, ports, services

SOUTHBOUND = Schema(
    "OVN_Southbound",
    "20.27.0",
    (
        control.SBGlobal,
        ports.Chassis,
        ports.ChassisPrivate,
        ports.Encap,
        flows.AddressSet,
        flows.PortGroup,
        flows.LogicalFlow,
        flows.LogicalDPGroup,
        flows.MulticastGroup,
        services.Mirror,
        services.Meter,
        services.MeterBand,
        flows.DatapathBinding,
        ports.PortBinding,
        learned.MACBinding,
        services.DHCPOptions,
        services.DHCPv6Options,
        control.Connection,
        control.SSL,
        services.DNS,
        control.RBACRole,
        control.RBACPermission,
        ports.GatewayChassis,
        ports.HAChassis,
        ports.HAChassisGroup,
        learned.ControllerEvent,
        learned.IPMulticast,
        learned.IGMPGroup,
        learned.ServiceMonitor,
        services.LoadBalancer,
        learned.BFD,
        learned.FDB,
        learned.StaticMACBinding,
        services.ChassisTemplateVar,
    ),
    checksum="4078371916 30328",
)
