"""After any random changes, also of names, limits, mirrors, groups and what chassis see: incremental equals full."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule
from msgspec.structs import replace

from brume.northbound.schema import LogicalSwitch, Meter, QoS
from brume.southbound.schema import DatapathBinding, IGMPGroup, MulticastGroup, port_binding_by_logical_port
from brume.tables.database import Transaction
from brume.tables.map import Map
from tests.southbound.builder import uuid
from tests.southbound.test_incremental_equals_full import Machine, numbers, switches

GROUPS = ("239.1.1.1", "ff0e::1", "mrouters")
WHERE = Map({"virtual-ip": "10.0.0.1", "virtual-parents": "vm0,vm1,vm2"})


class SwitchFeatures(Machine):
    def __init__(self) -> None:
        super().__init__()
        self.southbound.subscribe(self.compiler.observe)

    @rule(switch=switches, number=numbers, enabled=st.booleans())
    def put_virtual_port(self, switch: str, number: int, enabled: bool) -> None:
        for other in ("red", "blue"):
            self.forget(LogicalSwitch.ports, uuid("switch", other), uuid("port", f"vm{number}"))
        address = f"fa:16:3e:00:00:{number:02x} 10.0.0.1"
        self.build.port(switch, f"vm{number}", address, type="virtual", enabled=enabled, options=WHERE)

    @rule(number=numbers, parent=st.sampled_from(["vm0", "vm1", "nobody", None]))
    def see(self, number: int, parent: str | None) -> None:
        """A chassis says where a port is, virtual or not."""
        for row in self.southbound.find(port_binding_by_logical_port, f"vm{number}"):
            transaction = Transaction()
            here = uuid("chassis", "compute1") if parent else None
            transaction.put(replace(row, chassis=here, virtual_parent=parent))
            self.southbound.apply(transaction)

    @rule(name=switches, records=st.booleans(), joins=st.booleans())
    def put_names(self, name: str, records: bool, joins: bool) -> None:
        key = self.build.dns("names", **({"vm_org": "10.0.0.1"} if records else {}))
        if joins:
            self.build.transaction.add(LogicalSwitch.dns_records, uuid("switch", name), key)
        else:
            self.forget(LogicalSwitch.dns_records, uuid("switch", name), key)

    @rule(name=switches, priority=numbers, dscp=st.sampled_from([-1, 46]), rate=st.sampled_from([0, 1, 2]))
    def put_limit(self, name: str, priority: int, dscp: int, rate: int) -> None:
        self.build.qos(name, "to-lport", "ip4.src == $pg_one_ip4", priority, dscp, **({"rate": rate} if rate else {}))

    @rule(name=switches, priority=numbers)
    def delete_limit(self, name: str, priority: int) -> None:
        key = uuid("qos", name, "to-lport", "ip4.src == $pg_one_ip4", str(priority))
        self.delete(QoS, key)
        self.forget(LogicalSwitch.qos_rules, uuid("switch", name), key)

    @rule(name=switches, number=numbers, meter=st.sampled_from([None, "few", "nothing"]))
    def put_logging_acl(self, name: str, number: int, meter: str | None) -> None:
        self.build.acl(uuid("switch", name), "to-lport", "outport == @pg_two", "drop", number, log=True, meter=meter)

    @rule(fair=st.booleans(), rate=st.integers(1, 3))
    def put_meter(self, fair: bool, rate: int) -> None:
        self.build.meter("few", (rate, 0), fair=fair)

    @rule()
    def delete_meter(self) -> None:
        self.delete(Meter, uuid("meter", "few"))
        for rate in (1, 2, 3):
            self.forget(Meter.bands, uuid("meter", "few"), uuid("band", "few", str(rate), "0"))

    @rule(name=switches, number=numbers, liveness=st.booleans())
    def put_forwarding_group(self, name: str, number: int, liveness: bool) -> None:
        self.build.forwarding_group(name, "10.0.0.99", "00:11:22:33:44:55", f"vm{number}", liveness=liveness)

    @rule(number=numbers, mirrored=st.booleans())
    def put_mirror(self, number: int, mirrored: bool) -> None:
        self.build.mirror("copies", *([f"vm{number}"] if mirrored else []))

    @rule(name=switches, snoops=st.booleans(), floods=st.booleans())
    def snoop(self, name: str, snoops: bool, floods: bool) -> None:
        config = {"mcast_snoop": str(snoops).lower(), "mcast_flood_unregistered": str(floods).lower()}
        self.build.switch(name, **config)

    @rule(relays=st.booleans())
    def relay(self, relays: bool) -> None:
        self.build.router("router", mcast_relay=str(relays).lower())

    @rule(
        name=switches,
        number=numbers,
        address=st.sampled_from(["239.1.1.1", "ff0e::1", "mrouters"]),
        joins=st.booleans(),
    )
    def join(self, name: str, number: int, address: str, joins: bool) -> None:
        """A chassis writes who joined, or what is left of it."""
        key, transaction = uuid("igmp", name, address), Transaction()
        ports = {row.uuid for row in self.southbound.find(port_binding_by_logical_port, f"vm{number}")}
        if joins and ports and self.southbound.get(DatapathBinding, uuid("switch", name)) is not None:
            here = uuid("chassis", "compute1")
            transaction.put(IGMPGroup(uuid=key, address=address, datapath=uuid("switch", name), chassis=here))
            for port in ports:
                transaction.add(IGMPGroup.ports, key, port)
        else:
            transaction.delete(IGMPGroup, key)
            for port in self.southbound.members(IGMPGroup.ports, key):
                transaction.remove(IGMPGroup.ports, key, port)
        self.southbound.apply(transaction)

    def observed(self) -> Transaction:
        """Who joined is not the compiler's to make: the fresh southbound is told of it, too."""
        told = super().observed()
        for row_type in (IGMPGroup, MulticastGroup):
            for row in self.southbound.rows(row_type):
                told.put(row)
        for member in self.southbound.all_members(IGMPGroup.ports):
            told.add(*member)
        return told


TestIncrementalEqualsFull = SwitchFeatures.TestCase
TestIncrementalEqualsFull.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)
