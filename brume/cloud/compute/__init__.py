"""Compute (Nova 2.1): flavors, keypairs, nodes, servers.

    resources.py   what is stored, declared once
    flavors.py     flavors and their extra specs
    keypairs.py    public keys, and keys made here
    nodes.py       compute services and what fits on a node
    scheduling.py  which node a server goes to
    limits.py      how much a project may have
    servers.py     the life of a server
    creation.py    making servers with their ports, and taking them away
    interfaces.py  a server's ports and fixed addresses
    reaching.py    a server's floating IPs and security groups

Who does what: a rule decides what should be (`desired`: this server runs on compute1) and commits; an agent reads
that from the journal, makes it so, and reports what is (`report`). Between the two a server is in a task state,
as in Nova. No rule waits for a node.
"""
