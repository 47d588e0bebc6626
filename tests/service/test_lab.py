"""The pure OVN lab: a network built with the real ovn-nbctl, hosts plugged in, pinged, traced; and kept."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from tests.agreement.ovsdb_server import end, start
from tests.service.lab import EXTERNAL, FREE_PORTS, TWO_SWITCHES, Lab, why_not
from tests.service.process import BRUME, PATIENCE, brume

pytestmark = pytest.mark.skipif(bool(why_not), reason=f"no real OVN here: {why_not}")

DHCP = """
ls-add ls3 -- set logical_switch ls3 other_config:subnet=10.0.3.0/24 other_config:exclude_ips=10.0.3.2..10.0.3.49
lrp-add lr1 lr1-ls3 0a:00:00:00:04:01 10.0.3.1/24
lsp-add ls3 ls3-lr1 -- lsp-set-type ls3-lr1 router -- lsp-set-addresses ls3-lr1 router
lsp-set-options ls3-lr1 router-port=lr1-ls3
lsp-add ls3 vmc -- lsp-set-addresses vmc dynamic
"""


def build(lab: Lab, *texts: str) -> None:
    """Run each line as one ovn-nbctl command."""
    for text in texts:
        for line in text.strip().splitlines():
            lab.nbctl(line)


def tunnel_keys(lab: Lab) -> dict[str, tuple[str, str]]:
    """Datapath and key of every port, as the real ovn-sbctl reads them."""
    table = json.loads(lab.sbctl("--format=json --columns=logical_port,datapath,tunnel_key list port_binding"))
    return {name: (str(datapath), key) for name, datapath, key in table["data"]}


def test_a_network_by_hand_answers_and_is_kept(tmp_path, lab) -> None:
    """The founding documents' lab: LS1, LR1, LS2, from the first command to a restart and to kill -9."""
    running = lab(tmp_path / "state")
    build(running, TWO_SWITCHES)
    assert "vma is up on compute1: 0a:00:00:00:00:0a 10.0.0.10/24 via 10.0.0.1" in running.brume("bind vma compute1")
    running.brume("bind vmb compute2")
    assert running.ping("vma", "10.0.1.20")
    assert running.nbctl("lsp-get-up vma").strip() == "up"
    shown = running.sbctl("show")
    assert re.search(r"Chassis compute2\n.*Port_Binding vmb", shown, re.DOTALL)
    trace = running.brume("trace vma vmb --tcp 22")
    assert "delivered to vmb on compute2" in trace
    assert "<- Logical_Router_Port lr1-ls2" in trace
    keys = tunnel_keys(running)

    code = running.run("down")
    assert code.returncode == 0
    running.close()
    again = lab(tmp_path / "state")
    assert tunnel_keys(again) == keys
    assert again.ping("vma", "10.0.1.20")
    again.nbctl("lsp-add ls1 late -- lsp-set-addresses late '0a:00:00:00:00:0c 10.0.0.12'")
    again.brume("bind late compute2")
    keys = tunnel_keys(again)

    again.kill()
    third = lab(tmp_path / "state")
    assert tunnel_keys(third) == keys
    assert third.ping("late", "10.0.1.20")
    assert third.ping("vmb", "10.0.0.12")
    third.brume("unbind late")
    assert third.is_silent("vmb", "10.0.0.12")
    assert third.nbctl("lsp-get-up late").strip() == "down"


def test_acls_decide(tmp_path, lab) -> None:
    running = lab(tmp_path)
    build(running, TWO_SWITCHES)
    running.brume("bind vma compute1")
    running.brume("bind vmb compute2")
    running.nbctl("acl-add ls2 to-lport 1000 ip4 drop")
    assert running.is_silent("vma", "10.0.1.20")
    refused = running.run("trace", "vma", "vmb")
    assert refused.returncode == 1
    assert "to-lport 1000 drop: ip4" in refused.stdout
    running.nbctl("acl-add ls2 to-lport 1001 'ip4.src == 10.0.0.10 && icmp4' allow-related")
    assert running.ping("vma", "10.0.1.20")
    running.nbctl("acl-del ls2")
    assert running.ping("vma", "10.0.1.20")


def test_outside_through_a_gateway(tmp_path, lab) -> None:
    running = lab(tmp_path)
    build(running, TWO_SWITCHES, EXTERNAL)
    running.brume("bind vma compute1")
    running.brume("bind vmb compute1")
    assert "203.0.113.1/24" in running.brume("exec outside ip addr")
    assert running.ping("vma", "198.51.100.10"), "SNAT"
    assert running.ping("outside", "203.0.113.20"), "dnat_and_snat"
    assert running.ping("outside", "203.0.113.5"), "the router itself"
    assert "delivered to vmb" in running.brume("trace outside vmb --tcp 80")
    running.nbctl("lr-nat-del lr1 snat")
    assert running.is_silent("vma", "198.51.100.10")


def test_addresses_by_dhcp_and_by_asking_the_switch(tmp_path, lab) -> None:
    running = lab(tmp_path)
    build(running, TWO_SWITCHES, DHCP)
    assert running.nbctl("get logical_switch_port vmc dynamic_addresses").strip().endswith(' 10.0.3.50"')
    running.nbctl("dhcp-options-create 10.0.3.0/24")
    options = running.nbctl("--bare --columns=_uuid find dhcp_options cidr=10.0.3.0/24").strip()
    running.nbctl(
        f"dhcp-options-set-options {options} lease_time=3600 router=10.0.3.1 server_id=10.0.3.1 "
        "server_mac=0a:00:00:00:04:02"
    )
    running.nbctl(f"lsp-set-dhcpv4-options vmc {options}")
    assert "asks by DHCP" in running.brume("bind vmc compute2")
    running.brume("bind vma compute1")
    assert running.ping("vma", "10.0.3.50")
    assert "inet 10.0.3.50/24" in running.brume("exec vmc ip addr")
    assert "default via 10.0.3.1" in running.brume("exec vmc ip route")


def test_real_ovn_trace_sees_what_our_compiler_wrote(tmp_path, lab) -> None:
    running = lab(tmp_path)
    build(running, TWO_SWITCHES)
    packet = (
        'inport == "vma" && eth.src == 0a:00:00:00:00:0a && eth.dst == 0a:00:00:00:01:01 '
        "&& ip4.src == 10.0.0.10 && ip4.dst == 10.0.1.20 && ip.ttl == 64 && icmp4.type == 8"
    )
    traced = running.tool("ovn-trace", "--minimal", "ls1", packet)
    assert traced.rstrip().endswith('output("vmb");')
    assert "ip.ttl--;" in traced


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("bind vmz compute1", "no logical switch port vmz; there are bare, vma, vmb"),
        ("bind vma compute9", "no chassis compute9; there are compute1, compute2"),
        ("bind ls1-lr1 compute1", "logical switch port ls1-lr1 is of type router: no host is plugged in there"),
        ("bind vma compute1 --mac nonsense", "--mac nonsense: "),
        ("bind vma compute1 --ip 10.0.0.300", "--ip 10.0.0.300: "),
        ("bind vma compute1 --gateway here", "--gateway here: "),
        ("bind bare compute1", "logical switch port bare has no MAC address; say one with --mac (and --ip)"),
        ("bind outside compute1", "outside is the host behind the physical network"),
        ("unbind vma", "vma is not bound; nothing is"),
        ("exec vma ip addr", "nothing is plugged in as vma; first: brume ovn bind vma CHASSIS"),
        ("trace vma vmb", "nothing is plugged in as vma; first: brume ovn bind vma CHASSIS"),
        ("trace vmz vmb", "no logical switch port vmz; there are bare, vma, vmb"),
        ("flows compute9", "no node compute9; there are compute1, compute2"),
    ],
)
def test_what_cannot_be_done_is_said(mistakes, words, said) -> None:
    done = mistakes.run(*words.split())
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def mistakes(tmp_path_factory):
    """A lab for those who mistake themselves."""
    running = Lab(tmp_path_factory.mktemp("mistakes"))
    build(running, TWO_SWITCHES, "lsp-add ls1 bare")
    yield running
    running.close()


def test_a_port_is_bound_once(tmp_path, lab) -> None:
    running = lab(tmp_path)
    build(running, TWO_SWITCHES)
    running.brume("bind vma compute1")
    assert "vma is bound there already" in running.run("bind", "vma", "compute1").stderr
    assert (
        "vma is bound on compute1 already; first: brume ovn unbind vma" in running.run("bind", "vma", "compute2").stderr
    )
    running.brume("unbind vma")
    running.brume("bind vma compute2")
    assert "port vma: on compute2, up" in running.brume("status")


def test_a_host_with_an_address_of_its_own(tmp_path, lab) -> None:
    """`unknown` addresses: whoever plugs the host in says what it is."""
    running = lab(tmp_path)
    build(running, TWO_SWITCHES, "lsp-add ls1 any -- lsp-set-addresses any unknown")
    running.brume("bind vma compute1")
    said = running.brume("bind any compute2 --mac 0a:00:00:00:00:77 --ip 10.0.0.77")
    assert "0a:00:00:00:00:77 10.0.0.77/24 via 10.0.0.1" in said
    assert running.ping("any", "10.0.0.10")
    assert running.ping("vma", "10.0.0.77")


def test_a_port_that_another_chassis_is_meant_for(tmp_path, lab) -> None:
    running = lab(tmp_path)
    build(running, TWO_SWITCHES, "lsp-set-options vma requested-chassis=compute2")
    done = running.run("bind", "vma", "compute1")
    assert done.returncode == 1
    cure = "ovn-nbctl remove logical_switch_port vma options requested-chassis"
    assert f"vma: plugged in on compute1, but not up: its requested-chassis is compute2; first: {cure}" in done.stdout
    trace = running.run("trace", "vma", "10.0.0.1").stdout
    assert "Dropped by: vma's host is on compute1, its requested-chassis is compute2\n" in trace
    assert "Cure: brume ovn unbind vma; brume ovn bind vma compute2\n" in trace
    assert f"port vma: on compute1, not up: its requested-chassis is compute2; first: {cure}; " in running.brume(
        "status"
    )
    running.nbctl("lsp-add ls1 everywhere -- lsp-set-type everywhere localport")
    running.nbctl("lsp-set-addresses everywhere '0a:00:00:00:00:0e 10.0.0.14'")
    assert "everywhere is up on compute2" in running.brume("bind everywhere compute2")  # and no chassis claims it


def test_a_wrong_match_is_told_by_the_row_that_has_it(tmp_path, lab) -> None:
    """The flows that are made of it have the fault; their uuids mean nothing to who wrote the match."""
    running = lab(tmp_path)
    build(running, TWO_SWITCHES)
    running.nbctl("acl-add ls1 to-lport 500 'ip4' allow-related -- acl-add ls2 from-lport 400 'icmp44' drop")
    running.nbctl("acl-add ls1 to-lport 500 'ip4.dst = 10.0.0.1' drop -- qos-add ls1 to-lport 3 'tcp.dst ==' rate=9")
    running.nbctl("lr-policy-add lr1 7 'inport == 5' drop")
    told = [line for line in running.brume("status").splitlines() if line.startswith("not derived")]
    assert sorted(" ".join(line.split()[2:3] + line.split()[4:]) for line in told) == [
        "ACL Syntax error at `=' expecting relational operator. (in to-lport 500 drop: ip4.dst = 10.0.0.1)",
        "ACL Syntax error at `icmp44' expecting field name. (in from-lport 400 drop: icmp44)",
        "Logical_Router_Policy String field inport is not compatible with integer constant. (in 7 drop: inport == 5)",
        "QoS Syntax error at end of input expecting constant. (in to-lport 3: tcp.dst ==)",
    ]
    assert running.tool("ovn-nbctl", "get", "acl", told[0].split()[3].rstrip(":"), "priority") in ("400\n", "500\n")


def test_a_wrong_dhcp_option_is_told_by_the_options(tmp_path, lab) -> None:
    """Two ports refer to them, and have no fault."""
    running = lab(tmp_path)
    build(running, TWO_SWITCHES)
    running.nbctl("dhcp-options-create 10.0.0.0/24 -- lsp-add ls1 vmc")
    running.nbctl("lsp-set-addresses vmc '0a:00:00:00:00:0c 10.0.0.12'")
    options = running.nbctl("--bare --columns=_uuid find dhcp_options").strip()
    needed = "lease_time=3600 server_id=10.0.0.1 server_mac=0a:00:00:00:01:01"
    running.nbctl(f"lsp-set-dhcpv4-options vma {options} -- lsp-set-dhcpv4-options vmc {options}")
    running.nbctl(f"dhcp-options-set-options {options} {needed} rooter=10.0.0.1")
    said = "Syntax error at `rooter' expecting DHCPv4 option name. (in 10.0.0.0/24)"
    told = [line for line in running.brume("status").splitlines() if line.startswith("not derived")]
    assert told == [f"not derived: DHCP_Options {options}: {said}"]
    running.nbctl(f"dhcp-options-set-options {options} {needed} router=10.0.0.1")
    assert "not derived" not in running.brume("status")


def test_a_port_is_up_where_it_is_bound(tmp_path, lab) -> None:
    """Another chassis has it, and is up: `bind` waits for the claim of the one it was told."""
    running = lab(tmp_path)
    build(running, TWO_SWITCHES)
    running.sbctl("chassis-add far geneve 192.0.2.9 -- lsp-bind vma far -- set port_binding vma up=true")
    assert "vma is up on compute1" in running.brume("bind vma compute1")
    claimed = running.sbctl("--bare --columns=chassis find port_binding logical_port=vma")
    assert claimed == running.sbctl("--bare --columns=_uuid find chassis name=compute1")


def test_fewer_chassis_after_a_restart(tmp_path, lab) -> None:
    """The port of a chassis that is gone is down, and nobody waits for that chassis."""
    running = lab(tmp_path, "--chassis", "3", *FREE_PORTS)
    build(running, TWO_SWITCHES)
    running.brume("bind vma compute1")
    running.brume("bind vmb compute3")
    running.kill()
    smaller = lab(tmp_path, "--chassis", "2", *FREE_PORTS)
    assert smaller.nbctl("lsp-get-up vmb").strip() == "down"
    assert "compute3" not in smaller.sbctl("show")
    assert "port vmb: on compute3, no such chassis in this lab" in smaller.brume("status")
    smaller.brume("unbind vmb")
    smaller.brume("bind vmb compute2")
    assert smaller.ping("vma", "10.0.1.20")


@pytest.mark.parametrize(
    ("change", "words", "said"),
    [
        (
            "acl-add ls2 to-lport 1000 icmp4 drop",
            "vma vmb",
            "Dropped by: switch ls2: ACL to-lport 1000 drop: icmp4\nCure: ovn-nbctl acl-add ls2 to-lport 1001 ",
        ),
        (
            "lsp-set-enabled vmb disabled",
            "vma vmb",
            "Dropped by: logical switch port vmb is disabled\nCure: ovn-nbctl lsp-set-enabled vmb enabled",
        ),
        (
            "lsp-set-port-security vma '0a:00:00:00:00:0a 10.0.0.99'",
            "vma vmb",
            "Dropped by: port security of vma does not let 10.0.0.10 through\nCure: ovn-nbctl lsp-set-port-security",
        ),
        (
            "lsp-add ls2 idle -- lsp-set-addresses idle '0a:00:00:00:00:1d 10.0.1.99'",
            "vma 10.0.1.99",
            "Dropped by: logical port idle is on no chassis\nCure: brume ovn bind idle CHASSIS",
        ),
        (
            "ls-add unused",
            "vma 172.16.0.1",
            "Dropped by: router lr1 has no route to 172.16.0.1\nCure: ovn-nbctl lr-route-add lr1 172.16.0.1 NEXT_HOP",
        ),
        (
            "ls-add unused",
            "outside vmb",
            "Dropped by: vmb cannot be reached from outside: no address is translated to 10.0.1.20\n"
            "Cure: ovn-nbctl lr-nat-add ROUTER dnat_and_snat EXTERNAL_ADDRESS 10.0.1.20",
        ),
    ],
)
def test_a_trace_names_the_command_that_helps(tmp_path, lab, change, words, said) -> None:
    running = lab(tmp_path)
    build(running, TWO_SWITCHES)
    running.brume("bind vma compute1")
    running.brume("bind vmb compute2")
    running.nbctl(change)
    done = running.run("trace", *words.split())
    assert done.returncode == 1
    assert said in done.stdout
    assert "openstack" not in done.stdout


def test_a_capture_ends_in_time_although_frames_came(tmp_path, lab) -> None:
    running = lab(tmp_path)
    build(running, TWO_SWITCHES)
    running.brume("bind vma compute1")
    running.brume("bind vmb compute2")
    capture = tmp_path / "tunnel.pcap"
    command = [*BRUME, "ovn", "pcap", "--data-dir", str(tmp_path), "compute1", "-w", str(capture), "--duration", "2"]
    with subprocess.Popen(command) as process:
        while not capture.exists() or capture.stat().st_size < 24:  # the file's header: it is watching
            assert process.poll() is None
        assert running.ping("vma", "10.0.1.20")
        assert process.wait(PATIENCE) == 0
    assert capture.stat().st_size > 300


@pytest.mark.parametrize("name", ["ovnnb_db.db", "ovnsb_db.db", "bindings.json"])
def test_a_file_that_is_no_database_is_left_alone(tmp_path, name) -> None:
    (tmp_path / name).write_text("shopping list")
    done = brume(tmp_path, "ovn", "--data-dir", str(tmp_path), *FREE_PORTS)
    assert done.returncode == 1
    assert re.fullmatch(rf"Error: .*{re.escape(name)}.*\n", done.stderr), done.stderr
    assert (tmp_path / name).read_text() == "shopping list"


def test_ovsdb_server_opens_what_a_lab_wrote(tmp_path, lab) -> None:
    """And as long as it has the file, no lab does."""
    running = lab(tmp_path)
    running.nbctl("ls-add kept")
    running.brume("down")
    place = f"punix:{tmp_path}/other.sock"
    options = (f"--remote={place}", f"--unixctl={tmp_path}/other.ctl", "-vconsole:off")
    process = start("ovsdb-server", *options, str(running.paths.northbound), directory=tmp_path)
    try:
        while not (tmp_path / "other.sock").exists():
            assert process.poll() is None
        assert "(kept)" in running.tool("ovn-nbctl", "--timeout=20", f"--db=unix:{tmp_path}/other.sock", "show")
        done = brume(tmp_path, "ovn", "--data-dir", str(tmp_path), *FREE_PORTS)
    finally:
        end(process)
    assert done.returncode == 1
    assert re.search(r"Error: .*ovnnb_db\.db.*lock", done.stderr)
    assert "(kept)" in lab(tmp_path).nbctl("show")


def test_how_long_it_took_is_told(tmp_path, lab) -> None:
    """`--print-wait-time` compares NB_Global's timestamps with the tool's own clock; the lab was idle before."""
    running = lab(tmp_path)
    build(running, TWO_SWITCHES)
    running.brume("bind vma compute1")
    said = running.nbctl("--print-wait-time ls-add late")
    took = [int(number) for number in re.findall(r"(-?\d+)ms", said)]
    assert len(took) == 3, said
    assert all(0 <= one < 5000 for one in took), said


def test_what_to_type_next_works_as_it_is_printed(tmp_path) -> None:
    """In a directory that is not the usual one, and whose name the shell would take apart."""
    place = tmp_path / "my lab"
    started = brume(tmp_path, "ovn", "--data-dir", str(place), "--detach", *FREE_PORTS)
    assert started.returncode == 0, started.stderr
    try:
        lines = [line.strip() for line in started.stdout.splitlines() if line.startswith("    ")]
        commands = "\n".join(["set -e", *lines]).replace("brume ovn", " ".join([*BRUME, "ovn"]))
        done = subprocess.run(["bash", "-c", commands], capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        assert done.stdout == "vma is up on compute1: 0a:00:00:00:00:0a 10.0.0.10/24\n"
    finally:
        assert brume(tmp_path, "ovn", "--data-dir", str(place), "down").returncode == 0


def test_options_of_a_start_before_another_command(tmp_path) -> None:
    done = brume(tmp_path, "ovn", "--chassis", "3", "status")
    assert done.returncode == 2
    assert "--chassis is for starting a lab, not for status" in done.stderr
    done = brume(tmp_path, "ovn", "--data-dir", str(tmp_path / "here"), "status")
    assert (
        done.stderr == f"Error: no lab is running with the data directory {tmp_path}/here; start one with: brume ovn\n"
    )
