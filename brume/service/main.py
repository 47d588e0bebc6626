"""The command `brume`: `up` starts a cloud, `ovn` a lab without OpenStack, the others talk to a running cloud."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from brume.cli.commands import CLOUD_DIRECTORY, commands, drift
from brume.cli.paths import Paths
from brume.service.detach import detach, prepare
from brume.service.lab.command import ovn
from brume.service.serving.options import northbound_remote, southbound_remote
from brume.service.settings import Settings


@click.group()
@click.version_option(package_name="brume")
def main() -> None:
    """Brume: an OpenStack-compatible cloud whose heart is its network."""


@main.command()
@click.option("--nodes", type=click.IntRange(1, 64), default=2, show_default=True, help="How many compute nodes.")
@click.option("--bind", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=5000, show_default=True, help="The port; 0: a free one.")
@click.option(
    "--distributed-floating-ips",
    is_flag=True,
    help="A floating IP's traffic enters and leaves at its server's node, not at the router's gateway node.",
)
@northbound_remote
@southbound_remote
@click.option("--detach", "detached", is_flag=True, help="Return as soon as the cloud answers, and leave it running.")
def up(
    paths: Paths,
    nodes: int,
    bind: str,
    port: int,
    distributed_floating_ips: bool,
    northbound_remote: tuple[str, ...],
    southbound_remote: tuple[str, ...],
    detached: bool,
) -> None:
    """Start a cloud. Ctrl-C (or `brume down`) ends it; its state stays in the data directory."""
    prepare(paths)
    settings = Settings(
        data_directory=paths.directory,
        bind=bind,
        port=port,
        nodes=nodes,
        northbound_remotes=northbound_remote,
        southbound_remotes=southbound_remote,
        distributed_floating_ips=distributed_floating_ips,
    )
    if detached:
        detach(paths, lambda process: _started(paths, process))
    from brume.service.run import run

    sys.exit(run(settings, quiet=detached))


def _started(paths: Paths, process: int) -> Iterator[str]:
    url = paths.clouds_yaml.read_text().split("auth_url: ", 1)[1].split("/identity", 1)[0]
    yield f"Brume is running at {url} (process {process}); the log is {paths.log}"
    yield f"export OS_CLIENT_CONFIG_FILE={paths.clouds_yaml} OS_CLOUD=brume-admin"


up.params.insert(0, CLOUD_DIRECTORY)
main.add_command(ovn)
for command in commands(CLOUD_DIRECTORY, drift):
    main.add_command(command)

if __name__ == "__main__":
    main()
