"""The commands that talk to a running cloud, or, as `brume ovn exec` and so on, to a running lab.

They are made once for each, because the two keep their state in different places: `commands(data_directory)`.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

import click
from click.core import ParameterSource

from brume.cli.certificate import certificate
from brume.cli.control import Message, NotRunning, call
from brume.cli.paths import LabPaths, Paths, default_data_directory, default_lab_directory

PATIENCE = 15.0
"""Seconds that `brume down` waits for the cloud to end."""


def _directory(default: Callable[[], Path], shown: str, paths: type[Paths]) -> click.Option:
    """The option --data-dir; commands get it as `paths`. Before a command of `brume ovn` it is as good as after it."""

    def found(context: click.Context, parameter: click.Parameter, value: Path) -> Paths:
        outer = context.parent.params.get("paths") if context.parent is not None else None
        if outer is not None and context.get_parameter_source("paths") is ParameterSource.DEFAULT:
            return cast("Paths", outer)
        return paths(value.absolute())

    return click.Option(
        ["--data-dir", "paths"],
        type=click.Path(path_type=Path, file_okay=False),
        default=default,
        show_default=shown,
        callback=found,
        help=f"Where the {paths.WHAT} keeps its state.",
    )


CLOUD_DIRECTORY = _directory(default_data_directory, "$BRUME_DATA_DIR, or brume under $XDG_STATE_HOME", Paths)
LAB_DIRECTORY = _directory(default_lab_directory, "$BRUME_OVN_DATA_DIR, or brume/ovn under $XDG_STATE_HOME", LabPaths)


def follow(paths: Paths, order: str, sink: BinaryIO | None = None, **arguments: Any) -> None:
    """Run a command in the cloud, print what it says, and exit with its exit code."""
    try:
        code = 1
        for message in call(paths, order, **arguments):
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
@click.argument("server")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def execute(paths: Paths, server: str, command: tuple[str, ...]) -> None:
    """Run COMMAND on the console of SERVER: its name or id (in a lab, its port's name), or `outside`.

    A simulated host knows ping, nc, curl, ip, arp, arping, traceroute, host, hostname and dhclient.
    """
    follow(paths, "exec", server=server, command=list(command))


@click.command()
@click.argument("source")
@click.argument("destination")
@click.option("--icmp", "protocol", flag_value="icmp", default="icmp", help="An echo request (the default).")
@click.option("--tcp", type=click.IntRange(1, 65535), help="The first packet of a TCP connection to this port.")
@click.option("--udp", type=click.IntRange(1, 65535), help="A UDP datagram to this port.")
@click.option("-4", "family", flag_value=4, type=int, help="An IPv4 packet.")
@click.option("-6", "family", flag_value=6, type=int, help="An IPv6 packet (where an end has no IPv4, the default).")
@click.option("--verbose", is_flag=True, help="Every table, those that only pass the packet on too.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def trace(
    paths: Paths,
    source: str,
    destination: str,
    protocol: str,
    tcp: int | None,
    udp: int | None,
    family: int | None,
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
        paths,
        "trace",
        source=source,
        destination=destination,
        protocol=protocol,
        port=tcp or udp,
        family=family,
        json=as_json,
        verbose=verbose,
        colour=sys.stdout.isatty(),
    )


@click.command()
@click.argument("node")
@click.argument("bridge", default="br-int")
@click.argument("filter", required=False)
def flows(paths: Paths, node: str, bridge: str, filter: str | None) -> None:
    """Print the flows of BRIDGE on NODE as `ovs-ofctl dump-flows` prints them.

    FILTER is e.g. table=8 or table=33,metadata=0x2: flows in that table, with a match at least as narrow.
    """
    follow(paths, "flows", node=node, bridge=bridge, filter=filter)


@click.command()
@click.argument("wire")
@click.option("-w", "file", required=True, type=click.File("wb"), help="The file to write; - for standard output.")
@click.option("-c", "count", type=click.IntRange(1), help="Stop after this many packets.")
@click.option("--duration", type=click.FloatRange(0), help="Stop after this many seconds.")
def pcap(paths: Paths, wire: str, file: BinaryIO, count: int | None, duration: float | None) -> None:
    """Write what WIRE carries (a server, a node's underlay such as compute1, or `outside`) as tcpdump reads it."""
    follow(paths, "pcap", sink=file, wire=wire, count=count, duration=duration)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def drift(paths: Paths, as_json: bool) -> None:
    """List what somebody wrote by hand into NB beside what the cloud derives, and what of NB and SB was put right.

    Rows by hand are kept, and obeyed like any other. What somebody changed of a derived row was put right at once;
    that list begins with the start of the cloud. The exit code is 0 if there is nothing of either kind, and 1 if
    there is.
    """
    follow(paths, "drift", json=as_json)


@click.command()
def status(paths: Paths) -> None:
    """Say what is running: the address, the nodes, the servers, what could not be derived."""
    follow(paths, "status")


@click.command()
def down(paths: Paths) -> None:
    """Stop what is running, and return when it has ended; its state stays."""
    try:
        for message in call(paths, "down"):
            _show(message, None, 0)
    except NotRunning as error:
        raise click.ClickException(str(error)) from error
    patience = time.monotonic() + PATIENCE
    while paths.process_id.exists():
        if time.monotonic() > patience:
            raise click.ClickException(f"the {paths.WHAT} has not ended within {PATIENCE:.0f} seconds; see {paths.log}")
        time.sleep(0.01)


def commands(directory: click.Option, *more: click.Command) -> list[click.Command]:
    """The commands, and those that only this kind of system has, for a data directory of this kind."""
    return [
        click.Command(
            command.name,
            callback=command.callback,
            params=[directory, *command.params],
            help=command.help,
            context_settings=command.context_settings,
        )
        for command in (execute, trace, flows, pcap, *more, certificate, status, down)
    ]
