"""Real ovn-controllers on real switches (dummy datapath), fed by a real ovn-northd. A helper, not a test.

lab = ControllerLab(tmp_path, ["compute1", "compute2"])
southbound = lab.run(northbound, {"vm1": "compute1"})     # interfaces by iface-id; returns the southbound after it
lab.chassis["compute1"].flows()                            # what that ovn-controller installed
lab.stop()
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from brume.openflow.messages.flow import Flow
from brume.openflow.messages.flow_text import parse_flow
from brume.tables.database import Database
from tests.agreement.ovn_lab import OvnLab
from tests.agreement.ovn_lab import why_not as why_not_northd
from tests.agreement.ovsdb_server import end, missing, run, start
from tests.agreement.real_switch import MISSING, RealSwitch


def why_not() -> str:
    """Why the lab cannot run here; empty if it can."""
    return why_not_northd() or missing("ovn-controller", "ovn-appctl") or ", ".join(MISSING)


class RealChassis:
    """One switch with its ovn-controller."""

    def __init__(
        self, directory: Path, name: str, number: int, southbound: Path | str, mappings: str, *ssl: str
    ) -> None:
        """`southbound` is a socket or a remote; `ssl` a private key, a certificate and the authority's."""
        directory.mkdir()
        self.name = name
        self.directory = directory
        self.switch = RealSwitch(directory)
        settings = {
            "system-id": name,
            "hostname": name,
            "ovn-remote": southbound if isinstance(southbound, str) else f"unix:{southbound}",
            "ovn-encap-type": "geneve",
            "ovn-encap-ip": f"192.0.2.{number}",
            "ovn-bridge-datapath-type": "dummy",
            "ovn-bridge-mappings": mappings,
        }
        self.switch.vsctl("set", "open", ".", *(f"external-ids:{key}={value}" for key, value in settings.items()))
        if ssl:
            self.switch.vsctl("set-ssl", *ssl)
        for bridge in ("br-int", *(pair.split(":")[1] for pair in mappings.split(","))):
            self.switch.add_bridge(bridge)
        self._controller = start(
            "ovn-controller",
            f"--pidfile={directory}/ovn-controller.pid",
            "-vconsole:off",
            f"--log-file={directory}/ovn-controller.log",
            f"unix:{directory}/db.sock",
            directory=directory,
        )
        self.plugged: list[str] = []

    def stop(self) -> None:
        end(self._controller)
        self.switch.stop()

    def plug(self, port: str) -> None:
        """An interface with this iface-id."""
        name = f"p{len(self.plugged)}-{self.name[-1]}"
        self.switch.vsctl(
            "add-port", "br-int", name, "--", "set", "interface", name, "type=dummy", f"external_ids:iface-id={port}"
        )
        self.plugged.append(name)

    def unplug_all(self) -> None:
        for name in self.plugged:
            self.switch.vsctl("del-port", "br-int", name)
        self.plugged = []

    def await_installed(self, cards: Iterable[str]) -> None:
        """Wait until packets of these interfaces meet all their flows: ovn-controller marks them when they are in."""
        for card in cards:
            self.switch.vsctl("--timeout=30", "wait-until", "interface", card, "external_ids:ovn-installed=true")
        self.switch.appctl("revalidator/purge")  # what the datapath remembers of former flows

    def appctl(self, *arguments: str) -> str:
        """As ovn-appctl -t ovn-controller."""
        pid = (self.directory / "ovn-controller.pid").read_text().strip()
        control = f"{self.directory}/ovn-controller.{pid}.ctl"
        return run("ovn-appctl", "-t", control, *arguments, directory=self.directory)

    def zones(self) -> dict[str, int]:
        """Connection tracking zones by user."""
        lines = self.appctl("ct-zone-list").splitlines()
        return {line.rsplit(" ", 1)[0]: int(line.rsplit(" ", 1)[1]) for line in lines if line}

    def interfaces(self) -> list[dict[str, str]]:
        """The ports of br-int: name, ofport, type, iface-id, remote_ip."""
        names = set(self.switch.vsctl("list-ports", "br-int").split())
        columns = "name,ofport,type,external_ids,options"
        document = json.loads(self.switch.vsctl("-f", "json", f"--columns={columns}", "list", "interface"))
        found = []
        for row in document["data"]:
            name, ofport, kind, (_, identifiers), (_, options) = row
            if name in names:
                found.append({"name": name, "ofport": ofport, "type": kind, **dict(identifiers), **dict(options)})
        return found

    def flows(self) -> list[Flow]:
        """What is in br-int."""
        lines = self.switch.ofctl("dump-flows", "br-int", "--no-stats").splitlines()
        return [parse_flow(line.strip()) for line in lines if "actions=" in line]


class ControllerLab:
    """ovn-northd, and a chassis for each name."""

    def __init__(self, directory: Path, names: Sequence[str], mappings: str = "physnet1:br-ex") -> None:
        self.northd = OvnLab(directory)
        socket = self.northd.southbound.socket
        self.chassis = {
            name: RealChassis(directory / name, name, number + 1, socket, mappings) for number, name in enumerate(names)
        }

    def stop(self) -> None:
        for chassis in self.chassis.values():
            with contextlib.suppress(Exception):
                chassis.stop()
        self.northd.stop()

    def run(self, northbound: Database, plugged: Mapping[str, str]) -> Database:
        """The southbound after everybody has done their part."""
        for chassis in self.chassis.values():
            chassis.unplug_all()
        self.northd.compile(northbound)
        for port, name in plugged.items():
            self.chassis[name].plug(port)
        self.sync()
        for chassis in self.chassis.values():
            chassis.appctl("recompute")
        self.sync()
        return self.northd.read()

    def sync(self) -> None:
        """Wait until every chassis has installed what the northbound says."""
        socket = self.northd.northbound.socket
        run("ovn-nbctl", "--timeout=30", f"--db=unix:{socket}", "--wait=hv", "sync", directory=self.northd.directory)
