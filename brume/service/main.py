"""The command `brume`: `up` starts a cloud, the others talk to a running one."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import click

from brume.cli.commands import COMMANDS, data_directory
from brume.cli.control import NotRunning, connect
from brume.cli.paths import Paths
from brume.service.ownership import InUse, owner
from brume.service.settings import Settings

PATIENCE = 30.0
"""Seconds that `brume up --detach` waits for the cloud to answer."""


@click.group()
@click.version_option(package_name="brume")
def main() -> None:
    """Brume: an OpenStack-compatible cloud whose heart is its network."""


@main.command()
@data_directory
@click.option("--nodes", type=click.IntRange(1, 64), default=2, show_default=True, help="How many compute nodes.")
@click.option("--bind", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=5000, show_default=True, help="The port; 0: a free one.")
@click.option(
    "--distributed-floating-ips",
    is_flag=True,
    help="A floating IP's traffic enters and leaves at its server's node, not at the router's gateway node.",
)
@click.option("--detach", is_flag=True, help="Return as soon as the cloud answers, and leave it running.")
def up(data_dir: Path, nodes: int, bind: str, port: int, distributed_floating_ips: bool, detach: bool) -> None:
    """Start a cloud. Ctrl-C (or `brume down`) ends it; its state stays in the data directory."""
    paths = Paths(data_dir.absolute())
    try:
        paths.ensure()
    except OSError as error:
        raise click.ClickException(f"cannot use {paths.directory} as data directory: {error.strerror}") from error
    if is_running(paths):
        raise click.ClickException(str(InUse(paths)))
    settings = Settings(
        data_directory=paths.directory,
        bind=bind,
        port=port,
        nodes=nodes,
        distributed_floating_ips=distributed_floating_ips,
    )
    if detach:
        _detach(paths)
    from brume.service.run import run

    sys.exit(run(settings, quiet=detach))


def is_running(paths: Paths) -> bool:
    """Whether a cloud answers on the control socket."""
    try:
        connect(paths).close()
    except NotRunning:
        return False
    return True


def _detach(paths: Paths) -> None:
    """Go on in a child process of its own session; the parent reports and exits when the cloud answers."""
    child = os.fork()
    if child == 0:
        os.setsid()
        log = os.open(paths.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        return
    patience = time.monotonic() + PATIENCE
    while time.monotonic() < patience:
        if owner(paths) == child and is_running(paths):
            url = paths.clouds_yaml.read_text().split("auth_url: ", 1)[1].split("/identity", 1)[0]
            click.echo(f"Brume is running at {url} (process {child}); the log is {paths.log}")
            click.echo(f"export OS_CLIENT_CONFIG_FILE={paths.clouds_yaml} OS_CLOUD=brume-admin")
            os._exit(_flushed())
        finished, status = os.waitpid(child, os.WNOHANG)
        if finished:
            click.echo(f"Error: the cloud did not start (exit code {os.waitstatus_to_exitcode(status)}):", err=True)
            click.echo("".join(paths.log.read_text().splitlines(keepends=True)[-5:]), err=True, nl=False)
            os._exit(_flushed() or 1)
        time.sleep(0.01)
    click.echo(f"Error: the cloud did not answer within {PATIENCE:.0f} seconds; see {paths.log}", err=True)
    os._exit(_flushed() or 1)


def _flushed() -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    return 0


for command in COMMANDS:
    main.add_command(command)

if __name__ == "__main__":
    main()
