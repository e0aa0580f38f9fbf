"""Whole pieces offline, by the model that plays in the duet: the edge of `improvd generate`."""
