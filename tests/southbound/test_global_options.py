"""NB_Global.options: what ovn-northd fills in there is filled in by ours too, and stays filled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from brume.northbound.schema import NORTHBOUND, NBGlobal
from brume.southbound.compiler import Compiler
from brume.southbound.global_options import GlobalOptions
from brume.southbound.schema import SBGlobal
from brume.tables.database import Database, Transaction
from brume.tables.map import Map
from tests.agreement.ovn_lab import OvnLab, read_database, run, short_directory, why_not

with_northd = pytest.mark.skipif(bool(why_not()), reason=f"no real OVN here: {why_not()}")
DRAWN = ("mac_prefix", "svc_monitor_mac")
"""ovn-northd draws these where nobody gives them."""
GIVEN = (
    {},
    {"mac_prefix": "A:B:C", "svc_monitor_mac": "0A:00:00:00:00:0F", "use_ct_inv_match": "false"},
    {"mac_prefix": "0A:bb:cc:dd:ee", "max_tunid": "7", "northd_internal_version": "older"},
    {"mac_prefix": "00:00:00", "svc_monitor_mac": "0a:00:00:00:00"},
    {"mac_prefix": "none", "svc_monitor_mac": "none"},
)


class Deployment:
    """A northbound with nothing but settings, and its southbound."""

    def __init__(self) -> None:
        self.northbound, self.southbound = Database("northbound"), Database("southbound")
        self.compiler = Compiler(self.northbound, self.southbound)
        self.compiler.start()
        self.options = GlobalOptions(self.northbound)
        self.northbound.subscribe(self.compiler.update)
        self.northbound.subscribe(self.options.follow)
        self.options.start()

    def set(self, **options: str) -> dict[str, str]:
        """Somebody writes all options anew; what they are then."""
        (row,) = self.northbound.rows(NBGlobal)
        transaction = Transaction()
        transaction.put(NBGlobal(uuid=row.uuid, options=Map(options), ipsec=True, nb_cfg=5))
        self.northbound.apply(transaction)
        return self.now()

    def now(self) -> dict[str, str]:
        (row,), (below,) = self.northbound.rows(NBGlobal), self.southbound.rows(SBGlobal)
        assert row.options == below.options
        return dict(row.options)


def test_an_empty_northbound_is_filled_and_what_is_taken_away_comes_back() -> None:
    deployment = Deployment()
    filled = deployment.now()
    assert sorted(filled) == ["mac_prefix", "max_tunid", "northd_internal_version", "svc_monitor_mac"]
    assert deployment.set() == filled
    assert deployment.set(default_acl_drop="true") == {**filled, "default_acl_drop": "true"}
    (row,) = deployment.southbound.rows(SBGlobal)
    assert (row.ipsec, row.nb_cfg) == (True, 5)


def test_the_row_itself_comes_back() -> None:
    """As after `ovn-nbctl destroy NB_Global .`: without it SB would have no settings, DHCP options and roles either."""
    deployment = Deployment()
    filled = deployment.now()
    (row,) = deployment.northbound.rows(NBGlobal)
    transaction = Transaction()
    transaction.delete(NBGlobal, row.uuid)
    deployment.northbound.apply(transaction)
    assert deployment.now() == filled


def test_another_deployment_has_other_addresses() -> None:
    filled = []
    for number in (1, 2):
        database, transaction = Database("northbound"), Transaction()
        transaction.put(NBGlobal(uuid=f"00000000-0000-4000-8000-00000000000{number}"))
        database.apply(transaction)
        GlobalOptions(database).start()
        filled.append(database.rows(NBGlobal)[0].options)
    assert all(filled[0][name] != filled[1][name] for name in DRAWN)


@pytest.fixture(scope="module")
def lab() -> Iterator[OvnLab]:
    with short_directory() as directory:
        lab = OvnLab(Path(directory))
        yield lab
        lab.stop()


@with_northd
@pytest.mark.parametrize("given", GIVEN)
def test_the_same_options_as_northd(lab: OvnLab, given: dict[str, str]) -> None:
    command = ["ovn-nbctl", "--timeout=60", f"--db=unix:{lab.northbound.socket}", "--wait=sb"]
    run(*command, "clear", "nb_global", ".", "options", directory=lab.directory)
    if given:
        words = [f'options:{name}="{value}"' for name, value in given.items()]
        run(*command, "set", "nb_global", ".", *words, directory=lab.directory)
    (theirs,) = read_database(lab.northbound, NORTHBOUND).rows(NBGlobal)
    (below,) = lab.read().rows(SBGlobal)
    ours = Deployment().set(**given)
    drawn = [name for name in DRAWN if theirs.options[name] != ours[name]]
    assert dict(theirs.options) | {name: ours[name] for name in drawn} == ours
    assert below.options == theirs.options
    assert [name for name in drawn if name in given and is_usable(name, given[name])] == []


def is_usable(name: str, text: str) -> bool:
    """Whether a given value is heeded."""
    parts = text.split(":")
    return len(parts) >= 3 and any(int(part, 16) for part in parts[:3]) and (name == "mac_prefix" or len(parts) == 6)
