"""All that needs torch: from the crop of a photo to maps in millimetres."""
