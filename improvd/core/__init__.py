"""The pure core: it is given the time and an event and returns what to do. Standard library only; no clock."""
