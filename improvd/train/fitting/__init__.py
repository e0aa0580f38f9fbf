"""Shards to weights, and weights to a bundle."""
