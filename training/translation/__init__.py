"""Pictures of one look become those of another and keep their geometry (pix2vertex, section 5.3).

A generator learns from two folders that have nothing to do with each other; our network, frozen, says whether what it
makes still shows the same face. `python -m training.translation --help` has the commands.
"""
