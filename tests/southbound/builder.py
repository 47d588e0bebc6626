"""A northbound said in a few words, with the columns that Neutron fills: for tests of the compiler."""

from __future__ import annotations

import msgspec

from brume.northbound.schema import (
    ACL,
    DNS,
    NAT,
    AddressSet,
    DHCPOptions,
    ForwardingGroup,
    GatewayChassis,
    HAChassis,
    HAChassisGroup,
    LogicalRouter,
    LogicalRouterPort,
    LogicalRouterStaticRoute,
    LogicalSwitch,
    LogicalSwitchPort,
    Meter,
    MeterBand,
    Mirror,
    NBGlobal,
    PortGroup,
    QoS,
)
from brume.southbound.schema import Chassis, Encap
from brume.tables.database import Database, Transaction
from brume.tables.map import EMPTY_MAP, Map
from brume.values.uuids import derive_uuid

FEATURES = Map({"ct-no-masked-label": "true", "mac-binding-timestamp": "true", "ovn-ct-lb-related": "true"})
"""What a chassis of OVN 23.03 says it can do; with an older one ovn-northd writes other flows."""


def uuid(*names: str) -> str:
    """The uuid of something in a topology, by what it is and its name."""
    return derive_uuid("topology", *names)


class Builder:
    """A northbound being written; `apply()` commits what has been said since the last time."""

    def __init__(self, **options: str) -> None:
        self.database = Database("northbound")
        self.transaction = Transaction()
        self.options = {"svc_monitor_mac": "0a:00:00:00:00:01", **options}
        self.transaction.put(NBGlobal(uuid=uuid("global"), options=Map(self.options)))

    def apply(self) -> Database:
        transaction, self.transaction = self.transaction, Transaction()
        self.database.apply(transaction)
        return self.database

    def switch(self, name: str, **config: str) -> str:
        ids = Map({"neutron:network_name": f"net-{name}"})
        key = uuid("switch", name)
        self.transaction.put(LogicalSwitch(uuid=key, name=name, other_config=Map(config), external_ids=ids))
        return key

    def configure(self, switch: str, **config: str) -> None:
        """Add to a switch's other_config."""
        key = uuid("switch", switch)
        row = self.transaction.rows.get((LogicalSwitch, key)) or self.database.get(LogicalSwitch, key)
        assert isinstance(row, LogicalSwitch)
        self.transaction.put(msgspec.structs.replace(row, other_config=Map({**row.other_config, **config})))

    def port(self, switch: str, name: str, *addresses: str, secured: bool = True, **columns: object) -> str:
        """A switch port; `columns` are columns of Logical_Switch_Port."""
        row = LogicalSwitchPort(
            uuid=uuid("port", name),
            name=name,
            addresses=frozenset(addresses),
            port_security=frozenset(addresses) - {"unknown", "router"} if secured else frozenset(),
            **columns,  # type: ignore[arg-type]
        )
        self.transaction.put(row)
        self.transaction.add(LogicalSwitch.ports, uuid("switch", switch), row.uuid)
        return row.uuid

    def has_port(self, name: str) -> bool:
        """Whether there is a switch port of this name, or will be."""
        key = uuid("port", name)
        return (LogicalSwitchPort, key) in self.transaction.rows or self.database.get(
            LogicalSwitchPort, key
        ) is not None

    def localnet(self, switch: str, name: str, physical: str = "physnet1", tag: int | None = None) -> str:
        options = Map({"network_name": physical, "mcast_flood": "false", "mcast_flood_reports": "true"})
        return self.port(switch, name, "unknown", type="localnet", tag=tag, options=options)

    def dhcp(self, name: str, cidr: str, **options: str) -> str:
        self.transaction.put(DHCPOptions(uuid=uuid("dhcp", name), cidr=cidr, options=Map(options)))
        return uuid("dhcp", name)

    def dhcp4(self, cidr: str, gateway: str) -> str:
        return self.dhcp(
            cidr,
            cidr,
            server_id=gateway,
            server_mac="fa:16:3e:0d:0d:0d",
            lease_time="43200",
            router=gateway,
            mtu="1442",
            dns_server="{192.0.2.53, 192.0.2.54}",
            classless_static_route=f"{{169.254.169.254/32,{gateway}, 0.0.0.0/0,{gateway}}}",
        )

    def dns(self, name: str, *switches: str, **records: str) -> str:
        """Names that some switches know; in `records`, _ stands for the dot."""
        key = uuid("dns", name)
        written = {name.replace("_", "."): value for name, value in records.items()}
        self.transaction.put(DNS(uuid=key, records=Map(written)))
        for switch in switches:
            self.transaction.add(LogicalSwitch.dns_records, uuid("switch", switch), key)
        return key

    def qos(self, switch: str, direction: str, match: str, priority: int, dscp: int = -1, **bandwidth: int) -> str:
        """A DSCP mark, or a limit of `rate` and `burst`, or both."""
        key = uuid("qos", switch, direction, match, str(priority))
        action = Map({"dscp": dscp}) if dscp >= 0 else Map()
        row = QoS(
            uuid=key,
            priority=priority,
            direction=direction,  # type: ignore[arg-type]
            match=match,
            action=action,  # type: ignore[arg-type]
            bandwidth=Map(bandwidth),  # type: ignore[arg-type]
        )
        self.transaction.put(row)
        self.transaction.add(LogicalSwitch.qos_rules, uuid("switch", switch), key)
        return key

    def forwarding_group(self, switch: str, vip: str, vmac: str, *ports: str, liveness: bool = False) -> str:
        key = uuid("forwarding group", switch, vip)
        row = ForwardingGroup(
            uuid=key, name=f"group-{vip}", vip=vip, vmac=vmac, liveness=liveness, child_port=frozenset(ports)
        )
        self.transaction.put(row)
        self.transaction.add(LogicalSwitch.forwarding_groups, uuid("switch", switch), key)
        return key

    def mirror(self, name: str, *ports: str, direction: str = "from-lport", kind: str = "gre", index: int = 0) -> str:
        """Copies of what some ports send or receive."""
        key = uuid("mirror", name)
        row = Mirror(
            uuid=key,
            name=name,
            filter=direction,  # type: ignore[arg-type]
            sink="192.0.2.99",
            type=kind,  # type: ignore[arg-type]
            index=index,
        )
        self.transaction.put(row)
        for port in ports:
            self.transaction.add(LogicalSwitchPort.mirror_rules, uuid("port", port), key)
        return key

    def meter(self, name: str, *bands: tuple[int, int], unit: str = "pktps", fair: bool | None = None) -> str:
        """A named limit with bands of rate and burst."""
        key = uuid("meter", name)
        self.transaction.put(Meter(uuid=key, name=name, unit=unit, fair=fair))  # type: ignore[arg-type]
        for rate, burst in bands:
            band = uuid("band", name, str(rate), str(burst))
            self.transaction.put(MeterBand(uuid=band, rate=rate, burst_size=burst))
            self.transaction.add(Meter.bands, key, band)
        return key

    def group(self, name: str, *ports: str) -> str:
        self.transaction.put(PortGroup(uuid=uuid("group", name), name=name))
        for port in ports:
            self.transaction.add(PortGroup.ports, uuid("group", name), uuid("port", port))
        return uuid("group", name)

    def acl(self, group: str, direction: str, match: str, action: str, priority: int = 1002, **columns: object) -> str:
        """An ACL of a port group (`group` is its uuid) or of a switch."""
        key = uuid("acl", group, direction, match, str(priority), action)
        row = ACL(
            uuid=key,
            direction=direction,  # type: ignore[arg-type]
            match=match,
            action=action,  # type: ignore[arg-type]
            priority=priority,
            **columns,  # type: ignore[arg-type]
        )
        self.transaction.put(row)
        relation = (
            PortGroup.acls if group.startswith(uuid("group", "")[:0]) and self.is_group(group) else LogicalSwitch.acls
        )
        self.transaction.add(relation, group, key)
        return key

    def is_group(self, key: str) -> bool:
        return (PortGroup, key) in self.transaction.rows or self.database.get(PortGroup, key) is not None

    def drop_group(self, *ports: str) -> None:
        """What Neutron makes for ports with port security: drop what no rule allows."""
        group = self.group("neutron_pg_drop", *ports)
        self.acl(group, "to-lport", "outport == @neutron_pg_drop && ip", "drop", 1001)
        self.acl(group, "from-lport", "inport == @neutron_pg_drop && ip", "drop", 1001)

    def security_group(self, name: str, *ports: str) -> str:
        """A group that lets all out, and in: its own members, ICMP and SSH."""
        group = self.group(name, *ports)
        for family, zero in (("ip4", "0.0.0.0/0"), ("ip6", "::/0")):
            self.acl(group, "from-lport", f"inport == @{name} && {family}", "allow-related")
            self.acl(
                group,
                "to-lport",
                f"outport == @{name} && {family} && {family}.src == ${name}_{family}",
                "allow-related",
            )
            if family == "ip4":
                self.acl(group, "to-lport", f"outport == @{name} && ip4 && ip4.src == {zero} && icmp4", "allow-related")
                match = f"outport == @{name} && ip4 && ip4.src == {zero} && tcp && tcp.dst == 22"
                self.acl(group, "to-lport", match, "allow-related")
        return group

    def address_set(self, name: str, *addresses: str) -> None:
        self.transaction.put(AddressSet(uuid=uuid("set", name), name=name))
        for address in addresses:
            self.transaction.add(AddressSet.addresses, uuid("set", name), address)

    def router(self, name: str, **options: str) -> str:
        ids = Map({"neutron:router_name": f"router-{name}"})
        key = uuid("router", name)
        self.transaction.put(LogicalRouter(uuid=key, name=name, options=Map(options), external_ids=ids))
        return key

    def interface(self, router: str, switch: str, mac: str, *networks: str, gateways: tuple[str, ...] = (),
                  nat_addresses: bool = False, options: Map[str, str] = EMPTY_MAP) -> str:  # fmt: skip
        """A router port and the switch port it is connected to."""
        name = f"lrp-{router}-{switch}"
        key = uuid("router port", name)
        row = LogicalRouterPort(uuid=key, name=name, mac=mac, networks=frozenset(networks), options=options)
        self.transaction.put(row)
        self.transaction.add(LogicalRouter.ports, uuid("router", router), key)
        for priority, chassis in enumerate(reversed(gateways), 1):
            gateway = uuid("gateway", name, chassis)
            row_name = f"{name}_{chassis}"
            self.transaction.put(GatewayChassis(uuid=gateway, name=row_name, chassis_name=chassis, priority=priority))
            self.transaction.add(LogicalRouterPort.gateway_chassis, key, gateway)
        side = {"router-port": name, **({"nat-addresses": "router"} if nat_addresses else {})}
        self.port(switch, f"lsp-{router}-{switch}", "router", secured=False, type="router", options=Map(side))
        return key

    def link(self, router: str, other: str, mac: str, *networks: str) -> str:
        """A router port that leads straight to another router's, which is made by the same words the other way."""
        name = f"lrp-{router}-{other}"
        key = uuid("router port", name)
        row = LogicalRouterPort(
            uuid=key, name=name, mac=mac, networks=frozenset(networks), peer=f"lrp-{other}-{router}"
        )
        self.transaction.put(row)
        self.transaction.add(LogicalRouter.ports, uuid("router", router), key)
        return key

    def route(self, router: str, prefix: str, nexthop: str) -> None:
        key = uuid("route", router, prefix, nexthop)
        self.transaction.put(LogicalRouterStaticRoute(uuid=key, ip_prefix=prefix, nexthop=nexthop))
        self.transaction.add(LogicalRouter.static_routes, uuid("router", router), key)

    def nat(self, router: str, kind: str, external: str, logical: str, **columns: object) -> str:
        key = uuid("nat", router, kind, external, logical)
        row = NAT(uuid=key, type=kind, external_ip=external, logical_ip=logical, **columns)  # type: ignore[arg-type]
        self.transaction.put(row)
        self.transaction.add(LogicalRouter.nat, uuid("router", router), key)
        return key

    def on_group(self, router_port: str, group: str) -> None:
        """Let a router port live on a chassis group."""
        row = self.transaction.rows[LogicalRouterPort, router_port]
        self.transaction.put(msgspec.structs.replace(row, ha_chassis_group=group))  # type: ignore[type-var]

    def chassis_group(self, name: str, *chassis: str) -> str:
        self.transaction.put(HAChassisGroup(uuid=uuid("ha", name), name=name))
        for priority, one in enumerate(reversed(chassis), 1):
            key = uuid("ha", name, one)
            self.transaction.put(HAChassis(uuid=key, chassis_name=one, priority=priority))
            self.transaction.add(HAChassisGroup.ha_chassis, uuid("ha", name), key)
        return uuid("ha", name)


def chassis(*names: str) -> Database:
    """A southbound with nothing but chassis."""
    database, transaction = Database("southbound"), Transaction()
    for number, name in enumerate(names, 1):
        transaction.put(Chassis(uuid=uuid("chassis", name), name=name, hostname=name, other_config=FEATURES))
        transaction.put(Encap(uuid=uuid("encap", name), type="geneve", ip=f"192.0.2.{number}", chassis_name=name))
        transaction.add(Chassis.encaps, uuid("chassis", name), uuid("encap", name))
    database.apply(transaction)
    return database
