"""The one way to be called by RtMidi's thread, so that it never calls what is gone.

python-rtmidi 1.5.8 hands that thread the bare address of a tuple, and drops the tuple as soon as the callback is
cancelled or replaced or the port closed. A message that arrives just then finds the thread waiting for Python's lock
with the address in hand: it went on with memory that had been freed, and the process died of it, then or later.
"""

from __future__ import annotations

import gc
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    import rtmidi

_KEPT: Final[deque[list[tuple[object, ...]]]] = deque(maxlen=64)
"""The tuples of the latest callbacks. A thread is through with one long before so many have followed."""


def listen(client: rtmidi.MidiIn, hear: Callable[..., None]) -> None:
    """Have ``hear`` called with each message, and with something that means nothing, on RtMidi's thread.

    From one thread; does not block. ``client`` is what its own ``set_callback`` is for.
    """
    mark = object()  # by which the tuple is found, as nobody gives it to us
    client.set_callback(hear, mark)
    _KEPT.append([found for found in gc.get_referrers(mark) if isinstance(found, tuple)])
