"""What a confidence means to an artist."""

#: Below this the network contradicts itself so much that head and photo may not agree; good portraits reach 0.9.
LOW_CONFIDENCE = 0.75

UNSURE = (
    "The network is unsure about this face (confidence {confidence:.2f}): hair, hands, strong shadows or a profile may"
    " hide too much of it."
)
