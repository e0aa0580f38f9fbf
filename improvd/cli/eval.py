"""`improvd eval`: how well a model foresees music."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import Annotated

import typer

from improvd.cli.options import Json  # noqa: TC001  typer reads the annotations
from improvd.errors import UserError
from improvd.model.alone import alone

NEEDED = ("symusic", "rich")
"""What reading music needs beyond what playing does."""
FIRST = 1000
"""Notes of each piece that the page is about, unless it is told."""


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
    suite: Annotated[
        Path | None,
        typer.Option(
            "--suite", help="Measure everything, answers too, and write a page of it here; wants a manifest's splits."
        ),
    ] = None,
    beside: Annotated[
        list[str] | None, typer.Option("--beside", help="Another bundle for the page; may be repeated.")
    ] = None,
    seeds: Annotated[
        int | None, typer.Option("--seeds", min=1, help="For the page, answer only so many pieces.")
    ] = None,
    card: Annotated[
        bool, typer.Option("--card", help="Keep the page's main figures in the bundle's card and facts, too.")
    ] = False,
) -> None:
    """Measure how many bits a note of music costs a model: the fewer, the better it foresees it.

    Each piece is heard from its start as the daemon would hear it; then once more with its style and bars told.
    """
    if suite is None and (beside or seeds or card):
        raise UserError("--beside, --seeds and --card are for --suite")
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise UserError(f"measuring needs {' and '.join(missing)}: pip install 'improvd[train]'")
    alone()
    from improvd.evaluate import keeping, page, pieces, score, table  # noqa: PLC0415  numpy and more, after the check
    from improvd.evaluate import suite as suites  # noqa: PLC0415  as above
    from improvd.model import bundle as bundles  # noqa: PLC0415  as above
    from improvd.model import places  # noqa: PLC0415  as above
    from improvd.train.files import corpus, styles  # noqa: PLC0415  as above
    from improvd.train.telling import for_people  # noqa: PLC0415  as above

    if split is not None and split not in corpus.SPLITS:
        raise UserError(f"--split is one of {', '.join(corpus.SPLITS)}, not '{split}'")
    if suite is not None and (style or split == "train"):
        raise UserError("--suite measures on valid or test, and tells each piece its own style")
    bundle, *others = (bundles.load(places.find(name)) for name in (model, *(beside or ())))
    bundle.check_style(style)
    entries = styles.known_as(corpus.find(files), bundle.style_names)
    with for_people(sys.stderr) as tell:
        if suite is None:
            chosen = pieces.choose(entries, split) if split else entries
            figures = score.measure(bundle, chosen, tell, first=first, style=style)
        else:
            figures = suites.measure(
                [bundle, *others], entries, tell, split=split or "test", first=first or FIRST, seeds=seeds
            )
            page.write(suite, figures)
            if card:
                keeping.keep(bundle, figures)
    if as_json:
        typer.echo(json.dumps(figures, indent=1))
    else:
        typer.echo("\n".join(table.lines(figures)) if suite is None else f"wrote {suite / 'figures.md'}")
