"""The pure OVN lab: what a switch does beside delivering, built with the real ovn-nbctl."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import pytest

from tests.service.lab import TWO_SWITCHES, Lab, why_not
from tests.service.process import BRUME, PATIENCE

pytestmark = pytest.mark.skipif(bool(why_not), reason=f"no real OVN here: {why_not}")


def build(lab: Lab, *texts: str) -> None:
    """Run each line as one ovn-nbctl command."""
    for text in texts:
        for line in text.strip().splitlines():
            lab.nbctl(line)


def test_hosts_find_each_other_by_name(tmp_path, lab) -> None:
    """The switch answers for names that NB knows, whatever server is asked; nobody serves the others."""
    running = lab(tmp_path)
    build(running, TWO_SWITCHES)
    records = '{"vmb.example.org"="10.0.1.20 fd00::20","20.1.0.10.in-addr.arpa"=vmb.example.org}'
    running.nbctl(f"-- --id=@names create DNS 'records={records}' -- add logical_switch ls1 dns_records @names")
    running.nbctl("acl-add ls1 to-lport 1000 ip drop -- acl-add ls1 from-lport 1000 tcp allow-related")
    running.brume("bind vma compute1")
    running.brume("bind vmb compute2")
    assert "vmb.example.org has address 10.0.1.20" in running.brume("exec vma host vmb.example.org 10.0.0.1")
    assert "has IPv6 address fd00::20" in running.brume("exec vma host -t AAAA VMB.example.org 192.0.2.53")
    assert "pointer vmb.example.org." in running.brume("exec vma host 10.0.1.20 10.0.0.1")
    silent = running.run("exec", "vma", "host", "-W", "0.2", "vmc.example.org", "10.0.0.1")
    assert (silent.returncode, "timed out" in silent.stdout) == (1, True)
    assert running.run("exec", "vmb", "host", "-W", "0.2", "vmb.example.org", "10.0.1.1").returncode == 1
    assert "not derived" not in running.brume("status")
    assert running.sbctl("--bare --columns=datapaths list dns").split() == [
        running.sbctl("--bare --columns=_uuid find datapath_binding external_ids:name=ls1").strip()
    ]


VIRTUAL = """
lsp-add ls1 vmc -- lsp-set-addresses vmc "0a:00:00:00:00:0c 10.0.0.12"
lsp-add ls1 vip -- lsp-set-type vip virtual -- lsp-set-addresses vip "0a:00:00:00:00:50 10.0.0.50"
lsp-set-options vip virtual-ip=10.0.0.50 virtual-parents=vma,vmc
"""


def test_an_address_moves_between_hosts(tmp_path, lab) -> None:
    """As with keepalived: who has the address says so by gratuitous ARP, and packets follow."""
    running = lab(tmp_path)
    build(running, TWO_SWITCHES, VIRTUAL)
    for name, place in (("vma", "compute1"), ("vmc", "compute2"), ("vmb", "compute2")):
        running.brume(f"bind {name} {place}")
    assert running.is_silent("vmb", "10.0.0.50")
    nobody = running.run("trace", "vmb", "10.0.0.50").stdout
    assert "Dropped by: virtual port vip is at none of its parents (vma, vmc): nobody has 10.0.0.50\n" in nobody
    for name, mac in (("vma", "0a:00:00:00:00:0a"), ("vmc", "0a:00:00:00:00:0c")):
        running.brume(f"exec {name} ip addr add 10.0.0.50/24 dev eth0")
        running.brume(f"exec {name} arping -U -I eth0 10.0.0.50")
        running.nbctl("sync")
        parent = running.sbctl("--bare --columns=virtual_parent find port_binding logical_port=vip")
        assert parent.strip() == name
        assert f"eth.dst = {mac}" in running.sbctl("dump-flows lr1").split("reg0 == 10.0.0.50")[1].splitlines()[0]
        assert running.ping("vmb", "10.0.0.50")
        assert f"delivered to {name}" in running.brume("trace vmb 10.0.0.50")
        running.brume(f"exec {name} ip addr del 10.0.0.50/24 dev eth0")
    running.brume("unbind vmc")
    assert running.sbctl("--bare --columns=virtual_parent find port_binding logical_port=vip").strip() == ""
    assert "not derived" not in running.brume("status")


LIMIT = "QoS rate 1 kb/s, burst 8 kb of from-lport 100 is used up: ip4 && icmp4"


def test_a_rate_limits_what_a_host_sends(tmp_path, lab) -> None:
    """The bucket holds ten pings. While others empty it, a trace says that it is empty, and what would help."""
    running = lab(tmp_path)
    build(running, TWO_SWITCHES)
    running.brume("bind vma compute1")
    running.brume("bind vmb compute2")
    running.nbctl("qos-add ls1 from-lport 100 'ip4 && icmp4' rate=1 burst=8 dscp=46")
    said = running.run("exec", "vma", "ping", "-q", "-c", "100", "-i", "0.002", "-W", "0.5", "10.0.1.20").stdout
    received = int(re.findall(r"(\d+) received", said)[0])
    assert 8 <= received <= 20, said
    flood = [*BRUME, "ovn", "exec", "--data-dir", str(tmp_path), "vma", "ping", "-q", "-i", "0.002", "-s", "0"]
    with subprocess.Popen([*flood, "10.0.1.20"], stdout=subprocess.DEVNULL) as process:
        deadline = monotonic() + PATIENCE
        trace = ""
        while LIMIT not in trace and monotonic() < deadline:
            assert process.poll() is None
            trace = running.run("trace", "vma", "vmb").stdout
        process.terminate()
    assert LIMIT in trace
    assert "ovn-nbctl qos-del ls1 from-lport 100 'ip4 && icmp4'" in trace
    assert "delivered to vmb" in running.brume("trace vma vmb --tcp 22")
    running.nbctl("qos-del ls1")
    assert running.ping("vma", "10.0.1.20")


def test_marks_are_in_the_packets(tmp_path, lab) -> None:
    running = lab(tmp_path)
    build(running, TWO_SWITCHES)
    running.brume("bind vma compute1")
    running.brume("bind vmb compute2")
    running.nbctl("qos-add ls2 to-lport 100 'outport == \"vmb\" && ip4' dscp=46")
    assert "ip.dscp = 46" in running.sbctl("lflow-list ls2")
    assert "0xb8" in running.brume("trace vma vmb --json") or "184" in running.brume("trace vma vmb --json")


def test_a_meter_limits_the_log(tmp_path, lab) -> None:
    """One line a second: every packet is dropped, and not every one is told of."""
    running = lab(tmp_path)
    build(running, TWO_SWITCHES)
    running.brume("bind vma compute1")
    running.brume("bind vmb compute2")
    running.nbctl("meter-add few drop 1 pktps")
    running.nbctl("--log --meter=few --name=noisy acl-add ls1 from-lport 1000 icmp4 drop")
    said = running.run("exec", "vma", "ping", "-q", "-c", "50", "-i", "0.002", "-W", "0.2", "10.0.1.20").stdout
    assert " 0 received" in said
    assert running.run("down").returncode == 0
    running.popen.wait()
    assert running.popen.stderr is not None
    lines = [line for line in running.popen.stderr.read().splitlines() if 'name="noisy"' in line]
    assert 0 < len(lines) < 10, lines


def test_a_match_with_a_set_that_is_not_there_matches_nothing(tmp_path, lab) -> None:
    """As with the real ovn-controller: not even its other half. It is said, until the set is there."""
    running = lab(tmp_path)
    build(running, TWO_SWITCHES)
    running.brume("bind vma compute1")
    running.brume("bind vmb compute2")
    running.nbctl("acl-add ls2 to-lport 1000 'ip4.src == $servers || icmp4' drop")
    assert running.ping("vma", "10.0.1.20")
    assert "ip4.src == $servers || icmp4" in running.brume("status")
    running.nbctl("create Address_Set name=servers")
    assert running.is_silent("vma", "10.0.1.20")
    assert "$servers" not in running.brume("status")


def test_a_forwarding_group_spreads_connections(tmp_path, lab) -> None:
    """Nobody has the address: each connection to it goes to one of the ports, and always to the same."""
    running = lab(tmp_path)
    build(running, TWO_SWITCHES, "lsp-add ls2 vmc -- lsp-set-addresses vmc '0a:00:00:00:00:0c 10.0.1.21'")
    for name, place in (("vma", "compute1"), ("vmb", "compute2"), ("vmc", "compute1")):
        running.brume(f"bind {name} {place}")
    running.nbctl("fwd-group-add spread ls2 10.0.1.100 00:11:22:33:44:55 vmb vmc")
    for name in ("vmb", "vmc"):
        running.brume(f"exec {name} ip addr add 10.0.1.100/32 dev eth0")
        running.brume(f"exec {name} ip link set dev eth0 address 00:11:22:33:44:55")
    assert all(running.ping("vma", "10.0.1.100") for _ in range(3))
    assert "group:" in running.brume("flows compute1 br-int table=33")
    assert "not derived" not in running.brume("status")


GROUPS = """
lsp-add ls1 vmc -- lsp-set-addresses vmc "0a:00:00:00:00:0c 10.0.0.12"
lsp-add ls1 vmd -- lsp-set-addresses vmd "0a:00:00:00:00:0d 10.0.0.13"
set logical_switch ls1 other_config:mcast_snoop=true other_config:mcast_querier=false
"""


def test_multicast_goes_only_to_who_joined(tmp_path, lab) -> None:
    """A switch that snoops: of three hosts one joins a group, on another chassis than the sender."""
    running = lab(tmp_path)
    build(running, TWO_SWITCHES, GROUPS)
    for name, place in (("vma", "compute1"), ("vmc", "compute2"), ("vmd", "compute2")):
        running.brume(f"bind {name} {place}")
    running.brume("exec vmc ip addr add 239.1.1.1/32 dev eth0 autojoin")
    running.nbctl("sync")
    assert running.sbctl("--bare --columns=address list igmp_group").strip() == "239.1.1.1"
    assert "ip4.dst == 239.1.1.1" in running.sbctl("dump-flows ls1")
    heard = {name: received(running, tmp_path, name) for name in ("vmc", "vmd")}
    assert (heard["vmc"], heard["vmd"]) == (True, False)
    running.brume("exec vmc ip addr del 239.1.1.1/32 dev eth0")
    running.nbctl("sync")
    assert running.sbctl("--bare --columns=address list igmp_group").strip() == ""
    assert not received(running, tmp_path, "vmc")
    assert "not derived" not in running.brume("status")


def received(lab: Lab, directory: Path, name: str) -> bool:
    """Whether an echo request of vma's to the group comes to a host, before the one that vma sends it afterwards."""
    capture = directory / f"{name}.pcap"
    capture.unlink(missing_ok=True)
    address = {"vmc": "10.0.0.12", "vmd": "10.0.0.13"}[name]
    ping = re.compile(rb"\x01..\x0a\x00\x00\x0a" + re.escape(bytes(map(int, address.split(".")))), re.DOTALL)
    command = [*BRUME, "ovn", "pcap", "--data-dir", str(directory), name, "-w", str(capture)]
    with subprocess.Popen(command) as process:
        wait_for(lambda: capture.exists() and capture.stat().st_size >= 24)  # the file's header: it is watching
        assert lab.is_silent("vma", "239.1.1.1")  # nobody answers what is sent to a group
        assert lab.ping("vma", address)
        wait_for(lambda: ping.search(capture.read_bytes()) is not None)
        process.terminate()
    return re.search(rb"\x0a\x00\x00\x0a\xef\x01\x01\x01\x08\x00", capture.read_bytes()) is not None


def wait_for(is_so: Callable[[], bool]) -> None:
    """Look until it is so."""
    deadline = monotonic() + PATIENCE
    while not is_so():
        assert monotonic() < deadline
