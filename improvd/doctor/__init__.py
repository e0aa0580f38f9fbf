"""Looks at all that a duet stands on, and says of each whether it holds and what to do where it doesn't."""
