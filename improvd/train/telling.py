"""Shows what a training tells: bars and a table on a terminal, plain lines elsewhere, JSON for scripts."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from improvd.errors import UserError
from improvd.train import events
from improvd.train.words import around, file_table, how_far, in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from rich.console import Console

PATIENCE: Final = 60.0
"""Seconds between two lines of progress where there is no terminal: a log is read afterwards."""

WIDEST: Final = len("reporting")
"""What the name of a stage needs; on a narrow terminal the bar is the first to give way."""


@contextmanager
def for_people(stream: TextIO) -> Iterator[events.Tell]:
    """Where one run of a command is to tell its events: bars and lines where ``stream`` is a terminal, else lines."""
    if stream.isatty():
        from rich.console import Console  # noqa: PLC0415  only a terminal needs it

        terminal = Terminal(Console(file=stream))
        with terminal.bars:
            yield terminal
    else:
        yield Lines(lambda line: print(line, file=stream, flush=True))


@contextmanager
def for_scripts() -> Iterator[events.Tell]:
    """Where one run of a command is to tell its events as lines of JSON on standard output.

    Nothing else gets there meanwhile, and where an error ends the run, the last line is about it.
    """
    with _stdout_alone() as file, _failures(tell := Script(file)):
        yield tell


@contextmanager
def _stdout_alone() -> Iterator[TextIO]:
    """Standard output for the caller alone: what anything else writes there, libraries in C too, goes to stderr."""
    sys.stdout.flush()
    with os.fdopen(os.dup(1), "w", encoding="ascii") as file:
        os.dup2(2, 1)
        try:
            yield file
        finally:
            file.flush()
            sys.stdout.flush()
            os.dup2(file.fileno(), 1)


@contextmanager
def _failures(tell: events.Tell) -> Iterator[None]:
    """Tell of what ends a training early, and let it pass."""
    try:
        yield
    except UserError as error:
        tell(events.Failure(str(error)))
        raise
    except KeyboardInterrupt:
        tell(events.Failure("stopped; the same command goes on from here"))
        raise
    except Exception as error:
        tell(events.Failure(f"unexpected {type(error).__name__}: {error}"))
        raise


class Script:
    """Events as lines of JSON, each there as soon as it is told."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def __call__(self, event: events.Event) -> None:
        """Write one line."""
        self._file.write(events.as_json(event) + "\n")
        self._file.flush()


class Lines:
    """Events as lines of plain text, few enough for a log: each goes to ``say``."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._say, self._clock = say, clock
        self._said = -PATIENCE

    def __call__(self, event: events.Event) -> None:
        """Say what the event is worth: nothing, a line, or several."""
        if isinstance(event, events.Stage):
            self._said = self._clock()
        elif isinstance(event, events.Progress):
            if self._clock() - self._said < PATIENCE:
                return
            self._said = self._clock()
        for line in in_words(event):
            self._say(line)


class Terminal:
    """Events on a terminal: a bar for the stage under way, and lines above it, while ``bars`` are entered."""

    def __init__(self, console: Console) -> None:
        from rich import progress, table  # noqa: PLC0415  only a terminal needs it

        self._console = console
        self._task: progress.TaskID | None = None
        self.bars = progress.Progress(
            progress.TextColumn("{task.description}", markup=False, table_column=table.Column(min_width=WIDEST)),
            progress.BarColumn(bar_width=24),
            progress.TextColumn("{task.fields[told]}", markup=False),
            console=console,
            transient=True,
        )

    def __call__(self, event: events.Event) -> None:
        """Show an event."""
        if isinstance(event, events.Progress):
            if self._task is not None:
                told = how_far(event)
                share = None if event.share is None else 100 * event.share
                self.bars.update(self._task, completed=share, total=100 if share is not None else None, told=told)
            return
        if isinstance(event, events.Stage):
            if self._task is not None:
                self.bars.remove_task(self._task)
                self._task = None
            if event.seconds is None:
                self._task = self.bars.add_task(event.stage, total=None, told="")
                return
        if isinstance(event, events.Result):
            self._show(event)
            return
        for line in in_words(event):
            self._print(line)

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _show(self, result: events.Result) -> None:
        from rich.table import Table  # noqa: PLC0415  only a terminal needs it

        heads, *rows = file_table(result)
        table = Table(*heads[:1], box=None, pad_edge=False)
        for head in heads[1:]:
            table.add_column(head, justify="right")
        for row in rows:
            table.add_row(*row)
        self._console.print(table)
        for line in around(result):
            self._print(line)
