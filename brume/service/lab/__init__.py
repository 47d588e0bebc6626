"""The lab: a network without OpenStack, built by hand with the real ovn-nbctl. The command is `brume ovn`.

    ovn-nbctl --NB--> LogicalNetwork: NB -> SB -> chassis --plug-- guests       brume ovn bind vma compute1
                                             |
                                          segment -- outside

    command.py    the command line: starts a lab, or speaks to one
    settings.py   what can be chosen
    lab.py        one lab without sockets and files: network, guests, what outside is called
    card.py       what a host plugged in as a logical port is made of: MAC, addresses, gateway
    bindings.py   which ports are bound where, kept in a file
    outside.py    the addresses of the host behind the physical network
    upstream.py   where a trace through hand-written rows ends
    commands.py   what a lab's control socket can do: bind, unbind, and what a cloud's can
    exchange.py   databases at servers elsewhere, and somebody else's compiler
    run.py        the event loop

Start reading in `lab.py`. Everything below NB is the cloud's (`service/network.py`), everything on the wire too
(`service/serving`).
"""
