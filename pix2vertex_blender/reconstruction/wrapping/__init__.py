"""A scan becomes our head: it is looked at, the network reads the pictures, and the template is fitted to the scan."""
