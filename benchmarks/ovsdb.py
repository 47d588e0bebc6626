"""How our OVSDB server does beside ovsdb-server: the same requests to both in one run.

    python -m benchmarks.ovsdb [ports]

Loads a northbound of 10,000 ports, in transactions of 50 ports and in one of everything; dumps it to a new monitor;
then small transactions: with no client, one and fifty that monitor everything, and with a thousand idle ones.
Processor time and memory are the server's alone, latency is what a client sees.
"""

from __future__ import annotations

import resource
import statistics
import sys
from collections.abc import Callable
from typing import Any

from benchmarks.machine import machine
from benchmarks.ovsdb_clients import Client, Request, Watchers, monitor_everything, transaction
from benchmarks.ovsdb_load import PORTS_OF_A_NETWORK, add_port, inserted, load, set_column
from benchmarks.ovsdb_servers import SERVERS, Server, serving
from brume.northbound.schema import NORTHBOUND

Json = Any
Figures = dict[str, float]
WATCHERS = (0, 1, 50)
IDLE = 1000
SMALL = 400
"""Small transactions of a kind."""
MONITOR = monitor_everything(NORTHBOUND)


def send_all(client: Client, transactions: list[list[Json]]) -> dict[str, Json]:
    """Send transactions one after the other; the rows they made, by the names given in them."""
    rows: dict[str, Json] = {}
    for operations in transactions:
        results, _, _ = client.call(transaction(operations))
        rows.update(inserted(operations, results))
    return rows


def measure_load(server: Server, client: Client, transactions: list[list[Json]], figures: Figures) -> dict[str, Json]:
    """Load in small transactions; what it costs in time and memory."""
    memory, seconds = server.megabytes(), server.seconds()
    rows = send_all(client, transactions)
    figures["load, transactions of 50 ports: CPU s"] = server.seconds() - seconds
    figures["memory of a row: octets"] = (server.megabytes() - memory) * 1e6 / len(rows)
    return rows


def measure_dump(server: Server, client: Client, port: Json, figures: Figures) -> None:
    """Everything there is, told to a new client; the best of three, with a change between them."""
    costs, octets = [], 0
    for number in range(3):
        client.call(transaction(set_column(port, number)))
        seconds, other = server.seconds(), Client(server.socket)
        _, latency, octets = other.call(MONITOR)
        costs.append((server.seconds() - seconds, latency))
        other.close()
    figures["dump to a new monitor: CPU s"] = min(cost for cost, _ in costs)
    figures["dump to a new monitor: wall s"] = min(latency for _, latency in costs)
    figures["dump to a new monitor: MB"] = octets / 1e6


def measure_small(client: Client, what: str, request: Callable[[int], list[Json]], figures: Figures) -> None:
    """Median and 99th percentile of many small transactions, each sent when the last one was answered."""
    latencies = []
    for number in range(SMALL):
        prepared = transaction(request(number))
        results, latency, _ = client.call(prepared)
        if any("error" in result for result in results):
            raise RuntimeError(results)
        latencies.append(latency * 1e6)
    figures[f"{what}: median µs"] = statistics.median(latencies)
    figures[f"{what}: p99 µs"] = sorted(latencies)[int(SMALL * 0.99)]


def measure_idle(server: Server, client: Client, port: Json, figures: Figures) -> None:
    """A small transaction while many clients are connected that say nothing and watch nothing."""
    others = [Client(server.socket) for _ in range(IDLE)]
    for other in others:
        other.call(Request("echo", []))
    measure_small(client, f"set a column, {IDLE} idle clients", lambda number: set_column(port, -number), figures)
    for other in others:
        other.close()


def measure(name: str, ports: int) -> Figures:
    """All figures of one server."""
    figures: Figures = {}
    transactions = load(ports)
    networks = len(transactions) - 1
    with serving(name) as server:
        client = Client(server.socket)
        rows = measure_load(server, client, transactions, figures)
        measure_dump(server, client, rows["p0_0"], figures)
        place = PORTS_OF_A_NETWORK
        for count in WATCHERS:
            watchers = Watchers(server.socket, NORTHBOUND, count)
            told, seconds = f"{count} monitors", server.seconds()
            measure_small(
                client,
                f"set a column, {told}",
                lambda number: set_column(rows[f"p{number % networks}_{number % PORTS_OF_A_NETWORK}"], number),
                figures,
            )
            measure_small(
                client,
                f"add a port, {told}",
                lambda number: add_port(rows, number % networks, place + number // networks),  # noqa: B023
                figures,
            )
            figures[f"small transaction, {told}: CPU µs"] = (server.seconds() - seconds) / SMALL / 2 * 1e6
            place += SMALL // networks + 1
            watchers.close()
        measure_idle(server, client, rows["p0_0"], figures)
    with serving(name) as server:
        client = Client(server.socket)
        seconds = server.seconds()
        send_all(client, [[operation for operations in transactions for operation in operations]])
        figures["load, one transaction: CPU s"] = server.seconds() - seconds
    return figures


def main() -> None:
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(files, 2 * IDLE + 100), files))  # the servers have it from here
    ports = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    print(machine(), f"{ports} ports", flush=True)
    found = {name: measure(name, ports) for name in SERVERS}
    print(f"{'':45}{'ovsdb-server':>14}{'Brume':>14}{'ratio':>8}")
    for what, one in found["ovsdb-server"].items():
        other = found["Brume"][what]
        print(f"{what:45}{one:>14.3f}{other:>14.3f}{other / one if one else 0:>8.2f}")


if __name__ == "__main__":
    main()
