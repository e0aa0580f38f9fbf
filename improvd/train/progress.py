"""How far a training is: a bar with the time left on a terminal, quiet lines elsewhere."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Progress(Protocol):
    """Where a stage reports to."""

    def update(self, share: float, text: str = "") -> None:
        """So much of the stage is done, from 0 to 1, and what to show beside it."""


class _Quiet:
    def update(self, share: float, text: str = "") -> None:
        """Show nothing."""


@contextmanager
def stage(name: str, say: Callable[[str], None]) -> Iterator[Progress]:
    """Show one stage of a training; ``say`` gets its name where there is no terminal to draw a bar on."""
    if not sys.stderr.isatty():
        say(f"{name} …")
        yield _Quiet()
        return
    from rich import progress  # noqa: PLC0415 - only a terminal needs it
    from rich.console import Console  # noqa: PLC0415 - as above

    columns = (
        progress.TextColumn(name),
        progress.BarColumn(),
        progress.TaskProgressColumn(),
        progress.TimeRemainingColumn(),
        progress.TextColumn("{task.description}"),
    )
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)

        class _Bar:
            def update(self, share: float, text: str = "") -> None:
                bar.update(task, completed=share, description=text or None)

        yield _Bar()
