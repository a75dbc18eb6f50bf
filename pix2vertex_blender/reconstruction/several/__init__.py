"""Several photos of one person become one head.

Each photo is read and registered by itself. What each knows of the head is put together here: how well and in which
directions it sees each vertex, whether it contradicts the others, and whether it shows somebody else.
"""
