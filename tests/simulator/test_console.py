"""The console: what is typed, what is printed, how it ends."""

from __future__ import annotations

import pytest

PING = """\
PING 10.0.0.2 (10.0.0.2) 56(84) bytes of data.
64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=0.200 ms
64 bytes from 10.0.0.2: icmp_seq=2 ttl=64 time=0.100 ms

--- 10.0.0.2 ping statistics ---
2 packets transmitted, 2 received, 0% packet loss, time 1000ms
rtt min/avg/max/mdev = 0.100/0.150/0.200/0.050 ms"""

LOST = """\
PING 10.0.0.2 (10.0.0.2) 56(84) bytes of data.

--- 10.0.0.2 ping statistics ---
3 packets transmitted, 0 received, 100% packet loss, time 12000ms
"""

NOBODY = """\
PING 10.0.0.9 (10.0.0.9) 56(84) bytes of data.
From 10.0.0.1 icmp_seq=1 Destination Host Unreachable

--- 10.0.0.9 ping statistics ---
1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 3000ms
"""

ADDRESSES = """\
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP group default qlen 1000
    link/ether fa:16:3e:00:00:01 brd ff:ff:ff:ff:ff:ff
    inet 10.0.0.1/24 brd 10.0.0.255 scope global eth0
       valid_lft forever preferred_lft forever"""


def output(bench, host, command):
    """What a command prints, and its exit code."""
    job = bench.run(host, command)
    return "\n".join(job.lines), job.exit_code


def test_ping_prints_as_iputils_does(pair) -> None:
    bench, vm1, _ = pair
    assert output(bench, vm1, "ping -c 2 10.0.0.2") == (PING, 0)
    assert output(bench, vm1, "ping -c 1 10.0.0.9") == (NOBODY, 1)
    bench.lose = lambda line: "echo reply" in line
    assert output(bench, vm1, "ping -c 3 10.0.0.2") == (LOST, 1)


def test_ctrl_c_ends_a_ping_with_its_statistics(pair) -> None:
    bench, vm1, _ = pair
    lines: list[str] = []
    codes: list[int] = []
    job = vm1.console.run(["ping", "10.0.0.2"], on_line=lines.append, on_done=codes.append)
    bench.scheduler.run_for(4.5)
    assert not job.done
    job.interrupt()
    assert "5 packets transmitted, 5 received, 0% packet loss, time 4500ms" in lines
    assert lines == job.lines
    assert codes == [0]
    assert vm1.icmp.listeners == {}
    assert len(bench.scheduler) == 0


@pytest.mark.parametrize(
    ("command", "printed", "code"),
    [
        ("nc -zv 10.0.0.2 22", "Connection to 10.0.0.2 22 port [tcp/*] succeeded!", 0),
        ("nc -z 10.0.0.2 22", "", 0),
        ("nc -zv 10.0.0.2 23", "nc: connect to 10.0.0.2 port 23 (tcp) failed: Connection refused", 1),
        ("nc -z 10.0.0.2 23", "", 1),
        ("nc -z 10.0.0.2 20-30", "", 0),
        ("nc -w 3 10.0.0.2 22", "SSH-2.0-Brume_simulated_host", 0),
        ("nc -zuv 10.0.0.2 7", "Connection to 10.0.0.2 7 port [udp/*] succeeded!", 0),
        ("nc -zuv 10.0.0.2 9", "nc: connect to 10.0.0.2 port 9 (udp) failed: Connection refused", 1),
        ("nc -zv 8.8.8.8 22", "nc: connect to 8.8.8.8 port 22 (tcp) failed: Network is unreachable", 1),
        ("nc -zv 10.0.0.9 22", "nc: connect to 10.0.0.9 port 22 (tcp) failed: No route to host", 1),
        ("nc -z 10.0.0.2", "usage: nc [-nuvz] [-w timeout] destination port\n       nc -l [-kv] port", 1),
        ("nc -z 10.0.0.2 http", "nc: port number invalid: http", 1),
        ("ping 8.8.8.8", "ping: connect: Network is unreachable", 2),
        ("ping vm2", "ping: vm2: Name or service not known", 2),
        ("ping -c x 10.0.0.2", "ping: invalid argument: 'x'", 1),
        ("ping -c 0 10.0.0.2", "ping: invalid argument: '0': out of range: 1 <= value <= 2.14748e+09", 1),
        ("ping -Q 10.0.0.2", "ping: invalid option -- 'Q'", 2),
        ("ping -c", "ping: option requires an argument -- 'c'", 2),
        ("ping", "ping: usage error: Destination address required", 1),
        ("hostname", "vm1", 0),
        ("hostname -I", "10.0.0.1", 0),
        ("ip addr", ADDRESSES, 0),
        ("ip a show eth0", ADDRESSES, 0),
        ("ip r", "10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.1", 0),
        ("ip n", "", 0),
        ("arp -n", "", 0),
        ("ip foo", 'Object "foo" is unknown, try "ip help".', 1),
        ("ip addr add 10.0.0.1/24 dev eth0", "RTNETLINK answers: File exists", 2),
        ("ip addr add 10.0.0.300/24", "Error: '10.0.0.300/24' is not a network, as 192.168.10.0/24 or fd00::/64.", 1),
        ("ip route del 8.8.8.0/24", "RTNETLINK answers: No such process", 2),
        ("ip link frobnicate", 'Command "frobnicate" is unknown, try "ip link help".', 255),
        ("nc -l", "usage: nc [-nuvz] [-w timeout] destination port\n       nc -l [-kv] port", 1),
        ("nc -l 22", "nc: Address already in use", 1),
        ("traceroute", 'Specify "host" missing argument.', 2),
        ("dhclient eth7", 'Cannot find device "eth7"', 1),
        (
            "rm -rf /",
            "sh: rm: not found\n"
            "(this host has: arp, arping, curl, dhclient, host, hostname, ip, nc, ping, ping6, traceroute)",
            127,
        ),
    ],
)  # fmt: skip
def test_commands(pair, command: str, printed: str, code: int) -> None:
    bench, vm1, _ = pair
    assert output(bench, vm1, command) == (printed, code)


def test_a_silent_port_times_out(pair) -> None:
    bench, vm1, _ = pair
    bench.lose = lambda line: "Flags" in line
    began = bench.scheduler.now()
    assert output(bench, vm1, "nc -zv -w 2 10.0.0.2 22") == (
        "nc: connect to 10.0.0.2 port 22 (tcp) timed out: Operation now in progress",
        1,
    )
    assert bench.scheduler.now() - began == pytest.approx(2)
    assert vm1.tcp.connections == {}


def test_neighbours_are_shown(pair) -> None:
    bench, vm1, _ = pair
    bench.run(vm1, "ping -c 1 10.0.0.2")
    bench.run(vm1, "ping -c 1 10.0.0.9")
    assert output(bench, vm1, "ip neigh")[0].splitlines() == [
        "10.0.0.2 dev eth0 lladdr fa:16:3e:00:00:02 REACHABLE",
        "10.0.0.9 dev eth0 FAILED",
    ]
    assert output(bench, vm1, "arp -n")[0].splitlines() == [
        "Address                  HWtype  HWaddress           Flags Mask            Iface",
        "10.0.0.2                 ether   fa:16:3e:00:00:02   C                     eth0",
        "10.0.0.9                         (incomplete)                              eth0",
    ]


def test_traceroute_prints_a_line_a_hop(pair) -> None:
    bench, vm1, _ = pair
    bench.run(vm1, "ping -c 1 10.0.0.2")
    assert output(bench, vm1, "traceroute -n 10.0.0.2")[0].splitlines() == [
        "traceroute to 10.0.0.2 (10.0.0.2), 30 hops max, 60 byte packets",
        " 1  10.0.0.2  0.100 ms  0.100 ms  0.100 ms",
    ]
    bench.lose = lambda line: "unreachable" in line
    assert output(bench, vm1, "traceroute -n -m 2 -w 1 10.0.0.2")[0].splitlines()[1:] == [" 1  * * *", " 2  * * *"]


def test_a_tenant_changes_addresses_routes_and_the_mac(pair):
    bench, vm1, vm2 = pair
    for command in (
        "ip addr add 10.0.0.100/24 dev eth0",
        "ip route add 8.8.8.0/24 via 10.0.0.254",
        "ip route add default via 10.0.0.253",
        "ip link set dev eth0 address fa:16:3e:00:00:77",
        "ip link set eth0 mtu 1400",
    ):
        assert output(bench, vm1, command) == ("", 0)
    bench.settle()
    assert output(bench, vm2, "ping -c 1 10.0.0.100")[1] == 0
    assert output(bench, vm2, "arp -a")[0] == "? (10.0.0.100) at fa:16:3e:00:00:77 [ether] on eth0"
    assert output(bench, vm1, "ip r")[0].splitlines() == [
        "default via 10.0.0.253 dev eth0",
        "8.8.8.0/24 via 10.0.0.254 dev eth0",
        "10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.1",
    ]
    assert output(bench, vm2, "ip neigh flush dev eth0") == ("", 0)
    assert output(bench, vm2, "arp -a") == ("", 0)
    assert output(bench, vm1, "ip addr del 10.0.0.100/24") == ("", 0)
    assert output(bench, vm2, "ping -c 1 10.0.0.100")[1] == 1


def test_nc_listens_on_a_port_until_its_connection_ends(pair):
    bench, vm1, vm2 = pair
    server = vm2.console.run(["nc", "-lv", "443"])
    assert output(bench, vm1, "nc -z 10.0.0.2 443") == ("", 0)
    bench.settle()
    assert server.lines[0] == "Listening on 0.0.0.0 443"
    assert server.lines[1].startswith("Connection received on 10.0.0.1 ")
    assert server.exit_code == 0
    assert output(bench, vm1, "nc -z 10.0.0.2 443") == ("", 1)


def test_a_host_that_loses_power_is_silent_and_leaves_nothing(pair):
    bench, vm1, vm2 = pair
    endless = vm1.console.run(["ping", "10.0.0.2"])
    open_connection = vm1.console.run(["nc", "10.0.0.2", "22"])
    vm1.dhcp.start()
    bench.scheduler.run_for(2.5)
    bench.lines.clear()
    vm1.shut_down()
    assert endless.lines[-2].startswith("3 packets transmitted, 3 received")
    assert open_connection.done
    assert vm1.addresses == ()
    bench.settle()
    assert bench.lines == []
    vm2.shut_down()
    bench.settle()
    assert len(bench.scheduler) == 0
