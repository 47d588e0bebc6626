"""The boxes put together: the only room that knows them all.

    settings.py    what can be chosen, secrets that are generated, clouds.yaml and openrc
    collector.py   when the garbage collector runs
    cloud.py       one embedded cloud without sockets: store, stages, nodes, instances
    network.py     the part of it from NB down: databases, compiler, chassis, outside
    remote.py      a database at a server elsewhere, in the place of NB or SB
    instances.py   servers that should run -> simulated hosts that do
    observed.py    what the nodes report -> status of ports and servers
    control.py     the control socket        commands.py    what it can do
    guests.py      hosts that are plugged in, and the system they run in, as commands see it
    cloud_system.py, cloud_commands.py  the embedded cloud as such a system, and its commands
    serving/       NB and SB on sockets
    lab/           the lab without OpenStack, `brume ovn`
    drift/         what is written by hand, and what was put right
    outside.py     who answers behind the nodes' physical network
    topology.py    what runs as a trace sees it
    problems.py    what could not be derived, in words
    first_image.py the built-in image
    ticker.py      moves the simulator's time along with the real one
    ownership.py   one cloud a data directory
    detach.py      a start that goes on in the background
    run.py         the event loop: HTTP, control socket, signals, the end
    main.py        the command `brume`, with `brume up`

The way of a change: an HTTP request commits rows and journal; after the answer the journal's changes go through
northbound, southbound and every node's stage, each one ChangeSet at a time, in the same event loop.
"""
