"""Simulator: a cloud's hardware, in one process and in virtual time.

    clock.py      the scheduler: what happens when; nothing moves unless somebody moves time
    chassis.py    a hypervisor: switch, what is installed in it (chassis_flows.py), tunnels, and its controller
                  (chassis_controller.py, chassis_snooping.py, chassis_probing.py)
    wire.py       segments and wires that carry frames as octets, and can be watched
    underlay.py   the network between chassis, which carries whole Geneve frames by outer address
    pcap.py       captures, as tcpdump reads and writes them
    host/         simulated hosts: ARP, DHCP, ICMP, UDP, TCP, and a console

        host --wire-- chassis ==underlay== chassis --wire-- host
                         |
                      segment (a physical network) -- outside host

Everything is driven by one `Scheduler`; there is no thread, no sleep and no real clock in this room.

Start reading in `clock.py`, then `host/__init__.py`.
"""
