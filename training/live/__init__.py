"""Both networks of the face's square, taught on a graphics card of people who are drawn meanwhile."""
