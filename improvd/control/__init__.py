"""Talking to a session that runs: where its socket is, what may be asked, and how an answer reads (docs/control.md)."""
