"""What makes a head somebody's: true heads of rendered people, and the network that reads them from a picture."""
