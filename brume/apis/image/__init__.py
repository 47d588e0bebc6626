"""The image API (Glance v2) under /image.

service.py    the routes
images.py     images, members of their JSON, JSON patch
data.py       upload and download, piece by piece
schemas.py    /v2/schemas, made from the declaration
"""
