"""`brume ovn`: starts a lab, or, with one of its own commands, speaks to a running one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from brume.cli.commands import LAB_DIRECTORY, commands, follow
from brume.cli.paths import LabPaths
from brume.ovsdb.wire.remotes import parse_remotes
from brume.service.detach import detach, prepare
from brume.service.serving.options import northbound_remote, southbound_remote

if TYPE_CHECKING:
    from brume.ovsdb.tls import TlsFiles

FILE = click.Path(exists=True, dir_okay=False)


def _connects(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """A remote to connect to, or several of one cluster, with commas between."""
    try:
        if value is not None and any(remote.passive for remote in parse_remotes(value)):
            raise ValueError(f'"{value}": to connect, it is tcp:HOST:PORT, ssl:HOST:PORT or unix:FILE')
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    return value


@click.group(invoke_without_command=True)
@click.option("--chassis", type=click.IntRange(0, 64), default=2, show_default=True, help="How many chassis.")
@click.option(
    "--northbound", metavar="REMOTE", callback=_connects, help="NB is at another server: tcp:HOST:PORT, unix:FILE."
)
@click.option("--southbound", metavar="REMOTE", callback=_connects, help="SB is at another server, likewise.")
@click.option(
    "--compiler",
    type=click.Choice(["brume", "none"]),
    default="brume",
    show_default=True,
    help="Who makes SB of NB; none: a real ovn-northd does, which you start.",
)
@click.option("--private-key", type=FILE, help="Our key, for ssl: remotes; as ovn-nbctl takes it.")
@click.option("--certificate", type=FILE, help="Our certificate, which belongs to it.")
@click.option("--ca-cert", type=FILE, help="The certificate of whoever signs the servers' certificates.")
@click.option(
    "--bootstrap-ca-cert",
    type=click.Path(dir_okay=False),
    help="The same; if it is not there, it is what the server sends the first time.",
)
@northbound_remote
@southbound_remote
@click.option("--detach", "detached", is_flag=True, help="Return as soon as the lab answers, and leave it running.")
@click.pass_context
def ovn(
    context: click.Context,
    paths: LabPaths,
    chassis: int,
    northbound: str | None,
    southbound: str | None,
    compiler: str,
    private_key: str | None,
    certificate: str | None,
    ca_cert: str | None,
    bootstrap_ca_cert: str | None,
    northbound_remote: tuple[str, ...],
    southbound_remote: tuple[str, ...],
    detached: bool,
) -> None:
    """Start a lab: OVN without OpenStack.

    The network is built by hand with the real ovn-nbctl; hosts are simulated, and plugged in with `brume ovn bind`.
    Ctrl-C (or `brume ovn down`) ends it; its state stays in the data directory.
    """
    if context.invoked_subcommand is not None:
        _refuse_options_of_a_start(context)
        return
    from brume.service.lab.settings import LabSettings

    prepare(paths)
    settings = LabSettings(
        data_directory=paths.directory,
        chassis=chassis,
        compiles=compiler == "brume",
        northbound=northbound,
        southbound=southbound,
        tls=_tls(private_key, certificate, ca_cert, bootstrap_ca_cert, [northbound or "", southbound or ""]),
        northbound_remotes=northbound_remote,
        southbound_remotes=southbound_remote,
    )
    if detached:
        detach(paths, lambda process: _started(settings, process))
    from brume.service.lab.run import run

    sys.exit(run(settings, quiet=detached))


def _tls(
    private_key: str | None,
    certificate: str | None,
    ca_cert: str | None,
    bootstrap_ca_cert: str | None,
    servers: list[str],
) -> Any:
    """All three, as TlsFiles, or none."""
    if ca_cert and bootstrap_ca_cert:
        raise click.UsageError("--ca-cert and --bootstrap-ca-cert exclude each other")
    authority = ca_cert or bootstrap_ca_cert
    if private_key and certificate and authority:
        from brume.ovsdb.tls import TlsFiles

        files = TlsFiles(private_key, certificate, authority)
        if bootstrap_ca_cert and not os.path.exists(bootstrap_ca_cert):
            _bootstrap(files, servers)
        return files
    if private_key or certificate or authority or "ssl:" in "".join(servers):
        raise click.UsageError("ssl: remotes need --private-key, --certificate and --ca-cert, all three")
    return None


def _bootstrap(files: TlsFiles, servers: list[str]) -> None:
    from brume.ovsdb.bootstrap import fetch_authority

    try:
        fetch_authority([remote for one in servers for remote in parse_remotes(one)], files)
    except OSError as error:
        raise click.ClickException(str(error)) from error


def _refuse_options_of_a_start(context: click.Context) -> None:
    """`brume ovn --chassis 3 status` would be taken for something that it is not."""
    for parameter in ovn.params:
        name = str(parameter.name)
        if name != "paths" and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{parameter.opts[0]} is for starting a lab, not for {context.invoked_subcommand}")


def _started(settings: Any, process: int) -> Iterator[str]:
    from brume.service.lab.run import greeting

    yield from greeting(settings)
    yield f"The lab is process {process}; the log is {settings.paths.log}"


@ovn.command()
@click.argument("port")
@click.argument("chassis")
@click.option("--mac", help="The host's MAC address, where the port has none (or to try a wrong one).")
@click.option(
    "--ip", multiple=True, metavar="ADDRESS[/LENGTH]", help="An address of the host's, instead of the port's."
)
@click.option("--gateway", metavar="ADDRESS", help="The host's default gateway, instead of the switch's router.")
def bind(paths: LabPaths, port: str, chassis: str, mac: str | None, ip: tuple[str, ...], gateway: str | None) -> None:
    """Plug a simulated host in on CHASSIS as the logical switch port PORT.

    The host has the MAC and IP addresses of the port; if the port has DHCP options it asks for an address. It is
    called as the port is: `brume ovn exec PORT ping 10.0.0.1`. A container's port comes after its parent's, on the same
    chassis.
    """
    follow(paths, "bind", port=port, chassis=chassis, mac=mac, ip=list(ip), gateway=gateway)


@ovn.command()
@click.argument("port")
def unbind(paths: LabPaths, port: str) -> None:
    """Unplug the host that is plugged in as the logical switch port PORT."""
    follow(paths, "unbind", port=port)


for _command in (ovn, bind, unbind):
    _command.params.insert(0, LAB_DIRECTORY)
for _command in commands(LAB_DIRECTORY):
    ovn.add_command(_command)
