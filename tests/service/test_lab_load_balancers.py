"""The pure OVN lab: load balancers, built with the real ovn-nbctl."""

from __future__ import annotations

from time import monotonic

import pytest

from tests.service.lab import EXTERNAL, TWO_SWITCHES, Lab, why_not
from tests.service.process import PATIENCE

pytestmark = pytest.mark.skipif(bool(why_not), reason=f"no real OVN here: {why_not}")
THIRD = 'lsp-add ls2 vmc -- lsp-set-addresses vmc "0a:00:00:00:00:0c 10.0.1.21"'
ENOUGH = 40
"""Connections to two backends: that none of them goes to one of the two has the probability 2 ** -39."""


def build(lab: Lab, *texts: str) -> None:
    """Run each line as one ovn-nbctl command, then plug three hosts in."""
    for text in texts:
        for line in text.strip().splitlines():
            lab.nbctl(line)
    for name, place in (("vma", "compute1"), ("vmb", "compute1"), ("vmc", "compute2")):
        lab.brume(f"bind {name} {place}")


def answering(lab: Lab, source: str, url: str) -> set[str]:
    """The hosts that answer when a web address is asked again and again, until two have."""
    found: set[str] = set()
    for _ in range(ENOUGH):
        found.add(lab.brume(f"exec {source} curl -s -m 5 {url}").strip())
        if len(found) > 1:
            break
    return found


def test_a_switch_spreads_connections_over_backends(tmp_path, lab) -> None:
    running = lab(tmp_path)
    build(running, TWO_SWITCHES, THIRD)
    running.nbctl("lb-add web 192.0.2.80:80 10.0.1.20:80,10.0.1.21:80 tcp -- ls-lb-add ls1 web -- ls-lb-add ls2 web")
    assert answering(running, "vma", "http://192.0.2.80/") == {"vmb", "vmc"}
    # A backend that asks itself is answered, too: its packets come back to it from the virtual address.
    assert answering(running, "vmb", "http://192.0.2.80/") == {"vmb", "vmc"}
    assert "not derived" not in running.brume("status")
    running.nbctl("set load_balancer web vips:'\"192.0.2.80:80\"'='\"10.0.1.21:80\"'")
    assert {running.brume("exec vma curl -s -m 5 192.0.2.80").strip() for _ in range(5)} == {"vmc"}
    running.nbctl("--if-exists lb-del web")
    assert running.run("exec", "vma", "curl", "-s", "-m", "0.5", "192.0.2.80").returncode != 0
    assert not running.sbctl("--bare list load_balancer").strip()


def test_a_trace_names_the_backend_or_why_there_is_none(tmp_path, lab) -> None:
    running = lab(tmp_path)
    build(running, TWO_SWITCHES, THIRD)
    running.nbctl("lb-add web 192.0.2.80:80 10.0.1.21:80 tcp -- ls-lb-add ls1 web")
    trace = running.brume("trace vma 192.0.2.80 --tcp 80")
    assert "delivered to vmc" in trace
    running.nbctl("set load_balancer web vips:'\"192.0.2.80:80\"'='\"\"'")
    trace = running.run("trace", "vma", "192.0.2.80", "--tcp", "80").stdout
    assert "load balancer web: 192.0.2.80:80 has no backend\n" in trace
    assert "ovn-nbctl --may-exist lb-add web 192.0.2.80:80 ADDRESS:PORT" in trace
    running.nbctl("set load_balancer web options:reject=true")
    trace = running.run("trace", "vma", "192.0.2.80", "--tcp", "80").stdout
    assert "load balancer web: 192.0.2.80:80 has no backend and refuses, as --reject says" in trace


@pytest.mark.parametrize("where", ["ls-lb-add ls1 web", "lr-lb-add lr1 web"])
def test_a_load_balancer_without_backends_refuses(tmp_path, lab, where: str) -> None:
    running = lab(tmp_path)
    build(running, TWO_SWITCHES, THIRD)
    running.nbctl(f"--reject lb-add web 192.0.2.80:80 '' tcp -- {where}")
    done = running.run("exec", "vma", "curl", "-m", "5", "http://192.0.2.80/")
    assert (done.returncode, "curl: (7)" in done.stdout) == (7, True)


def test_who_comes_from_outside_is_balanced_at_the_gateway(tmp_path, lab) -> None:
    """Beside a floating IP, which goes on working; the virtual address is one of the external network."""
    running = lab(tmp_path)
    build(running, TWO_SWITCHES, THIRD, EXTERNAL)
    running.nbctl("lb-add web 203.0.113.80:80 10.0.1.20:80,10.0.1.21:80 tcp -- lr-lb-add lr1 web")
    assert answering(running, "outside", "http://203.0.113.80/") == {"vmb", "vmc"}
    assert running.brume("exec outside curl -s -m 5 203.0.113.20").strip() == "vmb"
    assert running.brume("exec vmb curl -s -m 5 198.51.100.10").strip() == "outside"
    # A backend that asks for the outside address, too: its switch balances it, and gives it its own packet back.
    running.nbctl("ls-lb-add ls2 web")
    assert answering(running, "vmb", "http://203.0.113.80/") == {"vmb", "vmc"}


def test_a_router_puts_its_address_in_place_of_the_clients(tmp_path, lab) -> None:
    """On a router that lives on one chassis; a load balancer that skips it is left alone."""
    running = lab(tmp_path)
    build(running, TWO_SWITCHES, THIRD, EXTERNAL)
    running.nbctl("lb-add web 203.0.113.80:80 10.0.1.20:80,10.0.1.21:80 tcp -- lr-lb-add lr1 web")
    running.nbctl("set logical_router lr1 options:chassis=compute2 options:lb_force_snat_ip=router_ip")
    assert answering(running, "outside", "http://203.0.113.80/") == {"vmb", "vmc"}
    assert "source: 203.0.113.1 -> 10.0.1.1\n" in running.brume("trace outside 203.0.113.80 --tcp 80")
    running.nbctl(
        "set logical_router lr1 options:lb_force_snat_ip=10.0.1.1 -- set load_balancer web options:skip_snat=true"
    )
    assert answering(running, "outside", "http://203.0.113.80/") == {"vmb", "vmc"}
    assert "source: 203.0.113.1" not in running.brume("trace outside 203.0.113.80 --tcp 80")


def test_a_client_keeps_its_backend(tmp_path, lab) -> None:
    """At a gateway the packet that makes the choice is dropped, as in OVN; the second attempt goes through."""
    running = lab(tmp_path)
    build(running, TWO_SWITCHES, THIRD, EXTERNAL)
    running.nbctl("lb-add web 203.0.113.80:80 10.0.1.20:80,10.0.1.21:80 tcp -- lr-lb-add lr1 web")
    running.nbctl("set load_balancer web options:affinity_timeout=600")
    assert len({running.brume("exec outside curl -s -m 20 203.0.113.80").strip() for _ in range(8)}) == 1
    assert "not derived" not in running.brume("status")


def test_a_client_on_a_switch_keeps_its_backend(tmp_path, lab) -> None:
    """There the connection that makes the choice is lost, as with OVN on a userspace switch: its connection tracking
    translates the second attempt before the client can be looked up."""
    running = lab(tmp_path)
    build(running, TWO_SWITCHES, THIRD)
    running.nbctl("lb-add web 192.0.2.80:80 10.0.1.20:80,10.0.1.21:80 tcp -- ls-lb-add ls1 web")
    running.nbctl("set load_balancer web options:affinity_timeout=600")
    assert running.run("exec", "vma", "curl", "-s", "-m", "0.2", "192.0.2.80").returncode == 28
    assert len({running.brume("exec vma curl -s -m 20 192.0.2.80").strip() for _ in range(8)}) == 1


def test_ipv6_without_a_port(tmp_path, lab) -> None:
    running = lab(tmp_path)
    build(
        running, TWO_SWITCHES, THIRD,
        """
        lsp-set-addresses vma "0a:00:00:00:00:0a 10.0.0.10 fd00:a::10"
        lsp-set-addresses vmb "0a:00:00:00:00:0b 10.0.1.20 fd00:b::20"
        lsp-set-addresses vmc "0a:00:00:00:00:0c 10.0.1.21 fd00:b::21"
        set logical_router_port lr1-ls1 networks="10.0.0.1/24","fd00\\:a\\:\\:1/64"
        set logical_router_port lr1-ls2 networks="10.0.1.1/24","fd00\\:b\\:\\:1/64"
        """,
    )  # fmt: skip
    running.nbctl("lb-add six fd00:c::80 fd00:b::20,fd00:b::21 -- ls-lb-add ls1 six")
    assert answering(running, "vma", "http://[fd00:c::80]/") == {"vmb", "vmc"}


def test_somebody_is_told_of_an_address_without_backends(tmp_path, lab) -> None:
    """The event comes once, until whoever is told has taken its row away."""
    running = lab(tmp_path)
    build(running, TWO_SWITCHES, THIRD)
    running.nbctl("lb-add web 192.0.2.80:80 '' tcp -- ls-lb-add ls1 web -- set load_balancer web options:event=true")
    for _ in range(2):
        running.run("exec", "vma", "curl", "-s", "-m", "0.5", "192.0.2.80")
        found = running.sbctl("--bare --columns=event_type,event_info,seq_num find controller_event")
        assert found.split()[:1] + found.split()[-1:] == ["empty_lb_backends", "1"]
        assert "vip=192.0.2.80:80" in found
    running.sbctl("--all destroy controller_event")
    running.run("exec", "vma", "curl", "-s", "-m", "0.5", "192.0.2.80")
    assert running.sbctl("--bare --columns=seq_num list controller_event").strip() == "1"
    assert "event" not in running.brume("status")


def test_a_backend_that_does_not_answer_is_left_out(tmp_path, lab) -> None:
    """Health checks: the chassis of each backend asks it every second. One whose address is gone is found dead."""
    running = lab(tmp_path)
    build(running, TWO_SWITCHES, THIRD)
    running.nbctl("lb-add web 192.0.2.80:80 10.0.1.20:80,10.0.1.21:80 tcp -- ls-lb-add ls1 web")
    running.nbctl(
        "set load_balancer web ip_port_mappings:10.0.1.20=vmb:10.0.1.250 ip_port_mappings:10.0.1.21=vmc:10.0.1.250"
    )
    check = "options:interval=1 options:timeout=1"
    running.nbctl(f"-- --id=@c create load_balancer_health_check vip='\"192.0.2.80:80\"' {check} "
                  "-- add load_balancer web health_check @c")  # fmt: skip
    statuses(running, ["online", "online"])
    assert answering(running, "vma", "http://192.0.2.80/") == {"vmb", "vmc"}
    running.brume("exec vmb ip addr del 10.0.1.20/24 dev eth0")
    statuses(running, ["offline", "online"])
    assert {running.brume("exec vma curl -s -m 5 192.0.2.80").strip() for _ in range(5)} == {"vmc"}
    running.brume("exec vmb ip addr add 10.0.1.20/24 dev eth0")
    statuses(running, ["online", "online"])
    # Who was alive when it was unplugged is left out, too: nobody is there to find it dead.
    running.brume("unbind vmc")
    running.nbctl("sync")
    assert "ct_lb_mark(backends=10.0.1.20:80);" in running.sbctl("lflow-list ls1")
    running.nbctl("lb-del web")
    assert not running.sbctl("--bare list service_monitor").strip()


def statuses(lab: Lab, wanted: list[str]) -> None:
    """Wait until chassis have found these of 10.0.1.20 and 10.0.1.21, and the compiler has heeded it."""
    deadline = monotonic() + PATIENCE
    said: list[str] = []
    while said != wanted:
        assert monotonic() < deadline, said
        rows = lab.sbctl("--format=csv --no-headings --columns=ip,status list service_monitor").splitlines()
        said = [row.partition(",")[2] for row in sorted(rows)]
    lab.nbctl("sync")
