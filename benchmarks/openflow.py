"""How long logical flows take to become OpenFlow flows: one network from nothing, and one port more.

    python benchmarks/openflow.py [ports ...] [--chassis N] [--profile]

The network of `compile_northbound.py` on N chassis (default 3), a tenth of the ports plugged in on the first one.
Measured are the shared translation of everything, the stage of the first chassis, and one port more: its translation
and what all chassis do, until the last flow is told to the last switch.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import pstats
import subprocess
import sys
import time

from benchmarks.compile_northbound import put_network, put_port, resident
from benchmarks.machine import machine
from brume.openflow.chassis.registration import identity, registration
from brume.openflow.chassis.rows import Interface
from brume.openflow.chassis.stage import ChassisStage
from brume.openflow.rows import SharedFlow
from brume.openflow.shared import SharedTranslation
from brume.southbound.compiler import Compiler
from brume.southbound.schema import LogicalFlow
from brume.tables.database import Database, Transaction
from brume.tables.map import Map
from brume.values import Ipv4Address, derive_uuid


def measure(ports: int, chassis: int, profile: bool) -> str:
    northbound, southbound = Database("northbound"), Database("southbound")
    transaction = Transaction()
    put_network(transaction)
    for number in range(2, ports + 2):
        put_port(transaction, number)
    northbound.apply(transaction)
    compiler = Compiler(northbound, southbound)
    compiler.start()
    northbound.subscribe(compiler.update)
    gc.collect()
    before = resident()
    profiler = cProfile.Profile()
    if profile:
        profiler.enable()
    start = time.process_time()
    shared = SharedTranslation(southbound)
    full = time.process_time() - start
    after = resident()
    told: list[int] = []
    stages = []
    for number in range(chassis):
        here = identity(f"compute{number + 1}")
        southbound.apply(registration(here, Ipv4Address(0xC0000201 + number), Map({})))
        stages.append(ChassisStage(southbound, shared, here, lambda changes: told.append(len(changes))))
    start = time.process_time()
    for number in range(2, max(ports // 10, 2) + 2):
        name = derive_uuid("port", number)
        stages[0].put_interface(Interface(name=f"tap{number}", ofport=number, iface_id=name))
    plugged = (time.process_time() - start) / max(ports // 10, 1)
    for stage in stages[1:]:
        stage.put_interface(Interface(name="tap0", ofport=1, iface_id=derive_uuid("port", ports + 1)))
    one_more = [add_one(northbound, stages[0], ports + 2 + number) for number in range(20)]
    flows = len(shared.flows.rows(SharedFlow))
    if profile:
        profiler.disable()
        pstats.Stats(profiler).sort_stats("tottime").print_stats(35)
    logical = len(southbound.rows(LogicalFlow))
    return (
        f"{ports:>7} ports {logical:>7} logical flows {flows:>7} shared {full:>6.2f} s CPU "
        f"({full / logical * 1e6:>5.1f} us each, {after - before:>4.0f} MB) plug {plugged * 1000:>6.2f} ms, "
        f"one port more {min(one_more) * 1000:>6.3f} ms with compiling, {len(shared.engine.ran)} rules"
    )


def add_one(northbound: Database, stage: ChassisStage, number: int) -> float:
    """CPU seconds from a northbound change to flows in all switches, plugging in included."""
    transaction = Transaction()
    put_port(transaction, number)
    start = time.process_time()
    northbound.apply(transaction)
    stage.put_interface(Interface(name=f"tap{number}", ofport=number, iface_id=derive_uuid("port", number)))
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ports", nargs="*", type=int, default=[100, 1000, 10000])
    parser.add_argument("--chassis", type=int, default=3)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    if len(options.ports) == 1:
        print(measure(options.ports[0], options.chassis, options.profile), flush=True)
        return
    print(machine(), flush=True)
    for ports in options.ports:
        command = [sys.executable, "-m", "benchmarks.openflow", str(ports), "--chassis", str(options.chassis)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
