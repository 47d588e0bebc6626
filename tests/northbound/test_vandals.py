"""Tenants ask for things while somebody writes whatever they like into the northbound.

After each such writing has been put right: the rules' part equals one compiled from nothing, every reference holds,
and what was the hand's is there but for what had to go with a derived row, which is told.
"""

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import initialize, invariant, rule

from brume.northbound.compiler import NorthboundCompiler
from brume.northbound.hands import DERIVED
from brume.northbound.schema import NORTHBOUND
from brume.ovsdb.columns import columns
from tests.northbound.conftest import NOW
from tests.northbound.hand import Hand, assert_sound, derived_part, hand_rows, mutate, where
from tests.northbound.test_following import Tenants
from tests.northbound.test_hands import copied

numbers = st.integers(0, 200)
TABLES = sorted(kind.TABLE.name for kind in DERIVED if hasattr(kind, "TABLE"))
SETS = [
    (kind.TABLE.name, column.name, column.relation.base.table)
    for kind in (NORTHBOUND.tables[name] for name in TABLES)
    for column in columns(kind).values()
    if column.relation is not None and column.relation.base.table in TABLES
]


class Vandals(Tenants):
    """The tenants' cloud with a hand on its northbound."""

    @initialize()
    def take_hand(self):
        self.hand = None

    def client(self):
        if self.hand is None:
            self.hand = Hand(self.world.nb)
        return self.hand

    def row(self, table, number):
        rows = sorted(row.uuid for row in self.world.nb.rows(NORTHBOUND.tables[table]))
        return rows[number % len(rows)] if rows else None

    def vandalize(self, *operations):
        self.client().send(*operations)
        before = hand_rows(self.world.nb)
        made = self.world.compiler.put_right(NOW)
        gone = {one.subject.uuid for one in made if one.action == "removed" and one.because}
        assert {row.uuid for row in hand_rows(self.world.nb)} == {row.uuid for row in before} - gone

    @rule(table=st.sampled_from(TABLES), number=numbers)
    def tear_out(self, table, number):
        uuid = self.row(table, number)
        if uuid is not None:
            self.vandalize({"op": "delete", "table": table, "where": where(uuid)})

    @rule(table=st.sampled_from(TABLES), number=numbers)
    def scribble(self, table, number):
        uuid = self.row(table, number)
        if uuid is not None and "external_ids" in columns(NORTHBOUND.tables[table]):
            self.vandalize(mutate(table, uuid, "external_ids", "insert", ["map", [["mine", str(number)]]]))

    @rule(table=st.sampled_from(["Logical_Switch", "Logical_Router", "Port_Group"]), number=numbers)
    def rename(self, table, number):
        uuid = self.row(table, number)
        if uuid is not None:
            row = {"name": f"name{number}"}
            self.vandalize({"op": "update", "table": table, "where": where(uuid), "row": row})

    @rule(column=st.sampled_from(SETS), parent=numbers, child=numbers, mutator=st.sampled_from(["insert", "delete"]))
    def pin(self, column, parent, child, mutator):
        table, name, target = column
        one, other = self.row(table, parent), self.row(target, child)
        if one is not None and other is not None:
            self.vandalize(mutate(table, one, name, mutator, ["uuid", other]))

    @rule(number=numbers, group=st.booleans())
    def add_acl(self, number, group):
        table = "Port_Group" if group else "Logical_Switch"
        parent = self.row(table, number)
        if parent is not None:
            row = {"priority": number, "direction": "to-lport", "action": "drop", "match": "ip4"}
            self.vandalize(*added(table, parent, "acls", "ACL", row))

    @rule(switch=numbers, number=numbers, options=numbers)
    def add_port(self, switch, number, options):
        parent, served = self.row("Logical_Switch", switch), self.row("DHCP_Options", options)
        if parent is not None:
            row = {"name": f"mine{number}", **({"dhcpv4_options": ["uuid", served]} if served else {})}
            self.vandalize(*added("Logical_Switch", parent, "ports", "Logical_Switch_Port", row))

    @rule(port=numbers, switch=numbers)
    def make_a_port_anew(self, port, switch):
        """`lsp-del` and `lsp-add` of the same name in one transaction."""
        uuid, parent = self.row("Logical_Switch_Port", port), self.row("Logical_Switch", switch)
        if uuid is None or parent is None:
            return
        ports = NORTHBOUND.tables["Logical_Switch"].ports
        row = {"name": self.world.nb.get(NORTHBOUND.tables["Logical_Switch_Port"], uuid).name}
        let_go = [
            mutate("Logical_Switch", owner, "ports", "delete", ["uuid", uuid])
            for owner in self.world.nb.owners(ports, uuid)
        ]
        self.vandalize(*let_go, *added("Logical_Switch", parent, "ports", "Logical_Switch_Port", row))

    @rule(router=numbers, number=numbers)
    def add_route(self, router, number):
        parent = self.row("Logical_Router", router)
        if parent is not None:
            row = {"ip_prefix": f"192.0.2.{number}/32", "nexthop": "10.0.1.1"}
            self.vandalize(*added("Logical_Router", parent, "static_routes", "Logical_Router_Static_Route", row))

    @rule(number=numbers, port=numbers)
    def add_group(self, number, port):
        member = self.row("Logical_Switch_Port", port)
        row = {"name": f"group{number}", **({"ports": ["uuid", member]} if member else {})}
        self.vandalize({"op": "insert", "table": "Port_Group", "row": row})

    @rule(number=numbers, port=numbers)
    def mirror(self, number, port):
        """A row of a table that no rule writes, which a derived row is made to refer to."""
        member = self.row("Logical_Switch_Port", port)
        row = {"name": f"mirror{number}", "filter": "to-lport", "sink": "192.0.2.1", "type": "gre"}
        if member is not None:
            self.vandalize(*added("Logical_Switch_Port", member, "mirror_rules", "Mirror", row))

    @invariant()
    def members_are_there(self):
        assert_sound(self.world.nb)

    def teardown(self):
        if hasattr(self, "world"):
            self.world.compiler.put_right(NOW)  # tells of rows that went along
            assert not self.world.compiler.put_right(NOW)
            assert derived_part(self.world.nb) == derived_part(self.world.recompiled())
            self.restart()

    def restart(self):
        """A file of this northbound, in which the hand went on writing while the cloud was down, is made true again."""
        old = copied(self.world.nb)
        client = Hand(old)
        for row in [row for kind in DERIVED for row in old.rows(kind)][::3]:
            client.send({"op": "delete", "table": row.TABLE.name, "where": where(row.uuid)})
        kept = {row.uuid for row in hand_rows(old)}
        again = NorthboundCompiler(old, self.world.settings)
        again.load(self.world.store)
        assert derived_part(old) == derived_part(self.world.nb)
        gone = {one.subject.uuid for one in again.put_right(NOW)}
        assert {row.uuid for row in hand_rows(old)} == kept - gone
        assert_sound(old)


def added(table, parent, column, child, row):
    """The operations that put a new row into a column of another."""
    return (
        {"op": "insert", "table": child, "uuid-name": "new", "row": row},
        mutate(table, parent, column, "insert", ["named-uuid", "new"]),
    )


Vandals.TestCase.settings = settings(max_examples=15, stateful_step_count=40, deadline=None)
TestVandals = Vandals.TestCase
