"""`brume certificate NAME`: a key and a certificate for a client of `pssl:` remotes.

They come from the authority in the data directory, and stay there; nothing has to be running. Whoever may read a key
may be who its certificate names.
"""

from __future__ import annotations

from datetime import UTC, datetime

import click

from brume.cli.paths import Paths

SERVER_NAME = "server"
"""What the server's own is called."""


@click.command()
@click.argument("name")
def certificate(paths: Paths, name: str) -> None:
    """Issue a key and a certificate in NAME, and print the options with which OVN's programs show it.

    Clients of pssl: remotes need one. A chassis shows one in its own name (its system-id) to a remote with the role
    ovn-controller, and may then change what is its own. Who asks again gets the same.
    """
    from brume.ovsdb.authority import CLIENT, make_authority
    from brume.ovsdb.tls import TlsError

    if name == SERVER_NAME:
        raise click.BadParameter(f"{name} is the server's own", param_hint="NAME")
    try:
        paths.ensure()
        now = datetime.now(UTC)
        files = make_authority(paths.authority, now=now).issue(name, CLIENT, now=now)
    except (TlsError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(" ".join(files.options()))
