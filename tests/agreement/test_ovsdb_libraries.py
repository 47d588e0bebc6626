"""The libraries that OpenStack uses on our server and on a real ovsdb-server: ovsdbapp, and Open vSwitch's Python IDL.

ovsdbapp runs with the `ovs` of PyPI in this process; the IDL of the distribution (`python3-openvswitch`, whose JSON
parser is in C) runs as a program of its own, `idl_program.py`.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.agreement.ovn_lab import OVN, why_not
from tests.agreement.tool_sides import NB, SB, UUID, Side, both_sides, without_uuids

NOT_HERE = why_not()
pytestmark = pytest.mark.skipif(bool(NOT_HERE), reason=f"no real OVN here: {NOT_HERE}")
Json = Any
SYSTEM_PYTHON = "/usr/bin/python3"
IDL_PROGRAM = Path(__file__).parent / "idl_program.py"


@pytest.fixture(scope="module")
def sides() -> Iterator[tuple[Side, Side]]:
    with both_sides() as found:
        yield found


def no_distribution_idl() -> str:
    """Why the distribution's IDL cannot run; empty if it can."""
    if not Path(SYSTEM_PYTHON).exists():
        return f"no {SYSTEM_PYTHON}"
    imported = subprocess.run([SYSTEM_PYTHON, "-c", "import ovs.db.idl"], check=False, capture_output=True)
    return "python3-openvswitch is not installed" if imported.returncode else ""


@pytest.mark.skipif(bool(no_distribution_idl()), reason=no_distribution_idl())
def test_the_python_idl_sees_the_same(sides: tuple[Side, Side]) -> None:
    ours, theirs = (seen_by_the_idl(side) for side in sides)
    assert ours == theirs
    assert '["watcher", "be slower", "try again", ""]' in ours
    assert '["watcher", "without the lock", "not locked", ""]' in ours


def seen_by_the_idl(side: Side) -> list[str]:
    done = side.raw(SYSTEM_PYTHON, str(IDL_PROGRAM), side.remote, str(OVN / "ovn-nb.ovsschema"))
    assert done.returncode == 0, done.stderr
    return without_uuids(done.stdout).splitlines()


@contextmanager
def connected(side: Side, database: str) -> Iterator[Any]:
    from ovsdbapp.backend.ovs_idl.connection import Connection, OvsdbIdl

    connection = Connection(OvsdbIdl.from_server(side.remote, database), timeout=20)
    try:
        yield connection
    finally:
        connection.stop()


# The name of a method, and what it is given.
NORTHBOUND_CALLS: list[tuple[str, list[Any], dict[str, Any]]] = [
    ("db_create", ["NB_Global"], {"name": "here"}),
    ("ls_add", ["left"], {"external_ids": {"neutron:network_name": "net"}}),
    ("ls_add", ["left"], {}),
    ("ls_add", ["left"], {"may_exist": True}),
    ("ls_add", ["right"], {"other_config": {"mcast_snoop": "false"}}),
    ("ls_list", [], {}),
    ("ls_get", ["left"], {}),
    ("ls_get", ["nowhere"], {}),
    ("lsp_add", ["left", "vma"], {"addresses": ["00:00:00:00:00:01 10.0.0.1"], "external_ids": {"a": "b"}}),
    ("lsp_add", ["left", "vma"], {}),
    ("lsp_add", ["left", "child"], {"parent_name": "vma", "tag": 7}),
    ("lsp_add", ["nowhere", "vmb"], {}),
    ("lsp_add", ["right", "vmb"], {"type": "virtual", "options": {"virtual-ip": "10.0.0.9"}}),
    ("lsp_list", ["left"], {}),
    ("lsp_list", [], {}),
    ("lsp_get_parent", ["child"], {}),
    ("lsp_get_tag", ["child"], {}),
    ("lsp_set_addresses", ["vma", ["unknown"]], {}),
    ("lsp_get_addresses", ["vma"], {}),
    ("lsp_set_port_security", ["vma", ["00:00:00:00:00:01"]], {}),
    ("lsp_get_port_security", ["vma"], {}),
    ("lsp_get_up", ["vma"], {}),
    ("lsp_set_enabled", ["vma", False], {}),
    ("lsp_get_enabled", ["vma"], {}),
    ("lsp_set_type", ["vma", "localnet"], {}),
    ("lsp_set_options", ["vma"], {"network_name": "physnet1"}),
    ("lsp_get_options", ["vma"], {}),
    ("ls_get_localnet_ports", ["left"], {}),
    ("dhcp_options_add", ["10.0.0.0/24"], {"owner": "me"}),
    ("dhcp_options_list", [], {}),
    ("acl_add", ["left", "to-lport", 1000, "ip4 && tcp", "drop"], {"owner": "me"}),
    ("acl_add", ["left", "to-lport", 1000, "ip4 && tcp", "drop"], {}),
    ("acl_add", ["left", "sideways", 1000, "ip4 && tcp", "drop"], {}),
    ("acl_add", ["left", "from-lport", 900, "ip6", "allow-related"], {"log": True}),
    ("acl_list", ["left"], {}),
    ("acl_del", ["left", "from-lport"], {}),
    ("pg_add", ["web"], {"external_ids": {"sg": "1"}}),
    ("pg_add", ["web"], {}),
    ("pg_add_ports", ["web", ["vma", "vmb"]], {}),
    ("pg_del_ports", ["web", ["vmb"]], {}),
    ("pg_acl_add", ["web", "from-lport", 100, "inport == @web", "allow"], {"severity": "info", "name": "told"}),
    ("pg_acl_list", ["web"], {}),
    ("address_set_add", ["as1", ["10.0.0.1", "10.0.0.2"]], {}),
    ("address_set_add_addresses", ["as1", ["10.0.0.3"]], {}),
    ("address_set_remove_addresses", ["as1", ["10.0.0.1"]], {}),
    ("address_set_get", ["as1"], {}),
    ("qos_add", ["left", "from-lport", 100, "ip4"], {"rate": 1000, "burst": 100}),
    ("qos_add", ["left", "to-lport", 100, "ip4"], {"dscp": 12}),
    ("qos_list", ["left"], {}),
    ("lr_add", ["edge"], {"external_ids": {"neutron:router_name": "r"}}),
    ("lrp_add", ["edge", "out", "00:00:00:00:00:05", ["172.16.0.1/24"]], {"external_ids": {"a": "b"}}),
    ("lrp_add", ["edge", "out", "00:00:00:00:00:05", ["172.16.0.1/24"]], {}),
    ("lrp_add", ["edge", "bad", "00:00:00:00:00:05", ["not an address"]], {}),
    ("lrp_set_enabled", ["out", False], {}),
    ("lrp_set_options", ["out"], {"redirect-type": "bridged"}),
    ("lrp_set_gateway_chassis", ["out", "compute1", 20], {}),
    ("lrp_get_gateway_chassis", ["out"], {}),
    ("lrp_add_networks", ["out", ["172.16.1.1/24"]], {}),
    ("lrp_list", ["edge"], {}),
    ("lr_route_add", ["edge", "0.0.0.0/0", "172.16.0.254"], {"port": "out"}),
    ("lr_route_add", ["edge", "10.1.0.0/16", "172.16.0.253"], {"ecmp": True}),
    ("lr_route_list", ["edge"], {}),
    ("lr_nat_add", ["edge", "snat", "172.16.0.1", "10.0.0.0/24"], {}),
    ("lr_nat_add", ["edge", "dnat_and_snat", "172.16.0.3", "10.0.0.3", "vma", "00:00:00:00:00:44"], {}),
    ("lr_nat_list", ["edge"], {}),
    ("lr_nat_del", ["edge", "snat"], {}),
    ("lb_add", ["lb", "10.0.0.10:80", ["10.0.0.1:80", "10.0.0.2:80"]], {}),
    ("ls_lb_add", ["left", "lb"], {}),
    ("lr_lb_add", ["edge", "lb"], {}),
    ("lb_add_health_check", ["lb", "10.0.0.10:80"], {"interval": "5"}),
    ("ls_lb_list", ["left"], {}),
    ("lb_del", ["lb", "10.0.0.99:80"], {}),
    ("dns_add", [], {"records": {"host": "10.0.0.1"}}),
    ("dns_list", [], {}),
    ("ha_chassis_group_add", ["group"], {}),
    ("ha_chassis_group_add_chassis", ["group", "compute1"], {"priority": 10}),
    ("ha_chassis_group_get", ["group"], {}),
    ("meter_add", ["slow", "pktps", 5], {"burst_size": 3}),
    ("meter_list", [], {}),
    ("db_set", ["Logical_Switch", "left", ("other_config", {"subnet": "10.0.0.0/24"})], {}),
    ("db_add", ["Logical_Switch", "left", "external_ids", {"x": "y"}], {}),
    ("db_remove", ["Logical_Switch", "left", "external_ids", "x"], {}),
    ("db_get", ["Logical_Switch", "left", "external_ids"], {}),
    ("db_find", ["Logical_Switch", ("name", "=", "left")], {}),
    ("db_find", ["Logical_Switch_Port", ("tag", "=", [7])], {}),
    ("db_list", ["Logical_Switch_Port"], {"columns": ["name", "tag", "addresses"]}),
    ("db_clear", ["Logical_Switch", "left", "other_config"], {}),
    ("db_set", ["Logical_Switch_Port", "vma", ("tag", 9999)], {}),
    ("db_set", ["Logical_Switch_Port", "vma", ("colour", "blue")], {}),
    ("lsp_del", ["child"], {}),
    ("lsp_del", ["child"], {}),
    ("lsp_del", ["child"], {"if_exists": True}),
    ("ls_del", ["right"], {}),
    ("ls_del", ["right"], {}),
]
SOUTHBOUND_CALLS: list[tuple[str, list[Any], dict[str, Any]]] = [
    ("db_create", ["SB_Global"], {}),
    ("chassis_add", ["compute1", ["geneve"], "192.0.2.1"], {"hostname": "here"}),
    ("chassis_add", ["compute1", ["geneve"], "192.0.2.1"], {}),
    ("chassis_add", ["compute2", ["geneve", "vxlan"], "192.0.2.2"], {"may_exist": True}),
    ("chassis_list", [], {}),
    ("db_create", ["Datapath_Binding"], {"tunnel_key": 1, "external_ids": {"name": "left"}}),
    ("db_create", ["Datapath_Binding"], {"tunnel_key": 1}),
    ("lsp_bind", ["nothing", "compute1"], {}),
    ("db_set", ["Chassis", "compute1", ("other_config", {"a": "b"})], {}),
    ("db_list", ["Chassis"], {"columns": ["name", "hostname", "other_config"]}),
    ("db_find", ["Encap", ("type", "=", "vxlan")], {"columns": ["ip", "chassis_name"]}),
    ("chassis_del", ["compute1"], {}),
    ("chassis_del", ["compute1"], {}),
    ("chassis_del", ["compute1"], {"if_exists": True}),
]


def called(api: Any, calls: list[tuple[str, list[Any], dict[str, Any]]]) -> list[Any]:
    """What each call gives, or the error it ends with."""
    found = []
    for method, given, named in calls:
        try:
            result = getattr(api, method)(*given, **named).execute(check_error=True)
        except Exception as error:
            found.append([method, given, f"{type(error).__name__}: {plain_text(error)}"])
        else:
            found.append([method, given, plain(result)])
    return found


def plain_text(error: Exception) -> str:
    return without_uuids(str(error)).split(" at 0x")[0]


def plain(value: Any) -> Any:
    """A result without uuids, whatever ovsdbapp wrapped it in; what came in the order of uuids is sorted."""
    if hasattr(value, "_data") or hasattr(value, "_row"):
        return f"row {getattr(value, 'name', '')}"
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return sorted(map(plain, value), key=str)
    return UUID.sub("<uuid>", str(value))


@pytest.mark.parametrize(("database", "calls"), [(NB, NORTHBOUND_CALLS), (SB, SOUTHBOUND_CALLS)], ids=[NB, SB])
def test_ovsdbapp_does_the_same(database: str, calls: list[tuple[str, list[Any], dict[str, Any]]]) -> None:
    pytest.importorskip("ovsdbapp", reason="ovsdbapp is not installed (it is in the extra `test`)")
    from ovsdbapp.schema.ovn_northbound.impl_idl import OvnNbApiIdlImpl
    from ovsdbapp.schema.ovn_southbound.impl_idl import OvnSbApiIdlImpl

    make = OvnNbApiIdlImpl if database == NB else OvnSbApiIdlImpl
    with both_sides() as both:
        said = []
        for side in both:
            with connected(side, database) as connection:
                # A class of ovsdbapp's API has one connection: each side has a class of its own.
                api = type(side.name, (make,), {"_ovsdb_connection": None})(connection)
                said.append(called(api, calls))
        for ours, theirs in zip(*said, strict=True):
            assert ours == theirs
        assert both[0].contents(database) == both[1].contents(database)


def test_events_of_ovsdbapp_are_the_same() -> None:
    """A row event that waits for what another client does, as Neutron's agents wait."""
    pytest.importorskip("ovsdbapp", reason="ovsdbapp is not installed (it is in the extra `test`)")
    with both_sides() as both:
        ours, theirs = (events(side) for side in both)
    assert ours == theirs
    assert len(ours) == 3


def events(side: Side) -> list[Any]:
    from ovsdbapp.backend.ovs_idl.event import RowEvent, WaitEvent
    from ovsdbapp.event import RowEventHandler

    seen: list[Any] = []

    class Heard(RowEvent):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__((self.ROW_CREATE, self.ROW_UPDATE, self.ROW_DELETE), "Logical_Switch", None)

        def run(self, event: str, row: Any, old: Any) -> None:
            seen.append([event, row.name, {name: plain(getattr(old, name)) for name in getattr(old, "_data", {})}])

    class Gone(WaitEvent):  # type: ignore[misc]
        ONETIME = True

    with connected(side, NB) as connection:
        handler = RowEventHandler()
        connection.idl.notify = handler.notify
        gone = Gone((Gone.ROW_DELETE,), "Logical_Switch", (("name", "=", "renamed"),), timeout=20)
        handler.watch_events([Heard(), gone])
        connection.start()
        for command in (["ls-add", "left"], ["set", "Logical_Switch", "left", "name=renamed"], ["ls-del", "renamed"]):
            assert side.raw("ovn-nbctl", *command).returncode == 0
        assert gone.wait()
        handler.shutdown()
    return seen
