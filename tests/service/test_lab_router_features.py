r"""The pure OVN lab: what a router does beside the nearest way, built with the real ovn-nbctl.

vma -- ls1 -- lr1 -- join -- ra -- far -- vmb
                        \--- rb ---/
"""

from __future__ import annotations

import pytest

from tests.service.lab import EXTERNAL, TWO_SWITCHES, Lab, why_not

pytestmark = pytest.mark.skipif(bool(why_not), reason=f"no real OVN here: {why_not}")

HOSTS = """
ls-add ls1
ls-add far
ls-add join
lsp-add ls1 vma -- lsp-set-addresses vma "0a:00:00:00:00:0a 10.0.0.10"
lsp-add far vmb -- lsp-set-addresses vmb "0a:00:00:00:00:0b 10.0.9.20"
lr-add lr1
lr-add ra -- lr-route-add ra 0.0.0.0/0 192.0.2.1
lr-add rb -- lr-route-add rb 0.0.0.0/0 192.0.2.1
"""
INTERFACES = (
    ("lr1", "ls1", "0a:00:00:00:01:01", "10.0.0.1/24"),
    ("lr1", "join", "0a:00:00:00:01:02", "192.0.2.1/24"),
    ("ra", "join", "0a:00:00:00:02:01", "192.0.2.2/24"),
    ("rb", "join", "0a:00:00:00:03:01", "192.0.2.3/24"),
    ("ra", "far", "0a:00:00:00:02:02", "10.0.9.1/24"),
    ("rb", "far", "0a:00:00:00:03:02", "10.0.9.2/24"),
)
TO_FAR = ("192.0.2.2", "192.0.2.3")
CONNECTIONS = range(1000, 1032)
"""Source ports: that all these connections go the same of two ways has the probability 2 ** -31."""


def two_ways(lab: Lab) -> None:
    """The picture above; lr1 has no route to far yet."""
    lines = HOSTS.strip().splitlines()
    for router, switch, mac, network in INTERFACES:
        side, other = f"{router}-{switch}", f"{switch}-{router}"
        lines.append(
            f"lrp-add {router} {side} {mac} {network} -- lsp-add {switch} {other} -- lsp-set-type {other} router"
            f" -- lsp-set-addresses {other} router -- lsp-set-options {other} router-port={side}"
        )
    lab.nbctl(" -- ".join(lines))
    lab.brume("bind vma compute1")
    lab.brume("bind vmb compute2")


def routes(lab: Lab, option: str) -> None:
    for hop in TO_FAR:
        lab.nbctl(f"{option} lr-route-add lr1 10.0.9.0/24 {hop}")


def connects(lab: Lab, source: str, address: str) -> bool:
    """Whether a TCP connection to port 22 comes about."""
    return lab.run("exec", source, "nc", "-z", "-w", "1", address, "22").returncode == 0


def both_ways(lab: Lab, because: str) -> set[str]:
    """The routers by which connections of vma come to vmb, until two of one have been seen and one of the other."""
    found: list[str] = []
    for port in CONNECTIONS:
        trace = lab.brume(f"trace vma vmb --tcp {port}")
        assert "delivered to vmb" in trace
        assert because in trace
        found += [router for router in ("ra", "rb") if f"enters router {router}" in trace]
        assert len(found) == port - CONNECTIONS[0] + 1
        if len(found) > 2 and len(set(found)) > 1:
            break
    return set(found)


def test_connections_take_either_of_two_equal_routes(tmp_path, lab) -> None:
    running = lab(tmp_path)
    two_ways(running)
    assert not connects(running, "vma", "10.0.9.20")
    routes(running, "--ecmp")
    assert both_ways(running, "router lr1: one of the equal routes to 10.0.9.0/24, out of lr1-join") == {"ra", "rb"}
    assert all(connects(running, "vma", "10.0.9.20") for _ in range(4))
    assert "not derived" not in running.brume("status")


def test_replies_go_back_by_the_next_hop_they_came_from(tmp_path, lab) -> None:
    """The router that is not vmb's gateway passes nothing to vmb: replies that are sent there are lost."""
    running = lab(tmp_path)
    two_ways(running)
    other = "rb" if "via 10.0.9.1 " in running.brume("exec vmb ip route") else "ra"
    running.nbctl("set logical_router lr1 options:chassis=compute1")
    running.nbctl(f"lr-policy-add {other} 100 'ip4.dst == 10.0.9.20' drop")
    routes(running, "--ecmp")
    lost = next(port for port in CONNECTIONS if is_dropped_by(running, other, port))
    running.nbctl("lr-route-del lr1 10.0.9.0/24")
    routes(running, "--ecmp-symmetric-reply")
    assert not is_dropped_by(running, other, lost)
    assert all(connects(running, "vmb", "10.0.0.10") for _ in range(10))
    assert "not derived" not in running.brume("status")


def is_dropped_by(lab: Lab, router: str, port: int) -> bool:
    """Whether the answer of vma is, in a trace of one connection."""
    said = lab.run("trace", "vmb", "vma", "--tcp", str(port)).stdout
    return f"Dropped by: router {router}: routing policy 100 drop: ip4.dst == 10.0.9.20" in said


def test_policies_drop_and_send_another_way(tmp_path, lab) -> None:
    running = lab(tmp_path)
    two_ways(running)
    running.nbctl("lr-route-add lr1 10.0.9.0/24 192.0.2.2")
    running.nbctl("lr-policy-add lr1 100 'ip4.dst == 10.0.9.20 && tcp.dst == 22' drop")
    assert not connects(running, "vma", "10.0.9.20")
    assert running.ping("vma", "10.0.9.20")
    dropped = running.run("trace", "vma", "vmb", "--tcp", "22").stdout
    assert "Dropped by: router lr1: routing policy 100 drop: ip4.dst == 10.0.9.20 && tcp.dst == 22" in dropped
    cures = [line.partition("ovn-nbctl ")[2] for line in dropped.splitlines() if "ovn-nbctl" in line]
    assert cures[0].startswith("lr-policy-add lr1 101")
    running.nbctl(cures[0])
    assert connects(running, "vma", "10.0.9.20")
    for cure in ("lr-policy-del lr1", f"lr-policy-add lr1 50 'ip4.dst == 10.0.9.20' reroute {','.join(TO_FAR)}"):
        running.nbctl(cure)
    assert both_ways(running, "a routing policy sends it another way") == {"ra", "rb"}
    assert "not derived" not in running.brume("status")


def test_a_route_waits_for_its_bfd_session(tmp_path, lab) -> None:
    """Simulated nodes do not speak BFD, and say so; whoever does writes the session's status into SB."""
    running = lab(tmp_path)
    two_ways(running)
    running.nbctl("--bfd lr-route-add lr1 10.0.9.0/24 192.0.2.2 lr1-join")
    running.nbctl("static-mac-binding-add lr1-join 192.0.2.9 0a:00:00:00:00:99")
    reason = "the BFD session to 192.0.2.2 on lr1-join is down"
    assert reason in running.brume("status")
    assert running.is_silent("vma", "10.0.9.20")
    assert running.nbctl("--bare --columns=status list bfd").strip() == "down"
    up(running)
    assert running.nbctl("--bare --columns=status list bfd").strip() == "up"
    assert running.ping("vma", "10.0.9.20")
    assert reason not in running.brume("status")
    assert running.sbctl("--bare --columns=mac list static_mac_binding").strip() == "0a:00:00:00:00:99"
    running.nbctl("lr-route-del lr1")
    assert running.sbctl("--bare --columns=status list bfd").strip() == "admin_down"


def up(lab: Lab) -> None:
    lab.sbctl(f"set bfd {lab.sbctl('--bare --columns=_uuid list bfd').strip()} status=up")
    lab.nbctl("sync")


def test_a_floating_ip_for_some_outside(tmp_path, lab) -> None:
    """A translation is for the addresses of a set, or for all but those of a set."""
    running = lab(tmp_path)
    for line in (TWO_SWITCHES.strip() + EXTERNAL).strip().splitlines():
        running.nbctl(line)
    running.brume("bind vma compute1")
    running.brume("bind vmb compute2")
    assert running.ping("outside", "203.0.113.20")
    running.nbctl('create address_set name=partners addresses="192.0.2.0/24"')
    running.nbctl("lr-nat-update-ext-ip lr1 dnat_and_snat 203.0.113.20 partners")
    assert running.is_silent("outside", "203.0.113.20")
    dropped = running.run("trace", "outside", "203.0.113.20").stdout
    assert "dnat_and_snat 203.0.113.20 is not for 203.0.113.1, which is not in address set partners" in dropped
    running.nbctl('add address_set partners addresses "203.0.113.1"')
    assert running.ping("outside", "203.0.113.20")
    running.nbctl("--is-exempted lr-nat-update-ext-ip lr1 dnat_and_snat 203.0.113.20 partners")
    assert "only one of them can be heeded" in running.brume("status")
    uuid = running.nbctl("--bare --columns=_uuid find nat external_ip=203.0.113.20").strip()
    running.nbctl(f"clear nat {uuid} allowed_ext_ips")
    assert running.is_silent("outside", "203.0.113.20")
    running.nbctl('remove address_set partners addresses "203.0.113.1"')
    assert running.ping("outside", "203.0.113.20")
    assert "not derived" not in running.brume("status")
