"""The image API (Glance v2) under /image.

service.py      the routes
images.py       images: create, show, delete, tags
listing.py      which images a list shows
patch.py        changes: two dialects of JSON patch
data.py         upload and download, piece by piece
importing.py    what can be imported, and an import of what was staged
members.py      with whom a shared image is shared
schemas.py      /v2/schemas, made from the declarations
"""
