"""The plugs of one purpose, all that is heard, say: one for each name that is wanted.

Ports process only, on its main thread. Every call may block, as every call into a MIDI library may.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from improvd.daemon.messages import Port

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from typing import TypeAlias

    from improvd.daemon.plug import Plug

    Hear: TypeAlias = Callable[..., None] | None


class Row:
    """Makes plugs by ``make``, which is given a title of its own for each, a name that is wanted, and its ``hear``.

    ``hear`` gives for such a name what is called with the messages from there; None for an output. ``title`` is the
    first plug's.
    """

    def __init__(
        self,
        title: str,
        make: Callable[[str, str, Hear], Plug],
        hear: Callable[[str], Hear],
        wanted: tuple[str, ...],
    ) -> None:
        self.wanted = wanted
        """The names, as they are to be at the next `fit`."""
        self.plugs: list[Plug] = []
        """In that order."""
        self._title = title
        self._make = make
        self._hear = hear

    @property
    def ports(self) -> tuple[Port, ...]:
        """How it stands with each name."""
        names = {plug.wanted: plug.name for plug in self.plugs}
        return tuple(Port(wanted, names.get(wanted, "")) for wanted in self.wanted)

    def fit(self) -> None:
        """Have a plug for each name that is wanted and no other; what stays wanted stays as it is.

        Raises what making one raises; then those that could be made are there.
        """
        missing = [name for name in self.wanted if all(name != plug.wanted for plug in self.plugs)]
        for plug in [plug for plug in self.plugs if plug.wanted not in self.wanted]:
            # One that waits to be connected can't become another, nor the other way round.
            other = next((name for name in missing if name and plug.wanted), None)
            if other is None:
                self.plugs.remove(plug)
                plug.close()
            else:
                missing.remove(other)
                plug.want(other, self._hear(other))
        try:
            for name in missing:
                self.plugs.append(self._make(self._free_title(), name, self._hear(name)))
        finally:
            self.plugs.sort(key=lambda plug: self.wanted.index(plug.wanted))

    def look(self, ours: Collection[str]) -> None:
        """Have each look for its port. None takes one of ``ours``, and no two take the same."""
        for plug in self.plugs:
            plug.look({*ours, *(other.name for other in self.plugs if other is not plug)})

    def close(self) -> None:
        """Close all."""
        while self.plugs:
            self.plugs.pop().close()

    def _free_title(self) -> str:
        taken = {plug.title for plug in self.plugs}
        return next(title for title in self._titles() if title not in taken)

    def _titles(self) -> Iterator[str]:
        yield self._title
        yield from (f"{self._title} {number}" for number in count(2))
