"""A story of packets through one bridge with five ports. A helper, not a test."""

from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from brume.dataplane.switch import Switch
from brume.openflow.messages.flow_text import parse_flow


def udp(sport=1000, dport=2000, ttl=64, source="10.0.0.1"):
    ether = Ether(src="00:00:00:00:00:01", dst="00:00:00:00:00:02")
    return bytes(ether / IP(src=source, dst="10.0.0.2", ttl=ttl) / UDP(sport=sport, dport=dport) / b"hello")


class Story:
    """One bridge with five ports; `send` tells which ports a frame left by, `frame` what left last."""

    def __init__(self, *flows, caching=True):
        self.switch = Switch("story", caching=caching)
        self.bridge = self.switch.add_bridge("br")
        for number in range(1, 6):
            self.bridge.add_port(f"p{number}", number)
        for flow in flows:
            self.bridge.tables.add(parse_flow(flow))
        self.now = 0.0
        self.result = None

    def send(self, frame=None, port=1):
        self.result = self.switch.receive("br", port, frame or udp(), self.now)
        return [out.port for out in self.result.outputs]

    @property
    def frame(self):
        return Ether(self.result.outputs[-1].frame)
