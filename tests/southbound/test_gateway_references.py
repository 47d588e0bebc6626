"""Stories of who watches gateways: what is followed change by change equals what is found by looking at everything."""

from __future__ import annotations

import random

import pytest
from msgspec.structs import replace

from brume.northbound.schema import LogicalRouter, LogicalSwitch
from brume.southbound.compiler import Compiler
from brume.southbound.gateway_references import GatewayReferences
from brume.southbound.schema import Chassis, HAChassisGroup, port_binding_by_logical_port
from brume.tables.database import Transaction
from tests.southbound.builder import Builder, chassis, uuid

NAMES = ("compute1", "compute2", "compute3")
SWITCHES = ("red", "blue", "green", "public")
ROUTERS = ("left", "right")


class Story:
    """Switches with a host each, routers that come to them, and a group of two gateways on the public one."""

    def __init__(self) -> None:
        self.build = Builder()
        for number, switch in enumerate(SWITCHES):
            self.build.switch(switch)
            self.build.port(switch, f"vm-{switch}", f"fa:16:3e:00:00:0{number} 10.{number}.0.9")
        for router in ROUTERS:
            self.build.router(router)
        self.northbound, self.southbound = self.build.apply(), chassis(*NAMES)
        compiler = Compiler(self.northbound, self.southbound)
        compiler.start()
        self.northbound.subscribe(compiler.update)
        self.southbound.subscribe(compiler.observe)
        self.follower = GatewayReferences(self.southbound)
        self.follower.start()
        self.southbound.subscribe(self.follower.follow)

    def connect(self, router: str, switch: str, gateways: tuple[str, ...] = ()) -> None:
        place, number = SWITCHES.index(switch), ROUTERS.index(router)
        mac, network = f"fa:16:3e:aa:{number:02x}:{place:02x}", f"10.{place}.0.{number + 1}/24"
        self.build.interface(router, switch, mac, network, gateways=gateways)
        self.build.apply()

    def disconnect(self, router: str, switch: str) -> None:
        port, name = uuid("router port", f"lrp-{router}-{switch}"), f"lsp-{router}-{switch}"
        self.build.transaction.remove(LogicalRouter.ports, uuid("router", router), port)
        self.build.transaction.remove(LogicalSwitch.ports, uuid("switch", switch), uuid("port", name))
        self.build.apply()

    def claim(self, switch: str, name: str | None) -> None:
        (row,) = self.southbound.find(port_binding_by_logical_port, f"vm-{switch}")
        transaction = Transaction("a chassis")
        transaction.put(replace(row, chassis=None if name is None else uuid("chassis", name)))
        self.southbound.apply(transaction)

    def said(self) -> dict[str, list[str]]:
        names = {row.uuid: row.name for row in self.southbound.rows(Chassis)}
        return {
            row.name: sorted(names[one] for one in self.southbound.members(HAChassisGroup.ref_chassis, row.uuid))
            for row in self.southbound.rows(HAChassisGroup)
        }


def test_chassis_around_a_gateway_refer_to_its_group() -> None:
    story = Story()
    story.connect("left", "public", gateways=("compute1", "compute2"))
    story.connect("left", "red")
    assert story.said() == {"lrp-left-public": []}
    story.claim("red", "compute3")
    story.claim("blue", "compute2")
    assert story.said() == {"lrp-left-public": ["compute3"]}
    story.connect("right", "red")
    story.connect("right", "blue")
    assert story.said() == {"lrp-left-public": ["compute2", "compute3"]}
    story.disconnect("right", "red")
    assert story.said() == {"lrp-left-public": ["compute3"]}
    story.claim("red", None)
    assert story.said() == {"lrp-left-public": []}


def test_one_gateway_alone_is_watched_by_nobody() -> None:
    story = Story()
    story.connect("left", "public", gateways=("compute1",))
    story.claim("public", "compute3")
    assert story.said() == {"lrp-left-public": []}


@pytest.mark.parametrize("seed", range(20))
def test_following_equals_looking_at_everything(seed: int) -> None:
    draw, story = random.Random(seed), Story()
    for _ in range(25):
        what, router, switch = draw.random(), draw.choice(ROUTERS), draw.choice(SWITCHES)
        if what < 0.35:
            story.connect(router, switch, gateways=draw.choice([(), ("compute1",), NAMES[:2]]))
        elif what < 0.5:
            story.disconnect(router, switch)
        else:
            story.claim(switch, draw.choice([None, *NAMES]))
        followed = story.said()
        GatewayReferences(story.southbound).start()
        assert story.said() == followed
