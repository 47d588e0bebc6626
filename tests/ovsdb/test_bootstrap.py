"""How a client learns of an authority that it does not know yet. (With the real programs on the other side:
`tests/agreement/test_tls_with_real_programs.py`.)"""

from __future__ import annotations

import asyncio
import ssl
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from brume.ovsdb.authority import CLIENT, SERVER, Authority, make_authority
from brume.ovsdb.bootstrap import authority_of, fetch_authority
from brume.ovsdb.server.server import Server, host_on
from brume.ovsdb.tls import TlsError, TlsFiles, client_context, contexts
from brume.ovsdb.wire.remotes import Remote, parse_remotes

NOW = datetime.now(UTC)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return make_authority(tmp_path / "pki", now=NOW)


@pytest.fixture
def client(authority: Authority, tmp_path: Path) -> TlsFiles:
    """A client that does not know the authority yet."""
    return authority.issue("client", CLIENT, now=NOW)._replace(ca_cert=str(tmp_path / "learned.pem"))


def fetch(authority: Authority, files: TlsFiles, *before: Remote) -> None:
    """From a server of ours, which is the last to be asked."""

    async def story() -> None:
        server = Server(host_on(asyncio.get_running_loop()), tls=contexts(authority.issue("nb", SERVER, now=NOW)))
        entrance = await server.open(Remote("pssl", "127.0.0.1", 0))
        try:
            await asyncio.to_thread(fetch_authority, [*before, Remote("ssl", "127.0.0.1", entrance.port)], files)
        finally:
            await server.close()

    asyncio.run(story())


def certificates(*paths: str) -> list[bytes]:
    return [ssl.PEM_cert_to_DER_cert(Path(path).read_text()) for path in paths]


def test_the_authority_is_what_the_server_sends(authority: Authority, client: TlsFiles, tmp_path: Path) -> None:
    fetch(authority, client, *parse_remotes("unix:/nowhere,tcp:127.0.0.1:1,ssl:127.0.0.1:1"))
    assert certificates(client.ca_cert) == certificates(str(tmp_path / "pki/cacert.pem"))
    assert stat.S_IMODE(Path(client.ca_cert).stat().st_mode) & 0o222 == 0
    client_context(client)


def test_who_was_first_is_believed(authority: Authority, client: TlsFiles) -> None:
    Path(client.ca_cert).write_text("another's")
    fetch(authority, client)
    assert Path(client.ca_cert).read_text() == "another's"


def test_several_who_learn_at_once_learn_the_same(authority: Authority, client: TlsFiles) -> None:
    """Each may use the file as soon as it is there: it is never half a file."""

    async def story() -> None:
        server = Server(host_on(asyncio.get_running_loop()), tls=contexts(authority.issue("nb", SERVER, now=NOW)))
        remote = Remote("ssl", "127.0.0.1", (await server.open(Remote("pssl", "127.0.0.1", 0))).port)
        try:
            await asyncio.gather(*(asyncio.to_thread(learn, remote) for _ in range(4)))
        finally:
            await server.close()

    def learn(remote: Remote) -> None:
        fetch_authority([remote], client)
        client_context(client)

    asyncio.run(story())
    assert [path.name for path in Path(client.ca_cert).parent.iterdir() if "learned" in path.name] == ["learned.pem"]


@pytest.mark.parametrize("remotes", ["ssl:127.0.0.1:1", "tcp:127.0.0.1:1", ""])
def test_nobody_tells(client: TlsFiles, remotes: str) -> None:
    with pytest.raises(TlsError, match=r"learned.pem cannot be had: (ssl:127.0.0.1:1: .*refused|no ssl: remote)"):
        fetch_authority(parse_remotes(remotes), client)
    assert not Path(client.ca_cert).exists()


def test_what_has_not_signed_itself_is_no_authority(authority: Authority, client: TlsFiles, tmp_path: Path) -> None:
    server, root = certificates(authority.issue("nb", SERVER, now=NOW).certificate, str(tmp_path / "pki/cacert.pem"))
    assert authority_of([server, root]) == root
    for chain in ([server], [root, server], [b"no certificate"], []):
        with pytest.raises(TlsError):
            authority_of(chain)
