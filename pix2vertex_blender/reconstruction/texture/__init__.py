"""The photo's colours on the head and its eyeballs."""
