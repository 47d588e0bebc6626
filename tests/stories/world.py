"""The world of one story: an embedded cloud, who asks it, what it is made of by name, the time, what was said last.

Everything is done through the REST API (ASGI calls, with the tokens of real users) and the consoles of hosts. Time is
the scheduler's: it moves while something is waited for, and by the sentence that says so; nothing sleeps.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from brume.service.cloud import EmbeddedCloud
from brume.service.instances import Plug
from brume.service.settings import Secrets, Settings
from brume.simulator.host.console import Job
from brume.simulator.host.host import Host
from tests.stories.api import Api, Refused
from tests.stories.captures import Captures
from tests.stories.names import Names

START = 1_800_000_000.0
PASSWORDS = Secrets(admin_password="a-word-for-the-admin", demo_password="a-word-for-demo")
REACTION = 3.0
"""Seconds that pass after each request: enough for DHCP, too little for a retry of anything."""
PATIENCE = 300.0


class World:
    """What sentences act upon."""

    def __init__(self, directory: Path, **choices: Any) -> None:
        self._directory = directory
        self._choices = choices
        self._now: Callable[[], float] = lambda: START
        self.captures = Captures()
        self.cloud = self._open()
        self.api = Api(lambda *call: self.cloud.application(*call), PASSWORDS)
        self.names = Names(self)
        self.job: Job | None = None
        self.refusal: Refused | None = None

    def _open(self) -> EmbeddedCloud:
        settings = Settings(data_directory=self._directory, **self._choices)
        cloud = EmbeddedCloud(settings, PASSWORDS, clock=lambda: self._now())

        def settle() -> None:
            cloud.settle()
            self.captures.follow(cloud)

        cloud.on_work = lambda: cloud.scheduler.call_later(0, settle)  # as `run` does in its event loop
        cloud.start()
        self._now = cloud.scheduler.now
        self.captures.follow(cloud)
        return cloud

    def restart(self, **choices: Any) -> None:
        """The process ends (without any goodbye) and another one starts on the same directory."""
        stopped = self._now()
        self._now = lambda: stopped
        self._choices |= choices
        self.cloud.close()
        self.cloud = self._open()
        self.pass_time(REACTION)

    def close(self) -> None:
        """End."""
        self.cloud.close()
        self.api.close()

    def pass_time(self, seconds: float) -> None:
        """Let what is due in the next seconds happen."""
        self.cloud.scheduler.run_for(seconds)

    def ask(self, method: str, path: str, body: Any = None, *, operator: bool = False) -> Any:
        """A request of the present user (or of the operator, in the same project), and what follows from it."""
        try:
            return self.api.ask(method, path, body, operator=operator)
        finally:
            self.pass_time(REACTION)

    def host(self, name: str) -> Host:
        """The simulated host of `vm1`, of its interface on a network (`vm1.blue`), or `outside`."""
        if name == "outside":
            return self.cloud.outside.host
        return self.plug(name).host

    def plug(self, name: str) -> Plug:
        """An interface of a server that runs: the first, or the one on a network."""
        server, _, network = name.partition(".")
        running = self.cloud.running(self.names.find("server", server))
        if running is None:
            raise AssertionError(f"{server} is not running")
        wanted = self.names.find("network", network) if network else None
        for plug in running.plugs:
            if wanted in (None, plug.network_id):
                return plug
        raise AssertionError(f"{name} has no such interface")

    def start(self, name: str, command: str) -> None:
        """Type a command at a console; a name in it stands for its address, as if there were a DNS."""
        tool, *words = command.split()
        words = [tool, *(self.names.in_command(self.fill(word)) for word in words)]
        self.captures.begin()
        self.job = self.host(name).console.run(words)

    def wait(self) -> None:
        """Until the command ends."""
        job = self.last_job()
        end = self.cloud.scheduler.now() + PATIENCE
        while not job.done:
            if self.cloud.scheduler.now() > end:
                raise AssertionError(f"the command does not end; it said:\n{self.said()}")
            self.pass_time(0.5)
        self.pass_time(0.01)  # what it sent last arrives

    def last_job(self) -> Job:
        """The command typed last."""
        if self.job is None:
            raise AssertionError("no command was typed yet")
        return self.job

    def said(self) -> str:
        """What the command printed so far."""
        return "\n".join(self.job.lines) if self.job is not None else ""

    def fill(self, text: str) -> str:
        """A text with `{vm1}`, `{vm1.mac}`, `{blue.id}` replaced."""
        return re.sub(r"\{([A-Za-z][\w.-]*)\}", lambda found: self.names.look_up(found[1]), text)

    def fill_all(self, value: Any) -> Any:
        """The same in every text of a JSON value."""
        match value:
            case str():
                return self.fill(value)
            case list():
                return [self.fill_all(one) for one in value]
            case dict():
                return {self.fill(key): self.fill_all(one) for key, one in value.items()}
            case _:
                return value
