"""All that reads pixels: the file, the faces in it, the crop."""
