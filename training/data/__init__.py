"""Rendered samples become photographs: kept, composed, degraded, read in batches."""
