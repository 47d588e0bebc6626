"""The pure OVN lab: what a switch does beside delivering, built with the real ovn-nbctl."""

from __future__ import annotations

import pytest

from tests.service.lab import TWO_SWITCHES, Lab, why_not

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
    assert "not compiled" not in running.brume("status")
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
    assert not running.ping("vmb", "10.0.0.50")
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
    assert "not compiled" not in running.brume("status")
