"""The placement API under /placement: each node as a resource provider, its inventory and what is used of it.

Read only: Brume's scheduler counts for itself (`cloud.compute.scheduling`), so nothing is claimed here. What would
change something answers 405, as placement does for a method it does not have.
"""
