"""Affinity: for some seconds a client gets the backend it had before (`affinity_timeout`).

Three steps, on switches and on routers alike; they differ in registers and in what goes before the choice:
    lb_aff_check    a new connection to the virtual address: has its client a backend already
    lb (or dnat)    then that one, if it is one of the backends still
    lb_aff_learn    else remember the one that was chosen
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from brume.derive.rules import Output
from brume.expressions.actions import Actions
from brume.expressions.match import Match
from brume.southbound.from_northbound.facts.load_balancers import BalancedVip
from brume.southbound.from_northbound.flows import flow
from brume.southbound.pipeline import Stage
from brume.southbound.registers import BACKEND_PORT, KNOWN_SESSION

KNOWN = 150
"""The backend that the client had goes before a new choice."""


class Affinity(NamedTuple):
    """Where and how: stages and registers of a switch or of a router."""

    check: Stage
    choose: Stage
    learn: Stage
    asked: str
    """The match of a new connection to the virtual address."""
    remember: str
    """What is done before a client is looked up."""
    before: str
    """What goes before the choice of the backend it had."""
    address: str
    """The register with the virtual address."""
    port: str
    """The register with its port."""
    backend: str
    """The register with the address of the backend it had."""
    flag: str


def affinity(vip: BalancedVip, datapath: str, how: Affinity) -> Iterator[Output]:
    """The flows of one virtual address on one datapath."""
    check = Actions(f"{how.remember}{KNOWN_SESSION} = chk_lb_aff(); next;")
    yield flow(how.check, datapath, 100, Match(how.asked), check, vip.balancer)
    original = f"{how.address} == {vip.to.address}" + (f" && {how.port} == {vip.to.port}" if vip.to.port else "")
    protocol = f", proto = {vip.protocol}" if vip.to.port else ""
    # An address without a port stands in no brackets here, whatever its family.
    for backend in vip.backends:
        to_port = f" && {vip.protocol}.dst == {backend.port}" if backend.port else ""
        chosen = Match(
            f"{KNOWN_SESSION} == 0 && ct.new && {vip.family} && {original} && "
            f"{vip.family}.dst == {backend.address}{to_port}"
        )
        learn = (
            f'commit_lb_aff(vip = "{vip.to.text}", backend = "{backend.text}"{protocol}, timeout = {vip.affinity}); '
            "/* drop */"
        )
        yield flow(how.learn, datapath, 100, chosen, Actions(learn), vip.balancer)
        had_port = f" && {BACKEND_PORT} == {backend.port}" if backend.port else ""
        had = Match(f"{KNOWN_SESSION} == 1 && ct.new && {vip.family} && {how.backend} == {backend.address}{had_port}")
        flag = f"; {how.flag}" if how.flag else ""
        again = Actions(f"{how.before}ct_lb_mark(backends={backend.text}{flag});")
        yield flow(how.choose, datapath, KNOWN, had, again, vip.balancer)
