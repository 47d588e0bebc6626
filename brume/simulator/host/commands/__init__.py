"""Commands of a simulated host's console, one file each.

A file has `run(host, argv, job)`: it reads its words with `words.py`, prints on the job, and finishes it, now or from
a callback. What measures (`Ping`, `Traceroute`) or connects (`Tcp`) is not here: here is how it is asked for and
printed.

Start reading in `ping.py`.
"""
