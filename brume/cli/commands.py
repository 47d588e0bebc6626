"""The commands that talk to a running cloud."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

import click

from brume.cli.control import Message, NotRunning, call
from brume.cli.paths import Paths, default_data_directory

PATIENCE = 15.0
"""Seconds that `brume down` waits for the cloud to end."""

data_directory = click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=default_data_directory,
    show_default="$BRUME_DATA_DIR, or brume under $XDG_STATE_HOME",
    help="Where the cloud keeps its state.",
)


def follow(directory: Path, order: str, sink: BinaryIO | None = None, **arguments: Any) -> None:
    """Run a command in the cloud, print what it says, and exit with its exit code."""
    try:
        code = 1
        for message in call(Paths(directory), order, **arguments):
            code = _show(message, sink, code)
    except NotRunning as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


def _show(message: Message, sink: BinaryIO | None, code: int) -> int:
    if message.out is not None:
        click.echo(message.out)
    if message.data is not None:
        click.echo(json.dumps(message.data, indent=2))
    if message.piece is not None and sink is not None:
        sink.write(message.content())
        sink.flush()
    if message.error is not None:
        click.echo(f"Error: {message.error}", err=True)
    return code if message.exit is None else message.exit


@click.command("exec", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@data_directory
@click.argument("server")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def execute(data_dir: Path, server: str, command: tuple[str, ...]) -> None:
    """Run COMMAND on the console of SERVER (a name, an id, or `outside`).

    A simulated server knows ping, nc, ip, arp, traceroute, hostname and dhclient.
    """
    follow(data_dir, "exec", server=server, command=list(command))


@click.command()
@data_directory
@click.argument("source")
@click.argument("destination")
@click.option("--icmp", "protocol", flag_value="icmp", default="icmp", help="An echo request (the default).")
@click.option("--tcp", type=click.IntRange(1, 65535), help="The first packet of a TCP connection to this port.")
@click.option("--udp", type=click.IntRange(1, 65535), help="A UDP datagram to this port.")
@click.option("--verbose", is_flag=True, help="Every table, those that only pass the packet on too.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def trace(
    data_dir: Path,
    source: str,
    destination: str,
    protocol: str,
    tcp: int | None,
    udp: int | None,
    verbose: bool,
    as_json: bool,
) -> None:
    """Send one packet from SOURCE to DESTINATION through the live tables, disturbing nothing, and show its way.

    SOURCE is a server or `outside`; DESTINATION a server, `outside` or an IP address. Where the packet is dropped,
    the trace says by whom and what would let it through; the exit code is then 1.
    """
    if tcp is not None and udp is not None:
        raise click.UsageError("--tcp and --udp exclude each other")
    if tcp is not None or udp is not None:
        protocol = "tcp" if tcp is not None else "udp"
    follow(
        data_dir,
        "trace",
        source=source,
        destination=destination,
        protocol=protocol,
        port=tcp or udp,
        json=as_json,
        verbose=verbose,
        colour=sys.stdout.isatty(),
    )


@click.command()
@data_directory
@click.argument("node")
@click.argument("bridge", default="br-int")
@click.argument("filter", required=False)
def flows(data_dir: Path, node: str, bridge: str, filter: str | None) -> None:
    """Print the flows of BRIDGE on NODE as `ovs-ofctl dump-flows` prints them; FILTER is e.g. table=8."""
    follow(data_dir, "flows", node=node, bridge=bridge, filter=filter)


@click.command()
@data_directory
@click.argument("wire")
@click.option("-w", "file", required=True, type=click.File("wb"), help="The file to write; - for standard output.")
@click.option("-c", "count", type=click.IntRange(1), help="Stop after this many packets.")
@click.option("--duration", type=click.FloatRange(0), help="Stop after this many seconds.")
def pcap(data_dir: Path, wire: str, file: BinaryIO, count: int | None, duration: float | None) -> None:
    """Write what WIRE carries (a server, a node's underlay such as compute1, or `outside`) as tcpdump reads it."""
    follow(data_dir, "pcap", sink=file, wire=wire, count=count, duration=duration)


@click.command()
@data_directory
def status(data_dir: Path) -> None:
    """Say what is running: the address, the nodes, the servers, what could not be derived."""
    follow(data_dir, "status")


@click.command()
@data_directory
def down(data_dir: Path) -> None:
    """Stop the running cloud, and return when it has ended; its state stays."""
    paths = Paths(data_dir)
    try:
        for message in call(paths, "down"):
            _show(message, None, 0)
    except NotRunning as error:
        raise click.ClickException(str(error)) from error
    patience = time.monotonic() + PATIENCE
    while paths.process_id.exists():
        if time.monotonic() > patience:
            raise click.ClickException(f"the cloud has not ended within {PATIENCE:.0f} seconds; see {paths.log}")
        time.sleep(0.01)


COMMANDS: tuple[click.Command, ...] = (execute, trace, flows, pcap, status, down)
