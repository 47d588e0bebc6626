"""One port more is the same work in a small network and in a large one: counted, not timed, in a whole cloud."""

from collections import Counter

import pytest

from benchmarks.inside import Inside

FEW, MANY = 10, 300


@pytest.fixture
def lab(tmp_path):
    made = Lab(tmp_path)
    yield made
    made.cloud.close()
    made.loop.close()


class Lab(Inside):
    """A cloud of two nodes, with a network that both have a server on."""

    def __init__(self, directory):
        super().__init__(directory)
        self.statements = []
        self.net = self.network("net", "10.0.0.0/8")  # large: an address that is taken costs a look more
        self.flavor = self.request("GET", "/compute/v2.1/flavors")["flavors"][0]["id"]
        self.image = self.request("GET", "/image/v2/images")["images"][0]["id"]
        for node in self.cloud.nodes:
            self.server(node)

    def server(self, node):
        server = {"name": "vm", "flavorRef": self.flavor, "imageRef": self.image, "networks": [{"uuid": self.net}]}
        self.request("POST", "/compute/v2.1/servers", {"server": server | {"availability_zone": f"nova:{node}"}})
        self.settle()

    def settle(self):
        """Until all that follows is done: derived, claimed, addressed by DHCP, and noted that it is up."""
        self.cloud.settle()
        self.cloud.scheduler.run_until(self.cloud.scheduler.now() + 5)
        self.cloud.settle()

    def ports(self, count):
        """Have this many ports."""
        present = len(self.request("GET", f"/network/v2.0/ports?network_id={self.net}&fields=id")["ports"])
        wanted = [self.port_body(number) for number in range(count - present)]
        self.request("POST", "/network/v2.0/ports", {"ports": wanted})
        self.settle()

    def port_body(self, number, **more):
        return {"network_id": self.net, "name": f"port{number}", "device_owner": "compute:nova", **more}

    def record_statements(self):
        database = self.cloud.cloud.store._database
        self.statements = []
        database.cursor.connection.set_trace_callback(self.statements.append)

    def flows(self):
        return {name: set(chassis.flows()) for name, chassis in self.cloud.nodes.items()}

    def work(self, action):
        """What `action` makes the cloud do: SQL statements by their first words, rules by stage, flows by node."""
        before = self.flows()
        self.record_statements()
        action()
        self.cloud.settle()
        cloud = self.cloud
        rules = {
            "northbound": len(cloud.northbound.engine.ran),
            "southbound": cloud.southbound.ran(),
            "shared": len(cloud.network.shared.engine.ran),
            **{f"rules of {name}": len(chassis.stage.engine.ran) for name, chassis in cloud.nodes.items()},
        }
        statements = Counter(" ".join(statement.split()[:3]) for statement in self.statements)
        flows = {f"flows of {name}": len(before[name] ^ now) for name, now in self.flows().items()}
        self.settle()
        return {"statements": statements, **rules, **flows}


@pytest.mark.parametrize("more", [{}, {"binding:host_id": "compute1"}], ids=["unbound", "bound"])
def test_a_port_more_is_the_same_work_at_any_size(lab, more):
    def create():
        lab.request("POST", "/network/v2.0/ports", {"port": lab.port_body(0, **more)})

    create()
    lab.settle()
    seen = []
    for size in (FEW, MANY):
        lab.ports(size)
        seen.append(lab.work(create))
    few, many = seen
    assert few == many
    assert few["statements"].total() <= 25
    assert few["northbound"] + few["southbound"] <= 30
    assert few["flows of compute1"] <= 60


def test_a_server_more_is_the_same_work_for_the_network_at_any_size(lab):
    lab.server("compute1")
    seen = []
    for size in (FEW, MANY):
        lab.ports(size)
        work = lab.work(lambda: lab.server("compute1"))
        seen.append((work["statements"], work["flows of compute1"], work["flows of compute2"]))
    assert seen[0] == seen[1]
