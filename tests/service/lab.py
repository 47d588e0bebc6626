"""A real `brume ovn` in a process of its own, and the real ovn-nbctl, ovn-sbctl to build in it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

from brume.cli.paths import LabPaths, Paths
from tests.agreement.ovsdb_server import missing
from tests.service.process import BRUME, PATIENCE, wait_for_socket

why_not = missing("ovn-nbctl", "ovn-sbctl", "ovn-trace")
FREE_PORTS = ("--northbound-remote", "ptcp:0:127.0.0.1", "--southbound-remote", "ptcp:0:127.0.0.1")
TWO_SWITCHES = """
ls-add ls1
ls-add ls2
lsp-add ls1 vma -- lsp-set-addresses vma "0a:00:00:00:00:0a 10.0.0.10"
lsp-add ls2 vmb -- lsp-set-addresses vmb "0a:00:00:00:00:0b 10.0.1.20"
lr-add lr1
lrp-add lr1 lr1-ls1 0a:00:00:00:01:01 10.0.0.1/24
lrp-add lr1 lr1-ls2 0a:00:00:00:02:01 10.0.1.1/24
lsp-add ls1 ls1-lr1 -- lsp-set-type ls1-lr1 router -- lsp-set-addresses ls1-lr1 router
lsp-set-options ls1-lr1 router-port=lr1-ls1
lsp-add ls2 ls2-lr1 -- lsp-set-type ls2-lr1 router -- lsp-set-addresses ls2-lr1 router
lsp-set-options ls2-lr1 router-port=lr1-ls2
"""
EXTERNAL = """
ls-add public
lsp-add public public-net -- lsp-set-type public-net localnet -- lsp-set-addresses public-net unknown
lsp-set-options public-net network_name=physnet1
lrp-add lr1 lr1-public 0a:00:00:00:03:01 203.0.113.5/24
lrp-set-gateway-chassis lr1-public compute2 10
lsp-add public public-lr1 -- lsp-set-type public-lr1 router -- lsp-set-addresses public-lr1 router
lsp-set-options public-lr1 router-port=lr1-public
lr-route-add lr1 0.0.0.0/0 203.0.113.1
lr-nat-add lr1 snat 203.0.113.5 10.0.0.0/16
lr-nat-add lr1 dnat_and_snat 203.0.113.20 10.0.1.20
"""


def tool(paths: Paths, *command: str) -> str:
    """A real program that must succeed, on the databases of a data directory."""
    environment = os.environ | {
        "OVN_NB_DB": f"unix:{paths.northbound_socket}",
        "OVN_SB_DB": f"unix:{paths.southbound_socket}",
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
    return done.stdout


class Lab:
    """One run of `brume ovn`; a lab that was killed is started again by another Lab on the same directory."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.paths = LabPaths(directory)
        command = [*BRUME, "ovn", "--data-dir", str(directory), *(options or FREE_PORTS)]
        self.popen = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_for_socket(self.popen, self.paths)

    def run(self, *words: str, timeout: float = PATIENCE) -> subprocess.CompletedProcess[str]:
        """`brume ovn ...`, to its end."""
        environment = os.environ | {"BRUME_OVN_DATA_DIR": str(self.paths.directory)}
        return subprocess.run([*BRUME, "ovn", *words], env=environment, capture_output=True, text=True, timeout=timeout)

    def brume(self, line: str) -> str:
        """`brume ovn ...` that must succeed; what it printed."""
        done = self.run(*shlex.split(line))
        assert done.returncode == 0, f"brume ovn {line}: {done.stdout}{done.stderr}"
        return done.stdout

    def nbctl(self, line: str) -> str:
        """The real ovn-nbctl; it waits until every chassis has done what is written."""
        return self.tool("ovn-nbctl", "--timeout=20", "--wait=hv", *shlex.split(line))

    def sbctl(self, line: str) -> str:
        """The real ovn-sbctl."""
        return self.tool("ovn-sbctl", "--timeout=20", *shlex.split(line))

    def tool(self, *command: str) -> str:
        """A real program that must succeed."""
        return tool(self.paths, *command)

    def ping(self, source: str, address: str) -> bool:
        """Whether an echo comes back."""
        return self._received(source, address, "2") == 1

    def is_silent(self, source: str, address: str) -> bool:
        """Whether no echo comes back; what comes at all comes within milliseconds, whatever else the machine does."""
        return self._received(source, address, "0.3") == 0

    def _received(self, source: str, address: str, seconds: str) -> int:
        done = self.run("exec", source, "ping", "-c", "1", "-W", seconds, address)
        found = re.search(r"1 packets transmitted, (\d+) received", done.stdout)
        assert found is not None, done
        return int(found[1])

    def kill(self) -> None:
        """SIGKILL: no goodbye at all."""
        self.popen.kill()
        self.popen.wait()
        self.close()

    def close(self) -> None:
        """Nothing is left of the process here."""
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait()
        for pipe in (self.popen.stdout, self.popen.stderr):
            if pipe is not None:
                pipe.close()
