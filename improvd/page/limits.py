"""How much one visitor may ask, and how many there may be."""

from __future__ import annotations

MAX_CONNECTIONS = 96
"""Open connections of all kinds; more are hung up at once."""

MAX_VISITORS = 16
"""Open pages. Each costs the daemon nothing, but somebody must draw the line."""

LARGEST_MESSAGE = 16 << 10
"""Bytes in one message of a page; the longest it has reason to send is a chord."""

HANDSHAKE = 5.0
"""Seconds for a whole request: one that dawdles is hung up."""

PER_SECOND, BURST = 500.0, 1000.0
"""Messages and MIDI messages a second, and at a stroke: twice what two hands and a wheel can do."""

MOST_PENDING = 64
"""Questions that a page may have open."""

MOST_UNREAD = 1 << 20
"""Characters that wait for a page that doesn't read; then it is hung up."""
