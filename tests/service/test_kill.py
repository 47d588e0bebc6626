"""kill -9 while clients write: what was acknowledged is there and whole, and nothing is there in part."""

from __future__ import annotations

import http.client
import random
import threading
import time

from brume.cloud.cloud import open_cloud
from brume.cloud.network.resources import IpAllocation, Network, Port, PortSecurityGroup, SecurityGroup, Subnet
from tests.service.process import Process, brume

ROUNDS = 4
WRITERS = 2
V2 = "/network/v2.0"
CHANGING = {"status", "updated_at", "revision_number"}
"""What the cloud itself changes when nodes report."""


class Writer(threading.Thread):
    """A client that makes, changes and deletes things as fast as it is answered, and remembers each answer."""

    def __init__(self, cloud: Process, home: dict[str, str], seed: int) -> None:
        super().__init__()
        self.cloud = cloud
        self.home = home
        self.random = random.Random(seed)
        self.kept: dict[tuple[str, str], dict[str, object]] = {}
        self.gone: set[tuple[str, str]] = set()
        self.in_doubt: set[tuple[str, str]] = set()
        self.acknowledged = 0
        self.wrong: list[object] = []

    def run(self) -> None:
        link = self.cloud.connection()
        try:
            while True:
                self.step(link)
        except (OSError, http.client.HTTPException):
            return  # killed
        finally:
            link.close()

    def step(self, link: http.client.HTTPConnection) -> None:
        choice = self.random.random()
        if choice < 0.6 or not self.kept:
            self.make(link, "port", {"network_id": self.home["network"], "security_groups": [self.home["group"]]})
        elif choice < 0.75:
            self.make(link, "network", {"name": "n", "port_security_enabled": False})
        elif choice < 0.9:
            kind, identity = self.random.choice(list(self.kept))
            self.in_doubt.add((kind, identity))
            answer = self.ask(link, "PUT", f"{V2}/{kind}s/{identity}", {kind: {"name": f"x{self.acknowledged}"}})
            self.kept[kind, identity] = answer[kind]
            self.in_doubt.discard((kind, identity))
        else:
            kind, identity = self.random.choice(list(self.kept))
            del self.kept[kind, identity]
            self.ask(link, "DELETE", f"{V2}/{kind}s/{identity}", None)
            self.gone.add((kind, identity))

    def make(self, link: http.client.HTTPConnection, kind: str, wish: dict[str, object]) -> None:
        made = self.ask(link, "POST", f"{V2}/{kind}s", {kind: wish})[kind]
        self.kept[kind, made["id"]] = made

    def ask(self, link: http.client.HTTPConnection, method: str, path: str, body: object) -> dict[str, dict[str, str]]:
        answer = self.cloud.ask(method, path, body, link)
        if answer.status >= 300:
            self.wrong.append(answer)
        self.acknowledged += 1
        return answer.body


def test_what_was_acknowledged_survives(tmp_path, up) -> None:
    cloud = up(tmp_path / "state")
    cloud.log_in()
    home = {}
    for kind, wish in (("network", {"name": "home"}), ("security_group", {"name": "home"})):
        home[kind] = cloud.ask("POST", f"{V2}/{kind.replace('_', '-')}s", {kind: wish}).body[kind]["id"]
    home["group"] = home["security_group"]
    subnet = {"network_id": home["network"], "cidr": "10.0.0.0/20", "ip_version": 4}
    assert cloud.ask("POST", f"{V2}/subnets", {"subnet": subnet}).status == 201
    chance = random.Random(42)
    token, finished = cloud.token, []
    for number in range(ROUNDS):
        writers = [Writer(cloud, home, seed=number * WRITERS + one) for one in range(WRITERS)]
        for writer in writers:
            writer.start()
        wait_for(sum_of(writers), chance.randrange(20, 60))
        spin(chance.uniform(0, 0.01))
        cloud.kill()
        for writer in writers:
            writer.join()
        finished += writers
        cloud = up(tmp_path / "state")
        cloud.token = token
        check_acknowledged(cloud, finished)
    assert "not derived" not in brume(tmp_path / "state", "status").stdout
    assert cloud.end()[0] == 0
    check_whole(tmp_path / "state")


def sum_of(writers: list[Writer]):
    return lambda: sum(writer.acknowledged for writer in writers)


def wait_for(count, target: int) -> None:
    """Until so many requests were answered."""
    end = time.monotonic() + 30
    while count() < target:
        assert time.monotonic() < end
        time.sleep(0.001)


def spin(seconds: float) -> None:
    """So that the moment of the kill is not always the same one of a request."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def check_acknowledged(cloud: Process, writers: list[Writer]) -> None:
    """Each answer that was given is still true."""
    there = {}
    for kind in ("network", "port"):
        answer = cloud.ask("GET", f"{V2}/{kind}s")
        assert answer.status == 200
        there |= {(kind, row["id"]): row for row in answer.body[f"{kind}s"]}
    for writer in writers:
        assert writer.wrong == []
        for key, row in writer.kept.items():
            found = there[key]
            same = (set(row) & set(found)) - CHANGING - ({"name"} if key in writer.in_doubt else set())
            assert {name: found[name] for name in same} == {name: row[name] for name in same}
        assert not writer.gone & set(there)
    addresses = [
        fixed["ip_address"] for (kind, _), row in there.items() if kind == "port" for fixed in row["fixed_ips"]
    ]
    assert len(addresses) == len(set(addresses))


def check_whole(directory) -> None:
    """Rows that belong together are there together: allocations, groups, metadata ports."""
    cloud = open_cloud(directory)
    with cloud.store.read() as session:
        ports = {port.id: port for port in session.find(Port)}
        networks = {network.id for network in session.find(Network)}
        groups = {group.id for group in session.find(SecurityGroup)}
        fixed = {(port.id, one.subnet_id, one.ip_address) for port in ports.values() for one in port.fixed_ips}
        assert {(row.port_id, row.subnet_id, row.ip_address) for row in session.find(IpAllocation)} == fixed
        assert all(port.network_id in networks for port in ports.values())
        assert {row.network_id for row in session.find(Subnet)} <= networks
        member = {(row.port_id, row.security_group_id) for row in session.find(PortSecurityGroup)}
        assert member == {(port.id, group) for port in ports.values() for group in port.security_groups}
        assert {group for _, group in member} <= groups
        served = [port.network_id for port in ports.values() if port.device_owner == "network:distributed"]
        assert sorted(served) == sorted(networks)
    cloud.close()
