"""What a session tells, as messages of OSC: each thing where it has changed, and never twice the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from improvd.config.live import LIVE
from improvd.core.events import NOTE_OFF, NOTE_ON, MidiEvent, Seconds
from improvd.osc.packets import Message
from improvd.osc.wishes import MUTE, ROOT, is_float

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from improvd.osc.packets import Value

WATCHED: Final = ("state", "settings", "heard", "sent", "pace")
"""The kinds of event that news are made of; `Beats` has the last."""
AWAY: Final = "away"
"""The state while the session can't be reached, or has ended."""
ERROR, BEAT = f"{ROOT}error", f"{ROOT}beat"
STANDING: Final = frozenset(f"{ROOT}{name}" for name in ("state", "tempo", "confidence", "leader", "key-heard"))
"""What has a present value beside the options."""
THEIRS, OURS = f"{ROOT}note/player", f"{ROOT}note/improvd"


class News:
    """Knows what was told last. Pure; one thread's."""

    def __init__(self) -> None:
        self.told: dict[str, tuple[Value, ...]] = {}
        """What stands at each address that has a present value."""

    def hear(self, event: Mapping[str, Any]) -> list[Message]:
        """What an event of the session's has changed."""
        kind = event["event"]
        if kind == "state":
            return self._changed(_state(event))
        if kind == "settings":
            return self._changed(_settings(event["values"]))
        if kind == "heard" and not event["echo"]:
            return _note(THEIRS, event["data"])
        return _note(OURS, event["data"]) if kind == "sent" else []

    def lost(self) -> list[Message]:
        """The session is out of reach: nothing that was told holds."""
        self.told.clear()
        return self._changed(iter([Message(f"{ROOT}state", (AWAY,))]))

    def all(self) -> list[Message]:
        """All that holds."""
        return [Message(address, values) for address, values in self.told.items()]

    def _changed(self, present: Iterator[Message]) -> list[Message]:
        changed = [message for message in present if self.told.get(message.address) != message.values]
        self.told.update(changed)
        return changed


def _state(event: Mapping[str, Any]) -> Iterator[Message]:
    yield Message(f"{ROOT}state", (event["state"],))
    yield Message(f"{ROOT}{MUTE}", (int(event["muted"]),))
    yield Message(f"{ROOT}tempo", (round(float(event["bpm"]), 2),))
    yield Message(f"{ROOT}confidence", (round(float(event["confidence"]), 2),))
    yield Message(f"{ROOT}leader", (event["leader"],))
    yield Message(f"{ROOT}key-heard", (event["key"] or "",))


def _settings(values: Mapping[str, float | str]) -> Iterator[Message]:
    for name, value in values.items():
        if name in LIVE:
            yield Message(f"{ROOT}{name}", (_plain(name, value),))


def _plain(name: str, value: float | str) -> Value:
    """A number always in the same way: 1 is a ``f`` where 0.8 is one; a switch is 0 or 1."""
    if isinstance(value, str):
        return value
    return float(value) if is_float(name) else int(value)


def _note(address: str, data: list[int]) -> list[Message]:
    """A key or a note: pitch, velocity, which is 0 at its end, and channel as players count them."""
    message = MidiEvent(Seconds(0.0), bytes(data))
    if message.kind not in (NOTE_ON, NOTE_OFF):
        return []
    velocity = data[2] if message.kind == NOTE_ON else 0
    return [Message(address, (data[1], velocity, message.channel + 1))]
