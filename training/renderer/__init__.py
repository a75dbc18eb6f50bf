"""Synthetic portraits: faces of a morphable model, lit and photographed, with the maps that a network is to predict.

Lengths are millimetres. The head frame and the camera frame are x right, y up, z towards the camera; colours are
linear RGB until `synthesis` writes the image.
"""
