"""The real ovn-nbctl on the NB of a running `brume up`: rows by hand beside Neutron's, through restarts and kill -9."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.agreement.ovn_lab import short_directory
from tests.service.process import Process, brume

pytestmark = pytest.mark.skipif(
    shutil.which("ovn-nbctl") is None or shutil.which("ovn-sbctl") is None, reason="ovn-nbctl is not installed"
)
V2 = "/network/v2.0"
SERVERS = "/compute/v2.1/servers"
TRIES = 200


class Site:
    """A cloud in a process, with a network, two servers on it, and an operator with the real tools."""

    def __init__(self, directory: Path, up: Callable[..., Process]) -> None:
        self.directory = directory
        self._up = up
        self.cloud = self.start()

    def start(self) -> Process:
        self.cloud = self._up(self.directory)
        self.cloud.log_in()
        return self.cloud

    def furnish(self) -> None:
        self.network = self.make(f"{V2}/networks", "network", name="blue")["id"]
        subnet = {"network_id": self.network, "cidr": "192.168.10.0/24", "ip_version": 4, "name": "s"}
        pool = {"start": "192.168.10.100", "end": "192.168.10.199"}  # the servers' addresses are ours to give
        self.subnet = self.make(f"{V2}/subnets", "subnet", **subnet, allocation_pools=[pool])["id"]
        self.router = self.make(f"{V2}/routers", "router", name="r")["id"]
        path = f"{V2}/routers/{self.router}/add_router_interface"
        assert self.cloud.ask("PUT", path, {"subnet_id": self.subnet}).status == 200
        groups = self.cloud.ask("GET", f"{V2}/security-groups?name=default").body["security_groups"]
        self.ports = {
            name: self.make(
                f"{V2}/ports",
                "port",
                network_id=self.network,
                name=name,
                security_groups=[groups[0]["id"]],
                fixed_ips=[{"ip_address": f"192.168.10.1{number}"}],
            )["id"]
            for number, name in enumerate(("vm1", "vm2"), 1)
        }
        image = self.cloud.ask("GET", "/image/v2/images").body["images"][0]["id"]
        flavor = self.cloud.ask("GET", "/compute/v2.1/flavors").body["flavors"][0]["id"]
        for number, (name, port) in enumerate(self.ports.items(), 1):
            what = {"name": name, "imageRef": image, "flavorRef": flavor, "networks": [{"port": port}]}
            self.make(SERVERS, "server", **what, availability_zone=f"nova:compute{number}")
        self.until_addressed()

    def make(self, path: str, noun: str, **values: object) -> dict[str, str]:
        answer = self.cloud.ask("POST", path, {noun: values})
        assert answer.status in (201, 202), answer
        made: dict[str, str] = answer.body[noun]
        return made

    def until_addressed(self) -> None:
        """Until both servers run and have their leases."""
        for number, name in enumerate(self.ports, 1):
            address = f"192.168.10.1{number}"
            assert any(address in brume(self.directory, "exec", name, "ip", "addr").stdout for _ in range(TRIES))

    def nbctl(self, *words: str) -> str:
        return self.tool("ovn-nbctl", self.directory / "ovnnb_db.sock", *words)

    def sbctl(self, *words: str) -> str:
        return self.tool("ovn-sbctl", self.directory / "ovnsb_db.sock", *words)

    def tool(self, name: str, socket: Path, *words: str) -> str:
        command = [name, "--no-leader-only", f"--db=unix:{socket}", "--timeout=20", *words]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=30)
        assert ended.returncode == 0, (words, ended.stderr)
        return ended.stdout.strip()

    def pings(self, source: str = "vm1", target: str = "192.168.10.12") -> bool:
        return brume(self.directory, "exec", source, "ping", "-c", "1", "-W", "0.3", target).returncode == 0

    def drift(self) -> tuple[int, str]:
        ended = brume(self.directory, "drift")
        assert not ended.stderr
        return ended.returncode, ended.stdout

    def drift_json(self) -> dict[str, list[dict[str, str]]]:
        found: dict[str, list[dict[str, str]]] = json.loads(brume(self.directory, "drift", "--json").stdout)
        return found

    @property
    def switch(self) -> str:
        return f"neutron-{self.network}"


@pytest.fixture
def site(up: Callable[..., Process]) -> Iterator[Site]:
    with short_directory() as directory:
        found = Site(Path(directory) / "state", up)
        found.furnish()
        yield found


def test_rows_by_hand_are_obeyed_kept_over_kill_9_and_told(site: Site) -> None:
    assert site.drift() == (
        0,
        "Nothing by hand, and nothing was put right: NB and SB are what the cloud derives.\n",
    )
    assert site.pings()
    site.nbctl("--wait=hv", "acl-add", site.switch, "to-lport", "2000", "ip4.src == 192.168.10.11", "drop")
    assert not site.pings()
    assert site.pings("vm2", "192.168.10.1")
    site.nbctl(
        "lsp-add", site.switch, "by-hand", "--", "lsp-set-addresses", "by-hand", "0a:00:00:00:00:77 192.168.10.77"
    )
    site.nbctl("ls-add", "lonely")
    site.nbctl("lr-route-add", f"neutron-{site.router}", "172.16.0.0/16", "192.168.10.12")
    keys = site.sbctl("--columns=logical_port,tunnel_key", "--format=csv", "list", "Port_Binding")

    site.cloud.kill()
    site.start()
    site.until_addressed()
    assert not site.pings()
    assert site.pings("vm2", "192.168.10.1")
    assert "172.16.0.0/16" in site.nbctl("lr-route-list", f"neutron-{site.router}")
    after = site.sbctl("--columns=logical_port,tunnel_key", "--format=csv", "list", "Port_Binding")
    assert sorted(after.splitlines()) == sorted(keys.splitlines())
    code, said = site.drift()
    assert code == 1
    assert said.startswith("Written by hand into NB, kept and compiled (4):\n")
    for words in (
        "to-lport 2000 drop: ip4.src == 192.168.10.11",
        "by-hand",
        "lonely",
        "172.16.0.0/16 via 192.168.10.12",
    ):
        assert words in said
    assert f"in Logical_Switch {site.switch} (network blue), column acls" in said
    assert f"in Logical_Router neutron-{site.router} (router r), column static_routes" in said

    site.nbctl("acl-del", site.switch, "to-lport", "2000", "ip4.src == 192.168.10.11")
    assert site.pings()


def test_what_ovn_nbctl_changes_of_neutrons_rows_is_put_right(site: Site) -> None:
    port, switch = site.ports["vm2"], site.switch
    before = snapshot(site)
    site.nbctl("lsp-set-enabled", port, "disabled")
    site.nbctl("lsp-set-addresses", port, "unknown")
    site.nbctl("set", "Logical_Switch_Port", port, "external_ids:mine=1")
    site.nbctl("lsp-del", port)
    site.nbctl("lsp-del", site.ports["vm1"], "--", "lsp-add", switch, site.ports["vm1"])
    site.nbctl("pg-del", "neutron_pg_drop")
    site.nbctl("ls-del", switch)
    site.nbctl("lr-del", f"neutron-{site.router}")
    assert snapshot(site) == before
    assert site.pings()
    assert site.pings("vm2", "192.168.10.1")
    code, said = site.drift()
    assert code == 1
    assert "Written by hand" not in said
    assert re.search(r"NB Logical_Switch_Port .*, derived from port vm2 \(192.168.10.12\)\n +enabled: was false", said)
    assert "had been deleted; written again" in said
    assert f"was by hand; removed, because {site.ports['vm1']} is the name of a row that the rules make" in said
    found = site.drift_json()
    assert found["by_hand"] == []
    assert {"put back", "written again", "removed"} == {one["done"] for one in found["put_right"]}


def snapshot(site: Site) -> str:
    """NB as ovn-nbctl shows it, and what the groups hold."""
    groups = site.nbctl("--columns=name,ports,acls", "--format=csv", "list", "Port_Group")
    return site.nbctl("show") + "\n".join(sorted(groups.splitlines()))


def test_what_ovn_sbctl_changes_is_put_right_and_strangers_go(site: Site) -> None:
    port = site.ports["vm2"]
    site.sbctl("set", "Port_Binding", port, "mac=unknown")
    site.sbctl("destroy", "Port_Binding", site.ports["vm1"])
    site.sbctl("--all", "destroy", "Logical_Flow")
    site.sbctl("create", "Address_Set", "name=mine", "addresses=10.0.0.1")
    assert site.sbctl("--columns=mac", "--bare", "list", "Port_Binding", port) != "unknown"
    assert site.sbctl("find", "Address_Set", "name=mine") == ""
    assert site.pings()
    code, said = site.drift()
    assert code == 1
    assert "SB Address_Set" in said
    assert "no rule makes it; removed" in said


def test_the_network_goes_and_takes_what_hung_on_it(site: Site) -> None:
    red = site.make(f"{V2}/networks", "network", name="red")["id"]
    site.nbctl("acl-add", f"neutron-{red}", "to-lport", "1", "ip4", "drop")
    site.nbctl("lsp-add", f"neutron-{red}", "by-hand")
    site.nbctl("ls-add", "mine", "--", "acl-add", "mine", "to-lport", "1", "ip4", "drop")
    assert site.cloud.ask("DELETE", f"{V2}/networks/{red}").status == 204
    assert "by-hand" not in site.nbctl("show")
    assert len(site.drift_json()["by_hand"]) == 2
    code, said = site.drift()
    assert code == 1
    assert len(re.findall(r"was by hand; removed, because Logical_Switch .* is gone", said)) == 2
