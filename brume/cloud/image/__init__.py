"""Images (Glance v2): what a server starts from.

    resources.py   the image and its members, declared once
    rules.py       who sees an image, its life from queued to active, what may change, with whom it is shared
    files.py       where the data lies: one file an image, written aside and renamed when whole

Life: `queued` (no data yet) -> `active`, by an upload, which is one request; or `queued` -> `uploading` (staged) ->
`active`, by an import. An upload that breaks off leaves the image as it was. `active` <-> `deactivated`.
"""
