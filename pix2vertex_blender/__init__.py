"""pix2vertex: one portrait photo becomes a face mesh an artist can work with.

Importing the package loads neither Blender nor torch: the algorithm in `reconstruction`, `geometry` and `template` is
plain Python, and Blender's modules are imported only when Blender registers the add-on.
"""


def register() -> None:
    """Register the add-on with Blender."""
    from . import addon

    addon.register()


def unregister() -> None:
    """Remove the add-on from Blender, in the reverse order of `register`."""
    from . import addon

    addon.unregister()
