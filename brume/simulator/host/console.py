"""Console: commands typed at a simulated host, and their output as it comes.

    job = host.console.run(["ping", "-c", "3", "192.168.10.12"])
    job.on_line = print            lines as they come;   job.lines   all of them so far
    job.done, job.exit_code        when it ended, and how
    job.interrupt()                Ctrl-C

Nothing blocks: a job goes on as the host's scheduler does. The commands are in `commands/`, one file each; each prints
as the tool of that name on Debian does.

Rule: whatever is typed ends with an exit code; a wrong option is the tool's usage error, an unknown command is 127.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from brume.simulator.host.host import Host

Command: TypeAlias = "Callable[[Host, list[str], Job], object]"

COMMANDS: Final = {
    "arp": "arp",
    "arping": "arping",
    "curl": "curl",
    "dhclient": "dhclient",
    "host": "host",
    "hostname": "hostname",
    "ip": "ip",
    "nc": "nc",
    "ping": "ping",
    "ping6": "ping",
    "traceroute": "traceroute",
}
"""Command names and the modules of `commands/` that hold their `run`."""


class UsageError(Exception):
    """What was typed is not how the command is used: the text to print, and the exit code."""

    def __init__(self, text: str, exit_code: int = 2) -> None:
        super().__init__(text)
        self.exit_code = exit_code


class Job:
    """A command that runs, or ran."""

    __slots__ = ("_on_interrupt", "exit_code", "lines", "on_done", "on_line")

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.exit_code: int | None = None
        self.on_line: Callable[[str], object] | None = None
        self.on_done: Callable[[int], object] | None = None
        self._on_interrupt: Callable[[], object] | None = None

    @property
    def done(self) -> bool:
        """True once it has an exit code."""
        return self.exit_code is not None

    def print(self, *lines: str) -> None:
        """Add lines of output."""
        for line in lines:
            self.lines.append(line)
            if self.on_line is not None:
                self.on_line(line)

    def finish(self, exit_code: int) -> None:
        """End; what comes later is not heard."""
        if self.exit_code is None:
            self.exit_code = exit_code
            self._on_interrupt = None
            if self.on_done is not None:
                self.on_done(exit_code)

    def until_interrupted(self, stop: Callable[[], object]) -> None:
        """What Ctrl-C does: a command that has something to say at the end registers it here."""
        self._on_interrupt = stop

    def interrupt(self) -> None:
        """Ctrl-C."""
        if self._on_interrupt is not None:
            self._on_interrupt()
        self.finish(130)


class Console:
    """Runs commands on one host."""

    __slots__ = ("_jobs", "host")

    def __init__(self, host: Host) -> None:
        self.host = host
        self._jobs: list[Job] = []

    def interrupt_all(self) -> None:
        """Ctrl-C for every command that runs."""
        for job in tuple(self._jobs):
            job.interrupt()

    def run(
        self,
        argv: Sequence[str],
        on_line: Callable[[str], object] | None = None,
        on_done: Callable[[int], object] | None = None,
    ) -> Job:
        """Start a command; a command that needs no time is done when this returns."""
        job = Job()
        job.on_line = on_line
        job.on_done = on_done
        if not argv:
            job.finish(0)
            return job
        name = argv[0].rpartition("/")[2]
        module = COMMANDS.get(name)
        if module is None:
            job.print(f"sh: {argv[0]}: not found", f"(this host has: {', '.join(COMMANDS)})")
            job.finish(127)
            return job
        command: Command = import_module(f"brume.simulator.host.commands.{module}").run
        try:
            command(self.host, [name, *argv[1:]], job)
        except UsageError as error:
            job.print(*str(error).splitlines())
            job.finish(error.exit_code)
        self._jobs = [other for other in self._jobs if not other.done]
        if not job.done:
            self._jobs.append(job)
        return job
