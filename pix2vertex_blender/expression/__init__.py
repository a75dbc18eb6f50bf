"""Expressions: ARKit's 52 shapes for any head with the template's topology, and the neutral face behind a photo's."""
