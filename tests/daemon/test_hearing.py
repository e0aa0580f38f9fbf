"""What RtMidi's thread may still call; that it does no harm over real JACK, tests/jack/test_flooded.py tells."""

from __future__ import annotations

import gc
import weakref

from improvd.daemon.hearing import listen


class Client:
    """What python-rtmidi does: it keeps a tuple, which nobody is given, for as long as the callback is set."""

    def __init__(self) -> None:
        self._callback: tuple[object, object] | None = None

    def set_callback(self, hear: object, data: object) -> None:
        self._callback = (hear, data)

    def cancel_callback(self) -> None:
        self._callback = None


class Ear:
    def __call__(self, message: object, data: object) -> None:
        """Nothing comes."""


def heard_by(client: Client) -> weakref.ref[Ear]:
    """It has a new callback, which is known to nobody else."""
    ear = Ear()
    listen(client, ear)  # type: ignore[arg-type]  # as much of a client as is needed
    return weakref.ref(ear)


def test_what_was_to_be_called_outlives_its_cancelling() -> None:
    client = Client()
    ear = heard_by(client)
    client.cancel_callback()
    gc.collect()
    assert ear() is not None


def test_what_is_long_gone_is_let_go_of() -> None:
    client = Client()
    first = heard_by(client)
    for _ in range(100):
        last = heard_by(client)
    gc.collect()
    assert first() is None
    assert last() is not None
