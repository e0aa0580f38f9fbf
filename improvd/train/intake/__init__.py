"""Many files to shards: read by many processes, once, and never again while nothing changes."""
