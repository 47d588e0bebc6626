"""Load balancers on routers: connections to a virtual address go to one of its backends.

    choice.py       track packets to virtual addresses (lr_in_defrag), give new connections a backend (lr_in_dnat)
    affinity.py     the next connection of the same client gets the same (lr_in_lb_aff_check, lr_in_lb_aff_learn)
    known.py        connections that have a backend, and what belongs to them (lr_in_dnat, lr_out_undnat)
    addresses.py    answer for virtual addresses (lr_in_ip_input), on the switches too (ls_in_l2_lkup)

On a router with a gateway port the choice is made on the gateway's chassis, where replies come by too. A backend sees
its client's address, unless the router is told to put its own in its place (`nat/force_snat.py`): it must where replies
would else take another way.
"""
