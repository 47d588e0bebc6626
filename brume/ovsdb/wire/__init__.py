"""OVSDB on a byte stream: JSON-RPC 1.0 messages without delimiters (RFC 7047, section 4), both sides alike.

    octets -> framing.py -> messages.py: Message -> a session (server/ or client/)
    octets <- messages.py: request, notification, reply, refusal

    framing.py    where one JSON message ends and the next begins, with limits
    nesting.py    how deep many octets are nested, at once
    messages.py   which JSON objects are messages, and how they are printed
    remotes.py    `tcp:127.0.0.1:6641`, `punix:/run/nb.sock`: where a peer is, or where to listen

Nothing here knows a method's meaning, a socket or a clock. What breaks the rules raises `WireError`; the connection
then ends, as ovsdb-server ends it. Start reading in `messages.py`.
"""
