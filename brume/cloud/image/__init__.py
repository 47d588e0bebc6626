"""Images (Glance v2): what a server starts from.

    resources.py   the image, declared once
    rules.py       who sees an image, its life from queued to active, what may change
    files.py       where the data lies: one file an image, written aside and renamed when whole

Life: `queued` (no data yet) -> `saving` is never stored, an upload is one request -> `active`. Upload that breaks off
leaves the image queued.
"""
