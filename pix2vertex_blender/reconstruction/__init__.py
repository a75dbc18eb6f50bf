"""The algorithm, in the order of the data: photo, detection, network, maps, target, alignment, registration, detail, pipeline."""
