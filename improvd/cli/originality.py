"""`improvd originality`: how far music follows what a model was trained on."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from typing import Annotated

import typer

from improvd.cli.options import Json, Model  # noqa: TC001  typer reads the annotations
from improvd.core.events import TICKS_PER_BEAT
from improvd.errors import BundleError, UserError

NEEDED = ("symusic", "rich")
"""What reading music needs beyond what playing does."""


def originality(
    files: Annotated[list[str], typer.Argument(help="MIDI, recordings, scores; folders, globs, music21:NAME.")],
    *,
    model: Model = "default",
    as_json: Json = False,
) -> None:
    """Tell the longest run of notes that follows the music a model was trained on, in any key."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise UserError(f"reading music needs {' and '.join(missing)}: pip install 'improvd[train]'")
    from improvd.evaluate import pieces  # noqa: PLC0415  numpy and more, after the check
    from improvd.model import bundle as bundles  # noqa: PLC0415  as above
    from improvd.model import originality as filters  # noqa: PLC0415  as above
    from improvd.train.files import corpus, store  # noqa: PLC0415  as above
    from improvd.train.progress import stage  # noqa: PLC0415  as above
    from improvd.train.telling import for_people  # noqa: PLC0415  as above

    folder = bundles.find(model)
    learnt = filters.load(folder)
    if learnt is None:
        raise BundleError(f"the model at {folder} does not say what it was trained on: train it again")
    entries = corpus.find(files)
    with for_people(sys.stderr) as tell, stage(tell, "reading", unit="files", total=len(entries)) as progress:
        music, skipped = pieces.read(entries, None, progress.update)
    found = []
    for piece in music:
        match = learnt.longest(piece.rows)
        path, beat = store.shown(piece.entry.path), float(piece.notes.onset[match.first] / TICKS_PER_BEAT)
        found.append(
            {"path": path, "notes": len(piece.rows), "longest": match.notes, "first": match.first, "beat": beat}
        )
        if not as_json:
            typer.echo(f"{path}: {_in_words(match.notes, match.first, beat, filters.RUN)}")
    told = [{"path": store.shown(one.path), "reason": one.reason} for one in skipped]
    for one in told:
        typer.echo(f"skipped {one['path']}: {one['reason']}", err=True)
    if as_json:
        typer.echo(json.dumps({"run": filters.RUN, "error": learnt.error, "files": found, "skipped": told}, indent=1))


def _in_words(notes: int, first: int, beat: float, run: int) -> str:
    if not notes:
        return f"no {run} notes in a row as in the corpus"
    return f"at most {notes} notes in a row as in the corpus, from note {first + 1} at beat {beat:g}"
