"""The network that makes fine detail: skin drawn, lit and photographed on the unrolled face, and how it is trained."""
