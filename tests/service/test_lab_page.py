"""The pages about the lab are true: the commands of each are run, one after the other, in one shell."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service.lab import why_not

pytestmark = pytest.mark.skipif(bool(why_not), reason=f"no real OVN here: {why_not}")
PAGES = Path(__file__).parents[2] / "docs" / "how-to"
LEARN = (
    "vma is up on compute1: 0a:00:00:00:00:0a 10.0.0.10/24 via 10.0.0.1",
    "3 packets transmitted, 3 received",
    'output to "vmb"',
    "delivered to vmb on compute2, and the answer comes back",
    "Dropped by: switch ls2: ACL to-lport 1000 drop: icmp4",
    'name="no-pings", verdict=drop, severity=info, direction=to-lport: icmp,',
    "inet 10.0.0.100/24",
    "vm6a is up on compute1: 0a:00:00:00:06:0a asks by DHCPv6",
    "RCV: Reply message on eth0 from fe80::",
    "inet6 fd00:6::a/128 scope global",
    "64 bytes from fd00:6::b",
    "delivered to vm6b on compute2, and the answer comes back",
    "web is up on compute1: 0a:00:00:00:02:1e 10.0.1.30/24 via 10.0.1.1 inside vma, VLAN 30",
    "web -> vmb, ICMP echo",
    "64 bytes from 198.51.100.10",
    "64 bytes from 203.0.113.20",
    "vma is no longer on compute1",
)
ROUTE = (
    "1 packets transmitted, 1 received",
    "router lr1: one of the equal routes to 10.0.9.0/24, out of lr1-join",
    "reg8[16..31] = select(1, 2);",
    "table=77",
    "Dropped by: router lr1: routing policy 100 drop: ip4.dst == 10.0.9.20 && tcp.dst == 23",
    "router lr1: a routing policy sends it another way, out of the same port",
    "the BFD session to 192.0.2.2 on lr1-join is down",
    "Dropped by: router lr1: the route to 203.0.113.0/24 discards packets",
)
BALANCE = (
    "and the answer comes back",
    "192.0.2.80:80",
    "ct_lb_mark(backends=10.0.1.20:80,10.0.1.21:80);",
    "curl: (28) Connection timed out after 500 milliseconds",
    "Dropped by: load balancer empty: 192.0.2.81:80 has no backend",
    "curl: (7) Failed to connect to 192.0.2.81 port 80",
    "ct_lb_mark(backends=10.0.1.21:80);",
    "table=78",
)
SWITCH = (
    "vmd.example.org has address 10.0.1.20",
    "vmd.example.org has IPv6 address fd00::20",
    "reg0[4] = dns_lookup(); next;",
    "1 packets transmitted, 1 received",
    "delivered to vmb on compute2",
    "set_meter(8, 8); next;",
    'outport = "239.1.1.1"; output;',
    'fwd_group(childports="vmb","vmc");',
)


def test_learn_ovn_by_hand(tmp_path) -> None:
    run_page(tmp_path, "learn-ovn-by-hand.md", LEARN)
    assert (tmp_path / "tunnel.pcap").stat().st_size > 300


def test_route_by_hand(tmp_path) -> None:
    run_page(tmp_path, "route-by-hand.md", ROUTE)


def test_balance_by_hand(tmp_path) -> None:
    run_page(tmp_path, "balance-by-hand.md", BALANCE)


def test_switch_by_hand(tmp_path) -> None:
    run_page(tmp_path, "switch-by-hand.md", SWITCH)


def run_page(tmp_path: Path, page: str, said: tuple[str, ...]) -> None:
    blocks = re.findall(r"^```bash\n(.*?)^```$", (PAGES / page).read_text(), re.MULTILINE | re.DOTALL)
    programs = tmp_path / "bin"
    programs.mkdir()
    brume = programs / "brume"
    brume.write_text(f'#!/bin/sh\nexec {sys.executable} -m brume.service.main "$@"\n')
    brume.chmod(0o755)
    environment = os.environ | {
        "HOME": str(tmp_path),
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PYTHONPATH": str(PAGES.parents[1]),
    }
    for name in ("XDG_STATE_HOME", "BRUME_OVN_DATA_DIR", "OVN_NB_DB", "OVN_SB_DB"):
        environment.pop(name, None)
    script = "set -e\n" + "\n".join(blocks)
    try:
        done = subprocess.run(
            ["bash", "-c", script], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=300
        )
    finally:
        subprocess.run([str(brume), "ovn", "down"], env=environment, capture_output=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert not [line for line in said if line not in done.stdout]
