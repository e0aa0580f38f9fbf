"""Journals become MIDI files: `python -m improvd.recorder.finish FOLDER`, a process that is in nobody's way.

A journal is taken away once its file is there, whole and on the disk; one that can't be read stays, for somebody to
look at. It doesn't matter when this is killed: the next one does what is left.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from improvd.files import midi
from improvd.recorder import folder as folders
from improvd.recorder import journal
from improvd.recorder.score import score
from improvd.whole import sync_folder

NICENESS = 15


def finish(folder: Path) -> None:
    """Make a MIDI file of each journal that no session is writing. Raises `UserError` where one can't be written."""
    for path in folders.journals(folder):
        with folders.locked(path) as ours:
            if ours:
                _finish(path)


def _finish(path: Path) -> None:
    data = path.read_bytes()
    try:
        music = score(journal.read(data)) if data else None
    except journal.DamagedError:
        return
    if music is not None:
        midi.save(music, path.with_suffix(folders.MUSIC))
        sync_folder(path.parent)  # a power cut may not find the journal gone and the file not there
    path.unlink()


def main() -> None:
    """Do it, as slowly as it takes."""
    with suppress(OSError):
        os.nice(NICENESS)
    finish(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
