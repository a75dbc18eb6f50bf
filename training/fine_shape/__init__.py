"""What a photo shows of a face beyond its registered head: a displacement in the UV plane (Beyond 3DMM, sections 4, 5).

The photo on the registered head is seen from constant sides (`views`), one encoder reads all of them, its features
are warped to the UV plane and fused there, and a decoder makes a displacement of every vertex (`networks`). It is
trained on real registrations of rendered people (`bank`), by the losses of section 5 (`losses`).
`python -m training.fine_shape --help` has the commands. It ships only if it measures better than what is there.
"""
