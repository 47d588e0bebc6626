"""The options that say where NB and SB are served: of `brume up` and `brume ovn`."""

from __future__ import annotations

import click

from brume.service.serving.places import NORTHBOUND_PORT, SOUTHBOUND_PORT, places


def _checked(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    try:
        places(value, 0)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    return value


northbound_remote = click.option(
    "--northbound-remote",
    multiple=True,
    metavar="REMOTE",
    callback=_checked,
    show_default=f"ptcp:{NORTHBOUND_PORT}:127.0.0.1, if that is free",
    help="Where NB is served: ptcp:PORT[:HOST], pssl:PORT[:HOST] or punix:FILE; or whom to call and serve: "
    "tcp:HOST:PORT, ssl:HOST:PORT or unix:FILE. May be given several times.",
)
southbound_remote = click.option(
    "--southbound-remote",
    multiple=True,
    metavar="REMOTE",
    callback=_checked,
    show_default=f"ptcp:{SOUTHBOUND_PORT}:127.0.0.1, if that is free",
    help="Where SB is served, likewise.",
)
