"""Host: a simulated machine with one interface; a small but honest IP stack without input and output of its own.

    host.receive(frame)                frames in                host.send(frame)  frames out, a function it was given

    host.py        the host: its interface, addresses, name; puts the parts together
    neighbors.py   ARP and neighbour discovery: who has which MAC, and packets that wait for an answer
    routes.py      the routing table
    internet.py    IPv4 and IPv6: sending by route, fragments, receiving
    groups.py      multicast groups it has joined: IGMP
    icmp.py        echo, errors; who is told of which error
    udp.py tcp.py  ports, services.py; connection.py: one TCP connection (flight.py, connection_events.py)
    dhcp.py        the DHCPv4 client; dhcp6.py: the DHCPv6 client
    autoconfig.py  IPv6 addresses from router advertisements, which say whether to ask by DHCPv6
    ping.py traceroute.py   measuring, as objects with results
    console.py     `host.console.run(["ping", "-c", "3", "10.0.0.2"])` gives a Job with lines and an exit code
    commands/      one file a command, printing as the real tools do

    frame -> Host.receive -> Neighbors (ARP) | Internet -> Icmp | Udp | Tcp
    Icmp | Udp | Tcp -> Internet.send -> Routes -> Neighbors (resolve) -> Host.transmit -> frame

Rules: an idle host has no timer (a DHCP lease keeps one, as does the search for an IPv6 router); what it does depends
on frames, time and its own MAC alone; frames that make no sense are dropped and counted in `host.drops`.

Start reading in `host.py`.
"""

from brume.simulator.host.host import Host

__all__ = ["Host"]
