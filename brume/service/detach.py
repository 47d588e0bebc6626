"""How a start that was asked to detach goes on in the background, and what is checked before any start."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from typing import NoReturn

import click

from brume.cli.control import NotRunning, connect
from brume.cli.paths import Paths
from brume.service.ownership import InUse, owner

PATIENCE = 30.0
"""Seconds that `--detach` waits for an answer."""


def prepare(paths: Paths) -> None:
    """Have the data directory; ClickException if it cannot be, or if something runs there already."""
    try:
        paths.ensure()
    except OSError as error:
        raise click.ClickException(f"cannot use {paths.directory} as data directory: {error.strerror}") from error
    if is_running(paths):
        raise click.ClickException(str(InUse(paths)))


def is_running(paths: Paths) -> bool:
    """Whether somebody answers on the control socket."""
    try:
        connect(paths).close()
    except NotRunning:
        return False
    return True


def detach(paths: Paths, report: Callable[[int], Iterable[str]]) -> None:
    """Go on in a child process of its own session; the parent reports and exits when the child answers."""
    before = paths.log.stat().st_size if paths.log.exists() else 0
    child = os.fork()
    if child == 0:
        os.setsid()
        log = os.open(paths.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _follow(paths, child, report, before)
    except KeyboardInterrupt:
        os.kill(child, signal.SIGTERM)  # it has a session of its own, so it has not heard
        os.waitpid(child, 0)
        raise


def _follow(paths: Paths, child: int, report: Callable[[int], Iterable[str]], before: int) -> NoReturn:
    """Wait until the child answers, or has ended, or patience has; then exit. `before`: how long the log was."""
    patience = time.monotonic() + PATIENCE
    while time.monotonic() < patience:
        if owner(paths) == child and is_running(paths):
            for line in report(child):
                click.echo(line)
            os._exit(_flushed())
        finished, status = os.waitpid(child, os.WNOHANG)
        if finished:
            _give_up(paths, f"did not start (exit code {os.waitstatus_to_exitcode(status)})", before)
        time.sleep(0.01)
    os.kill(child, signal.SIGTERM)
    os.waitpid(child, 0)
    _give_up(paths, f"did not answer within {PATIENCE:.0f} seconds, and was ended", before)


def _give_up(paths: Paths, why: str, before: int) -> NoReturn:
    """Say why, with the last words of this start's log, and exit."""
    said = paths.log.read_bytes()[before:].decode(errors="replace").splitlines()
    click.echo("\n".join([f"Error: the {paths.WHAT} {why}:", *said[-5:]]), err=True)
    os._exit(_flushed() or 1)


def _flushed() -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    return 0
