"""What a trace says in a lab: each time somebody has built something that does not work, and undoes it afterwards.

The words are OVN's, the culprit is who dropped the packet, and the cure is a command that can be typed.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import pytest

from tests.service.lab import EXTERNAL, TWO_SWITCHES, Lab, why_not
from tests.service.test_lab import build

pytestmark = pytest.mark.skipif(bool(why_not), reason=f"no real OVN here: {why_not}")

REFUSED = "Dropped by: switch ls2: ACL to-lport 1000 reject: ip4\nCure: ovn-nbctl acl-add ls2 to-lport 1001 "
GROUP = "pg-add pg1 vmb -- acl-add pg1 to-lport 1000 'outport == @pg1 && ip4' drop"
FAR = "lsp-add ls2 ls2-lr1 -- lsp-set-type ls2-lr1 router -- lsp-set-addresses ls2-lr1 router"
SILENT = "lsp-add ls1 ls1-lr1 -- lsp-set-type ls1-lr1 router -- lsp-set-addresses ls1-lr1 router"

TABLE = [
    ("acl-add ls2 to-lport 1000 ip4 reject", "vma vmb --tcp 80", REFUSED, "acl-del ls2"),
    ("acl-add ls2 to-lport 1000 ip4 reject", "vma vmb --udp 80", REFUSED, "acl-del ls2"),
    ("acl-add ls2 to-lport 1000 ip4 reject", "vma vmb", REFUSED, "acl-del ls2"),
    (
        GROUP,
        "vma vmb",
        "Dropped by: port group pg1: ACL to-lport 1000 drop: outport == @pg1 && ip4\n"
        "Cure: ovn-nbctl acl-add pg1 to-lport 1001 'ip4.src == 10.0.0.10 && ip4.dst == 10.0.1.20' allow-related\n"
        "      ovn-nbctl acl-del pg1 to-lport 1000 'outport == @pg1 && ip4'\n",
        "pg-del pg1",
    ),
    (
        "acl-add ls2 to-lport 32767 ip4 drop",
        "vma vmb",
        "Cure: ovn-nbctl acl-del ls2 to-lport 32767 'ip4'\n",
        "acl-del ls2",
    ),
    (
        "lrp-set-enabled lr1-ls2 disabled",
        "vma vmb",
        "Dropped by: logical router port lr1-ls2 is disabled\nCure: ovn-nbctl lrp-set-enabled lr1-ls2 enabled\n",
        "lrp-set-enabled lr1-ls2 enabled",
    ),
    (
        "lrp-set-enabled lr1-ls1 disabled",
        "vma vmb",
        "Dropped by: logical router port lr1-ls1 is disabled\nCure: ovn-nbctl lrp-set-enabled lr1-ls1 enabled\n",
        "lrp-set-enabled lr1-ls1 enabled",
    ),
    (
        "set logical_router lr1 enabled=false",
        "vma vmb",
        "Dropped by: router lr1 is disabled\nCure: ovn-nbctl set logical_router lr1 enabled=true\n",
        "set logical_router lr1 enabled=true",
    ),
    (
        "lsp-set-port-security vma '0a:00:00:00:00:0a 10.0.0.99'",
        "vma vmb",
        "Dropped by: port security of vma does not let 10.0.0.10 through\n"
        "Cure: ovn-nbctl lsp-set-port-security vma '0a:00:00:00:00:0a 10.0.0.99' '0a:00:00:00:00:0a 10.0.0.10'\n",
        "lsp-set-port-security vma",
    ),
    (
        "lsp-set-port-security vmb '0a:00:00:00:00:0b 10.0.1.99'",
        "vma vmb",
        "Dropped by: port security of vmb does not let 10.0.1.20 through\n"
        "Cure: ovn-nbctl lsp-set-port-security vmb '0a:00:00:00:00:0b 10.0.1.99' '0a:00:00:00:00:0b 10.0.1.20'\n",
        "lsp-set-port-security vmb",
    ),
    (
        "lsp-set-options vmb requested-chassis=compute1",
        "vma vmb",
        "Dropped by: logical port vmb is on no chassis: its requested-chassis is compute1\n"
        "Cure: brume ovn unbind vmb; brume ovn bind vmb compute1\n",
        "lsp-set-options vmb",
    ),
    (
        "lsp-del ls2-lr1",
        "vma vmb",
        "Dropped by: no switch port leads to router port lr1-ls2, by which router lr1 sends to 10.0.1.20\n"
        "Cure: ovn-nbctl lsp-add ls2 ls2-lr1-ls2 -- lsp-set-type ls2-lr1-ls2 router",
        f"{FAR} -- lsp-set-options ls2-lr1 router-port=lr1-ls2",
    ),
    (
        "lsp-set-options ls2-lr1 router-port=lr1-ls3",
        "vma vmb",
        "Dropped by: no switch port leads to router port lr1-ls2, by which router lr1 sends to 10.0.1.20\n"
        "Cure: ovn-nbctl lsp-set-options ls2-lr1 router-port=lr1-ls2\n",
        "lsp-set-options ls2-lr1 router-port=lr1-ls2",
    ),
    (
        "clear logical_switch_port ls1-lr1 addresses",
        "vma vmb",
        "Dropped by: no port of switch ls1 has the MAC address 0a:00:00:00:01:01\n"
        "Cure: ovn-nbctl lsp-set-addresses ls1-lr1 router\n",
        "lsp-set-addresses ls1-lr1 router",
    ),
    (
        "lsp-set-addresses vmb",
        "vma vmb",
        "Cure: ovn-nbctl lsp-set-addresses vmb '0a:00:00:00:00:0b 10.0.1.20'\n",
        "lsp-set-addresses vmb '0a:00:00:00:00:0b 10.0.1.20'",
    ),
    (
        "lsp-del ls1-lr1",
        "vma vmb",
        "Dropped by: no port of switch ls1 leads to router port lr1-ls1, which has 10.0.0.1\n"
        "Cure: ovn-nbctl lsp-add ls1 ls1-lr1-ls1 -- lsp-set-type ls1-lr1-ls1 router",
        f"{SILENT} -- lsp-set-options ls1-lr1 router-port=lr1-ls1",
    ),
    (
        "lr-route-add lr1 10.77.0.0/16 discard",
        "vma 10.77.0.1",
        "Dropped by: router lr1: the route to 10.77.0.0/16 discards packets\n"
        "Cure: ovn-nbctl lr-route-del lr1 10.77.0.0/16\n",
        "lr-route-del lr1 10.77.0.0/16",
    ),
    (
        "lrp-del-gateway-chassis lr1-public compute2 -- lrp-set-gateway-chassis lr1-public nobody 1",
        "vma outside",
        "Dropped by: no living chassis has gateway port lr1-public\n"
        "Cure: ovn-nbctl lrp-set-gateway-chassis lr1-public compute1\n",
        "lrp-del-gateway-chassis lr1-public nobody -- lrp-set-gateway-chassis lr1-public compute2 10",
    ),
    (
        "lrp-del-gateway-chassis lr1-public compute2",
        "vma outside",
        "Dropped by: outside has no way back to 10.0.0.10: router lr1 translates it on its gateway chassis only, and"
        " has none\nCure: ovn-nbctl lrp-set-gateway-chassis PORT CHASSIS",
        "lrp-set-gateway-chassis lr1-public compute2 10",
    ),
    (
        "lr-nat-del lr1 snat 10.0.0.0/16",
        "vma outside",
        "Dropped by: outside has no way back to 10.0.0.10: no router translates it\n"
        "Cure: ovn-nbctl lr-nat-add lr1 snat EXTERNAL_ADDRESS 10.0.0.10\n",
        "lr-nat-add lr1 snat 203.0.113.5 10.0.0.0/16",
    ),
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    running = Lab(tmp_path_factory.mktemp("lab"))
    build(running, TWO_SWITCHES, EXTERNAL)
    running.brume("bind vma compute1")
    running.brume("bind vmb compute2")
    yield running
    running.close()


def refused(lab: Lab, words: str) -> str:
    """A trace that must end in a drop; what it says."""
    done = lab.run("trace", *shlex.split(words))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "openstack" not in done.stdout
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.mark.parametrize(("change", "words", "said", "undo"), TABLE, ids=[f"{row[0]}: {row[1]}" for row in TABLE])
def test_a_trace_says_who_and_what_to_type(lab: Lab, change: str, words: str, said: str, undo: str) -> None:
    lab.nbctl(change)
    try:
        assert said in refused(lab, words)
    finally:
        lab.nbctl(undo)
    lab.brume("trace vma vmb")
    lab.brume("trace vma outside")


def test_a_router_refuses_what_is_for_itself(lab: Lab) -> None:
    said = "Dropped by: 10.0.0.1 is router lr1's own address (port lr1-ls1), and it answers nothing but ICMP echo\n"
    assert said in refused(lab, "vma 10.0.0.1 --tcp 22")
    assert said in refused(lab, "vma 10.0.0.1 --udp 53")
    assert "answered by the router that has 10.0.0.1" in lab.brume("trace vma 10.0.0.1")


def test_a_host_that_came_before_the_router(lab: Lab) -> None:
    lab.nbctl("ls-add ls9 -- lsp-add ls9 early -- lsp-set-addresses early '0a:00:00:00:00:09 10.0.9.9'")
    lab.brume("bind early compute1")
    assert "Cure: no router is on switch ls9: ovn-nbctl lrp-add " in refused(lab, "early vmb")
    lab.nbctl("lrp-add lr1 lr1-ls9 0a:00:00:00:09:01 10.0.9.1/24")
    lab.nbctl(
        "lsp-add ls9 ls9-lr1 -- lsp-set-type ls9-lr1 router -- lsp-set-addresses ls9-lr1 router"
        " -- lsp-set-options ls9-lr1 router-port=lr1-ls9"
    )
    cure = "brume ovn exec early ip route add default via 10.0.9.1"
    assert f"Cure: {cure}\n" in refused(lab, "early vmb")
    lab.brume(cure.removeprefix("brume ovn "))
    lab.brume("trace early vmb")
    assert lab.ping("early", "10.0.1.20")


def test_a_card_that_is_not_as_its_port_says(lab: Lab) -> None:
    lab.brume("unbind vmb")
    lab.brume("bind vmb compute2 --mac 0a:00:00:00:00:99")
    said = "Dropped by: vmb takes no frame for 0a:00:00:00:00:0b: its card has 0a:00:00:00:00:99\n"
    assert said in refused(lab, "vma vmb")
    assert not lab.ping("vma", "10.0.1.20")
    lab.brume("unbind vmb")
    lab.brume("bind vmb compute2")
    assert lab.ping("vma", "10.0.1.20")


def test_a_switch_is_called_a_switch(lab: Lab) -> None:
    assert "switch ls1, ingress" in lab.brume("trace vma vmb")


def test_a_gateway_that_moved_is_found_at_once(lab: Lab) -> None:
    """The bridges saw the router on the other chassis; the question's own first packet tells them better."""
    assert lab.ping("vma", "198.51.100.10")
    lab.nbctl("lrp-set-gateway-chassis lr1-public compute1 20")
    try:
        assert "delivered to outside, and the answer comes back" in lab.brume("trace vma outside")
    finally:
        lab.nbctl("lrp-del-gateway-chassis lr1-public compute1")


def test_a_port_deleted_under_its_host(lab: Lab) -> None:
    lab.nbctl("lsp-add ls1 gone -- lsp-set-addresses gone '0a:00:00:00:00:77 10.0.0.77'")
    lab.brume("bind gone compute1")
    lab.nbctl("lsp-del gone")
    said = "Dropped by: there is no logical switch port gone any more\nCure: ovn-nbctl lsp-add SWITCH gone\n"
    assert said in refused(lab, "gone vmb")
    lab.brume("unbind gone")


def test_a_router_that_its_switch_does_not_know(lab: Lab) -> None:
    """Its frames go to the port whose addresses are unknown, and the host there does not take them."""
    lab.nbctl("lsp-add ls1 any -- lsp-set-addresses any unknown -- clear logical_switch_port ls1-lr1 addresses")
    lab.brume("bind any compute1 --mac 0a:00:00:00:00:55 --ip 10.0.0.55/24")
    said = "Dropped by: switch ls1 does not know that ls1-lr1 has the MAC address 0a:00:00:00:01:01\n"
    assert f"{said}Cure: ovn-nbctl lsp-set-addresses ls1-lr1 router\n" in refused(lab, "vma vmb")
    lab.nbctl("lsp-set-addresses ls1-lr1 router")
    lab.brume("unbind any")
    lab.nbctl("lsp-del any")
    lab.brume("trace vma vmb")


def test_the_address_of_a_load_balancer_in_its_clients_network(lab: Lab) -> None:
    """The client looks for it on its own link, where a switch answers for ports only."""
    lab.nbctl("lb-add near 10.0.0.100:80 10.0.1.20:22 tcp -- ls-lb-add ls1 near")
    said = (
        "Dropped by: vma asks for the MAC address of 10.0.0.100, and nobody answers: no router has load balancer near\n"
    )
    assert f"{said}Cure: ovn-nbctl lr-lb-add lr1 near\n" in refused(lab, "vma 10.0.0.100 --tcp 80")
    lab.nbctl("lr-lb-add lr1 near")
    lab.brume("trace vma 10.0.0.100 --tcp 80")
    lab.nbctl("lb-del near")


def test_what_is_dropped_after_load_balancing_is_allowed_there(lab: Lab) -> None:
    lab.nbctl("""--apply-after-lb acl-add ls1 from-lport 900 'inport == "vma" && icmp4' drop""")
    match = "'ip4.src == 10.0.0.10 && ip4.dst == 10.0.1.20'"
    cure = f"--apply-after-lb acl-add ls1 from-lport 901 {match} allow-related"
    assert f"Cure: ovn-nbctl {cure}\n" in refused(lab, "vma vmb")
    lab.nbctl(cure)
    lab.brume("trace vma vmb")
    lab.nbctl("acl-del ls1")


def test_a_router_on_a_chassis_that_is_not_there(lab: Lab) -> None:
    lab.nbctl("ls-add ls8 -- lsp-add ls8 vm8 -- lsp-set-addresses vm8 '0a:00:00:00:08:08 10.0.8.8'")
    lab.nbctl(
        "lr-add lr8 -- set logical_router lr8 options:chassis=nobody -- lrp-add lr8 lr8-a 0a:00:00:00:08:01 10.0.8.1/24"
    )
    lab.nbctl(
        "lsp-add ls8 ls8-lr8 -- lsp-set-type ls8-lr8 router -- lsp-set-addresses ls8-lr8 router"
        " -- lsp-set-options ls8-lr8 router-port=lr8-a"
    )
    lab.brume("bind vm8 compute2")
    cure = "set logical_router lr8 options:chassis=compute1"
    said = f"Dropped by: router lr8 shall be on chassis nobody, which is not there\nCure: ovn-nbctl {cure}\n"
    assert said in refused(lab, "vm8 10.0.8.1")
    lab.nbctl(cure)
    lab.brume("trace vm8 10.0.8.1")


def test_a_host_that_is_not_there_is_named_as_exec_names_it(lab: Lab) -> None:
    lab.nbctl("lsp-add ls1 idle")
    for source, target in (("vma", "idle"), ("idle", "vma")):
        done = lab.run("trace", source, target)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == "Error: nothing is plugged in as idle; first: brume ovn bind idle CHASSIS\n"
    assert "Error: no logical switch port nobody; there are " in lab.run("trace", "vma", "nobody").stderr
    lab.nbctl("lsp-del idle")


def test_flows_are_chosen_as_ovs_ofctl_chooses_them(lab: Lab) -> None:
    lines = lab.brume("flows compute1 br-int table=4").splitlines()  # and not tables 40 to 49, nor jumps to 4
    assert all(" table=4, " in line for line in lines)
    lines = lab.brume("flows compute1 br-int table=33,dl_dst=0a:00:00:00:00:0a").splitlines()
    assert len(lines) == 1
    assert "dl_dst=0a:00:00:00:00:0a" in lines[0]
    for words, said in (("foo=1", "foo: unknown field"), ("table=999", "table=999: not a number from 0 to 0xff")):
        done = lab.run("flows", "compute1", "br-int", words)
        assert (done.returncode, done.stdout, done.stderr) == (1, "", f"Error: FILTER {words}: {said}\n")
    (only,) = lab.brume("flows compute1 br-ex").splitlines()
    assert float(only.partition("duration=")[2].partition("s,")[0]) < 3600


def test_a_network_that_no_chassis_has(lab: Lab) -> None:
    """A typo in network_name: to one host outside, to one who must be asked for first, by a router or by a host."""
    cure = "set logical_switch_port public-net options:network_name=physnet1"
    who = "localnet port public-net leads nowhere: no chassis has the network 'physnet2', they have physnet1\n"
    lab.nbctl("lsp-add public vmp -- lsp-set-addresses vmp '0a:00:00:00:00:31 203.0.113.9'")
    lab.brume("bind vmp compute1")
    assert lab.ping("vma", "198.51.100.10")
    assert "leads nowhere" not in lab.brume("status")
    lab.nbctl("set logical_switch_port public-net options:network_name=physnet2")
    for words in ("vma outside", "vma 203.0.113.77", "vmp outside", "vmp 203.0.113.77"):
        assert f"Dropped by: {who}Cure: ovn-nbctl {cure}\n" in refused(lab, words)
    uuid = lab.nbctl("--bare --columns=_uuid find logical_switch_port name=public-net").strip()
    assert f"Logical_Switch_Port {uuid}: {who}" in lab.brume("status")
    lab.nbctl(cure)
    assert "leads nowhere" not in lab.brume("status")
    assert "nobody answers" in refused(lab, "vma 203.0.113.77")
    lab.brume("trace vma outside")
    lab.brume("unbind vmp")
    lab.nbctl("lsp-del vmp")


@pytest.mark.parametrize(
    ("port", "address", "words"),
    [
        ("lr1-ls2", "10.0.1.77", "vma 10.0.1.77"),
        ("lr1-public", "203.0.113.1", "vma outside"),
        ("lr1-public", "203.0.113.1", "vmb outside"),
    ],
)
def test_a_neighbour_that_was_given_a_wrong_mac(lab: Lab, port: str, address: str, words: str) -> None:
    """On a switch that knows all its ports, behind a localnet port on another chassis, and on this one."""
    lab.nbctl(f"static-mac-binding-add {port} {address} 0a:00:00:00:00:99")
    row = lab.nbctl("--bare --columns=_uuid find static_mac_binding").strip()
    lab.nbctl(f"set static_mac_binding {row} override_dynamic_mac=true")
    said = f"static MAC binding of {port}: {address} is at 0a:00:00:00:00:99, which nobody there has\n"
    cure = f"static-mac-binding-del {port} {address}"
    try:
        assert f"Dropped by: {said}Cure: ovn-nbctl {cure}\n" in refused(lab, words)
    finally:
        lab.nbctl(cure)
    lab.brume("trace vma outside")
    assert "static" not in refused(lab, "vma 10.0.1.77")
