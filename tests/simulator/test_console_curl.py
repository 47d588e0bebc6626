"""curl asks a web server, and says in curl's words why there is no answer."""

from __future__ import annotations

import pytest

NOBODY = "curl: (7) Failed to connect to 10.0.0.9 port 80 after 3000 ms: Couldn't connect to server"


@pytest.mark.parametrize(
    ("command", "printed", "code"),
    [
        ("curl http://10.0.0.2/", "vm2", 0),
        ("curl -s 10.0.0.2", "vm2", 0),
        ("curl http://10.0.0.2:80/index.html", "vm2", 0),
        ("curl http://10.0.0.2:22/", "curl: (1) Received HTTP/0.9 when not allowed", 1),
        ("curl http://10.0.0.9/", NOBODY, 7),
        ("curl -s http://10.0.0.9/", "", 7),
        ("curl -m 0.5 http://10.0.0.9/", "curl: (28) Connection timed out after 500 milliseconds", 28),
        ("curl https://10.0.0.2/", 'curl: (1) Protocol "https" not supported or disabled in libcurl', 1),
        ("curl http://web/", "curl: (6) Could not resolve host: web", 6),
        ("curl http://10.0.0.2:99999/", "curl: (3) URL using bad/illegal format or missing URL", 3),
        ("curl", "curl: try 'curl [-s] [-m seconds] http://address[:port]/path'", 2),
    ],
)
def test_commands(pair, command: str, printed: str, code: int) -> None:
    bench, vm1, _ = pair
    job = bench.run(vm1, command)
    assert ("\n".join(job.lines), job.exit_code) == (printed, code)


def test_nothing_stays_behind(pair) -> None:
    bench, vm1, vm2 = pair
    for command in ("curl 10.0.0.2", "curl -m 1 10.0.0.9"):
        bench.run(vm1, command)
    bench.scheduler.run_until_idle()
    assert not vm1.tcp.connections
    assert not vm2.tcp.connections


def test_a_server_that_is_asked_in_ipv6(bench) -> None:
    vm1, _ = bench.host(1, "fd00::1/64"), bench.host(2, "fd00::2/64")
    bench.settle()
    assert bench.run(vm1, "curl http://[fd00::2]/").lines == ["vm2"]
