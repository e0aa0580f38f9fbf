"""`improvd originality`: how far music follows what a model was trained on."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from typing import Annotated

import typer

from improvd.cli.options import Json, Model  # noqa: TC001  typer reads the annotations
from improvd.errors import UserError

NEEDED = ("symusic", "rich")
"""What reading music needs beyond what playing does."""


def originality(
    files: Annotated[list[str], typer.Argument(help="MIDI, recordings, scores; folders, globs, music21:NAME.")],
    *,
    model: Model = "default",
    split: Annotated[
        list[str] | None,
        typer.Option("--split", help="Only what a manifest puts there: train, valid or test; may be repeated."),
    ] = None,
    learn: Annotated[
        bool, typer.Option("--learn", help="Tell nothing: from now on the model may not recite these either.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Tell the longest run of notes that follows the music a model was trained on, in any key."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise UserError(f"reading music needs {' and '.join(missing)}: pip install 'improvd[train]'")
    from improvd.evaluate import originals, pieces  # noqa: PLC0415  numpy and more, after the check
    from improvd.model import bundle as bundles  # noqa: PLC0415  as above
    from improvd.model import places  # noqa: PLC0415  as above
    from improvd.train.files import corpus  # noqa: PLC0415  as above
    from improvd.train.telling import for_people  # noqa: PLC0415  as above

    if strange := sorted({*(split or ())} - {*corpus.SPLITS}):
        raise UserError(f"--split is one of {', '.join(corpus.SPLITS)}, not '{strange[0]}'")
    bundle = bundles.load(places.find(model))
    entries = corpus.find(files)
    chosen = [entry for one in split for entry in pieces.choose(entries, one)] if split else entries
    with for_people(sys.stderr) as tell:
        told = originals.add(bundle, chosen, tell) if learn else originals.measure(bundle, chosen, tell)
    for one in told["skipped"]:
        typer.echo(f"skipped {one['path']}: {one['reason']}", err=True)
    typer.echo(json.dumps(told, indent=1) if as_json else "\n".join(originals.lines(told)))
