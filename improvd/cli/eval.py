"""`improvd eval`: how well a model foresees music."""

from __future__ import annotations

import json
import os
import sys
from importlib.util import find_spec
from typing import Annotated

import typer

from improvd.cli.options import Json  # noqa: TC001  typer reads the annotations
from improvd.errors import UserError

NEEDED = ("symusic", "rich")
"""What reading music needs beyond what playing does."""
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def evaluate(
    model: Annotated[str, typer.Argument(help="A bundle: its name or its folder.")],
    files: Annotated[list[str], typer.Argument(help="MIDI, recordings, scores; folders, globs, music21:NAME.")],
    *,
    # Not by environment, as in `improvd rehearse`.
    split: Annotated[
        str | None, typer.Option("--split", help="Only what a manifest puts into this split: train, valid or test.")
    ] = None,
    first: Annotated[
        int | None, typer.Option("--first", min=1, help="Only so many notes from each piece's start.")
    ] = None,
    style: Annotated[str, typer.Option("--style", help="The style told for all pieces; left out: each its own.")] = "",
    as_json: Json = False,
) -> None:
    """Measure how many bits a note of music costs a model: the fewer, the better it foresees it.

    Each piece is heard from its start as the daemon would hear it; then once more with its style and bars told.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise UserError(f"measuring needs {' and '.join(missing)}: pip install 'improvd[train]'")
    for variable in THREADS:
        os.environ.setdefault(variable, "1")  # before numpy is loaded: a step is too small to be shared out
    from improvd.evaluate import pieces, score, table  # noqa: PLC0415  numpy and more, which the check should come before
    from improvd.model import bundle as bundles  # noqa: PLC0415  as above
    from improvd.train import corpus, events, store  # noqa: PLC0415  as above
    from improvd.train.progress import stage  # noqa: PLC0415  as above
    from improvd.train.telling import for_people  # noqa: PLC0415  as above

    if split is not None and split not in corpus.SPLITS:
        raise UserError(f"--split is one of {', '.join(corpus.SPLITS)}, not '{split}'")
    bundle = bundles.load(bundles.find(model))
    bundle.check_style(style)
    entries = pieces.choose(files, split)
    with for_people(sys.stderr) as tell:
        with stage(tell, "reading", unit="files", total=len(entries)) as progress:
            music, skipped = pieces.read(entries, first, progress.update)
        for one in skipped:
            tell(events.Note(f"skipped {store.shown(one.path)}: {one.reason}"))
        with stage(tell, "scoring", unit="notes", total=sum(len(piece.rows) for piece in music)) as progress:
            scores = score.score(bundle, music, style, progress.update)
    report = score.report(bundle, music, scores, skipped)
    if as_json:
        typer.echo(json.dumps(report, indent=1))
    else:
        typer.echo("\n".join(table.lines(report)))
