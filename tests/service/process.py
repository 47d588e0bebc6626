"""A real `brume up` in a process of its own, and a small HTTP client for it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from brume.cli.control import NotRunning, connect
from brume.cli.paths import Paths

BRUME = (sys.executable, "-m", "brume.service.main")
PATIENCE = 30.0


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: Any


def brume(directory: Path, *words: str, timeout: float = PATIENCE) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    environment = os.environ | {"BRUME_DATA_DIR": str(directory)}
    return subprocess.run([*BRUME, *words], env=environment, capture_output=True, text=True, timeout=timeout)


def wait_for_socket(process: subprocess.Popen[str], paths: Paths) -> None:
    """Until the control socket answers; it is made last."""
    end = time.monotonic() + PATIENCE
    while True:
        with contextlib.suppress(NotRunning):
            connect(paths).close()
            return
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            raise AssertionError(f"it did not start: {process.communicate()}")
        time.sleep(0.005)


class Process:
    """One run of `brume up`. A cloud that was killed is started again by another Process on the same directory."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.paths = Paths(directory)
        command = [*BRUME, "up", "--port", "0", "--data-dir", str(directory), *options]
        self.popen = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_for_socket(self.popen, self.paths)
        found = re.search(r"auth_url: http://([\d.]+):(\d+)/", self.paths.clouds_yaml.read_text())
        assert found is not None
        self.address = found[1], int(found[2])
        self.token = ""

    def log_in(self) -> None:
        """Become the administrator."""
        password = json.loads(self.paths.secrets.read_text())["admin_password"]
        domain = {"id": "default"}
        who = {"user": {"name": "admin", "password": password, "domain": domain}}
        scope = {"project": {"name": "admin", "domain": domain}}
        identity = {"methods": ["password"], "password": who}
        answer = self.ask("POST", "/identity/v3/auth/tokens", {"auth": {"identity": identity, "scope": scope}})
        assert answer.status == 201
        self.token = answer.headers["x-subject-token"]

    def ask(self, method: str, path: str, body: Any = None, connection: Any = None) -> Answer:
        """One request, on a connection of its own unless one is given."""
        link = connection or http.client.HTTPConnection(*self.address, timeout=PATIENCE)
        try:
            headers = {"content-type": "application/json", "x-auth-token": self.token}
            link.request(method, path, None if body is None else json.dumps(body), headers)
            answer = link.getresponse()
            content = answer.read()
        finally:
            if connection is None:
                link.close()
        names = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, names, json.loads(content) if content else None)

    def connection(self) -> http.client.HTTPConnection:
        """A connection to keep."""
        return http.client.HTTPConnection(*self.address, timeout=PATIENCE)

    def kill(self) -> None:
        """SIGKILL: no goodbye at all."""
        self.popen.kill()
        self.popen.wait()
        self._close()

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        """End it by a signal: exit code, output, errors."""
        self.popen.send_signal(number)
        output, errors = self.popen.communicate(timeout=PATIENCE)
        return self.popen.returncode, output, errors

    def _close(self) -> None:
        for pipe in (self.popen.stdout, self.popen.stderr):
            if pipe is not None:
                pipe.close()
