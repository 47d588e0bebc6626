"""kill -9 while the real ovn-nbctl writes and hosts are plugged in: what was answered is there, tunnel keys stay."""

from __future__ import annotations

import json
import random
import threading

import pytest

from tests.service.lab import Lab, tool, why_not

pytestmark = pytest.mark.skipif(bool(why_not), reason=f"no real OVN here: {why_not}")
ROUNDS = 3


class Writer(threading.Thread):
    """Makes and removes switches with a port each, as fast as it is answered, and remembers each answer."""

    def __init__(self, lab: Lab, prefix: str, seed: int) -> None:
        super().__init__()
        self.lab = lab
        self.prefix = prefix
        self.random = random.Random(seed)
        self.kept: dict[str, str] = {}
        self.gone: set[str] = set()
        self.in_doubt: str | None = None
        self.answers = 0

    def run(self) -> None:
        number = 0
        while True:
            if self.kept and self.random.random() < 0.25:
                name = self.random.choice(list(self.kept))
                words = ["ls-del", name]
            else:
                number += 1
                name = f"{self.prefix}-{number}"
                words = ["ls-add", name, "--", "lsp-add", name, f"port-{name}"]
            self.in_doubt = name
            try:
                tool(self.lab.paths, "ovn-nbctl", "--timeout=5", "--wait=sb", *words)
            except AssertionError:
                return  # killed
            self.in_doubt = None
            self.answers += 1
            if words[0] == "ls-del":
                del self.kept[name]
                self.gone.add(name)
            else:
                self.kept[name] = words[-1]


def keys(lab: Lab) -> dict[str, tuple[int, str]]:
    """The tunnel key of each port."""
    text = lab.sbctl("--format=json --columns=logical_port,tunnel_key,datapath list port_binding")
    return {name: (key, datapath[1]) for name, key, datapath in json.loads(text)["data"]}


def test_what_was_answered_survives(tmp_path, lab) -> None:
    chance = random.Random(7)
    running = lab(tmp_path)
    writers: list[Writer] = []
    for number in range(ROUNDS):
        known = keys(running)
        new = [Writer(running, f"w{number}{one}", seed=10 * number + one) for one in range(2)]
        for writer in new:
            writer.start()
        target = chance.randrange(15, 40)
        while sum(writer.answers for writer in new) < target:
            assert any(writer.is_alive() for writer in new)
        running.kill()
        for writer in new:
            writer.join()
        writers += new
        running = lab(tmp_path)
        check(running, writers)
        now = keys(running)
        assert {name: now[name] for name in known if name in now} == {n: k for n, k in known.items() if n in now}


def check(lab: Lab, writers: list[Writer]) -> None:
    shown = json.loads(lab.nbctl("--format=json --columns=name,ports list logical_switch"))["data"]
    switches = {name for name, _ in shown}
    bound = set(keys(lab))
    for writer in writers:
        sure = set(writer.kept) - {writer.in_doubt}
        assert sure <= switches
        assert not (writer.gone - {writer.in_doubt}) & switches
        assert {writer.kept[name] for name in sure} <= bound


def test_a_bound_host_survives(tmp_path, lab) -> None:
    """The binding is on the disk when the command has answered."""
    running = lab(tmp_path)
    running.nbctl("ls-add s")
    for number in range(4):
        running.nbctl(f"lsp-add s p{number} -- lsp-set-addresses p{number} '0a:00:00:00:00:0{number} 10.0.0.1{number}'")
    for number in range(4):
        running.brume(f"bind p{number} compute{1 + number % 2}")
        running.kill()
        running = lab(tmp_path)
        status = running.brume("status")
        assert all(f"port p{one}: on compute{1 + one % 2}, up" in status for one in range(number + 1))
    assert running.ping("p0", "10.0.0.13")
