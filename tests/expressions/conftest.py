"""What OVN's own tests set up before they parse anything: symbols, address sets, port groups, ports."""

import json
from pathlib import Path

import pytest

from brume.expressions.logical_fields import ovn_23_03
from brume.expressions.symbols import SymbolTable

DATA = Path(__file__).parents[1] / "data" / "expressions"


class Network:
    """Lookups that remember what was asked."""

    def __init__(
        self,
        ports: dict[str, int],
        address_sets: dict[str, list[str]],
        port_groups: dict[str, list[str]],
        resident: list[str],
    ) -> None:
        self.ports, self.address_sets, self.port_groups, self.resident = ports, address_sets, port_groups, resident
        self.asked: list[tuple[str, str]] = []

    def port(self, name: str) -> int | None:
        self.asked.append(("port", name))
        return self.ports.get(name)

    def address_set(self, name: str) -> list[str] | None:
        self.asked.append(("address set", name))
        return self.address_sets.get(name)

    def port_group(self, name: str) -> list[str] | None:
        self.asked.append(("port group", name))
        return self.port_groups.get(name)

    def is_chassis_resident(self, port: str) -> bool:
        self.asked.append(("resident", port))
        return port in self.resident


@pytest.fixture
def network() -> Network:
    fixtures = json.loads((DATA / "fixtures.json").read_text())
    ports = {name: 0xFFFE if number == "ofp(0xfffe)" else number for name, number in fixtures["ports"].items()}
    # The Southbound name of a port group starts with the datapath's tunnel key; these lookups are datapath 0's.
    groups = {name.removeprefix("0_"): members for name, members in fixtures["port_groups"].items()}
    return Network(ports, dict(fixtures["addr_sets"]), groups, fixtures["chassis_resident"])


@pytest.fixture(scope="session")
def symbols() -> SymbolTable:
    """OVN 23.03's symbols and a few broken ones."""
    table = ovn_23_03()
    table.add_field("bad_prereq", "xreg0", "xyzzy")
    table.add_field("self_recurse", "xreg0", "self_recurse != 0")
    table.add_field("mutual_recurse_1", "xreg0", "mutual_recurse_2 != 0")
    table.add_field("mutual_recurse_2", "xreg0", "mutual_recurse_1 != 0")
    table.add_string("big_string", "xreg0")
    return table
