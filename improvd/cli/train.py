"""`improvd train`: a model from a corpus."""

from __future__ import annotations

import math
import sys
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from improvd.cli.options import Json, option
from improvd.errors import UserError
from improvd.train.settings import TrainSettings

NEEDED = ("distributed", "fsspec", "jinja2", "matplotlib", "pyarrow", "rich", "symusic", "tensorflow")
"""What training needs beyond what playing does."""


def train(
    corpus: Annotated[list[str], typer.Argument(help="MIDI, recordings, scores; folders, globs, music21:NAME.")],
    *,
    # Not by environment, as in `improvd rehearse`.
    out: Annotated[
        str, typer.Option("--out", "-o", metavar="FOLDER", help="The model's folder; its name is the model's.")
    ],
    minutes: Annotated[float | None, option("--minutes", "How long to fit; left out: --epochs decides.")] = None,
    epochs: Annotated[
        int | None,
        option("--epochs", "Passes over the corpus, unless --minutes is given; left out: 20."),
    ] = None,
    parent: Annotated[
        str, typer.Option("--from", metavar="MODEL", help="A model to continue from, by name or folder, as default.")
    ] = TrainSettings.parent,
    units: Annotated[int, option("--units", "Units of each LSTM layer.")] = TrainSettings.units,
    width: Annotated[int, option("--width", "Numbers that a layer passes on of its units.")] = TrainSettings.width,
    layers: Annotated[int, option("--layers", "LSTM layers.")] = TrainSettings.layers,
    batch: Annotated[int, option("--batch", "Windows in a batch.")] = TrainSettings.batch,
    window: Annotated[int, option("--window", "Notes in a window.")] = TrainSettings.window,
    dropout: Annotated[float, option("--dropout", "Dropout between the layers.")] = TrainSettings.dropout,
    rate: Annotated[float | None, option("--rate", "The highest learning rate; left out: what suits.")] = None,
    precision: Annotated[
        str, option("--precision", "float32, bfloat16, float16, or auto: what suits the processor.")
    ] = TrainSettings.precision,
    patience: Annotated[
        int, option("--patience", "Stop after so many looks at the validation pieces without progress.")
    ] = TrainSettings.patience,
    about: Annotated[
        Path | None, typer.Option("--about", help="A Markdown file for the card: what it is, whom to thank.")
    ] = None,
    seed: Annotated[int, option("--seed", "The same seed and corpus give the same model.")] = TrainSettings.seed,
    weight: Annotated[
        list[str] | None,
        typer.Option("--weight", help="How often to draw from a style or source: folk=0.3; may be repeated."),
    ] = None,
    style: Annotated[
        list[str] | None,
        typer.Option("--style", help="What to call styles: classical='keyboard*'; may be repeated, the first counts."),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", help="Which column of a manifest to use: title=canonical_title; may be repeated."),
    ] = None,
    cache: Annotated[
        str, option("--cache", "Where what was read is kept: a folder or URL; left out: ~/.cache/improvd.")
    ] = TrainSettings.cache,
    scheduler: Annotated[
        str, option("--scheduler", "Read by the workers of a Dask scheduler, as tcp://HOST:8786.")
    ] = TrainSettings.scheduler,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes that read; left out: one a core.")
    ] = None,
    strict: Annotated[bool, option("--strict", "Stop at the first file that can't be used.")] = TrainSettings.strict,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done and how long it takes, and do nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Learn a style from music and write it as a model for `improvd run --model`.

    Ctrl-C keeps what was learnt so far: the same command goes on from there.
    """
    from improvd.train.telling import for_people, for_scripts  # noqa: PLC0415  only a training tells anything

    with ExitStack() as telling:
        # Scripts are told whatever goes wrong from here on; bars on a terminal need what may be missing.
        tell = telling.enter_context(for_scripts()) if as_json else None
        missing = [name for name in NEEDED if find_spec(name) is None]
        if missing:
            raise UserError(f"training needs {', '.join(missing)}: pip install 'improvd[train]'")
        settings = TrainSettings(
            corpus=tuple(corpus),
            out=_folder(out),
            minutes=minutes,
            epochs=epochs,
            parent=parent,
            seed=seed,
            units=units,
            width=width,
            layers=layers,
            batch=batch,
            window=window,
            dropout=dropout,
            rate=rate,
            precision=precision,
            patience=patience,
            about=about,
            cache=cache,
            scheduler=scheduler,
            workers=workers,
            strict=strict,
            weights=dict(_weight(one) for one in weight or ()),
            styles={pattern: name for name, pattern in map(_style, style or ())},
            columns=dict(_column(one) for one in column or ()),
        )
        from improvd.train.run import foretell, run  # noqa: PLC0415  numpy and more, which the check should come before

        tell = tell or telling.enter_context(for_people(sys.stdout))
        try:
            (foretell if dry_run else run)(settings, tell)
        except KeyboardInterrupt:
            typer.echo("stopped; the same command goes on from here", err=True)
            raise


def _folder(text: str) -> Path:
    if "://" in text:
        raise UserError(
            f"a model is written to a folder of this machine, and --out {text} is a URL: copy it afterwards"
        )
    return Path(text)


def _weight(text: str) -> tuple[str, float]:
    style, _, share = text.partition("=")
    try:
        weight = float(share)
    except ValueError:
        weight = math.nan
    if not style or not 0 <= weight < math.inf:
        raise UserError(f"--weight wants a name and a number from 0, as folk=0.3, not '{text}'")
    return style, weight


def _style(text: str) -> tuple[str, str]:
    name, equals, pattern = (part.strip() for part in text.partition("="))
    if not name or not equals or not pattern:
        raise UserError(f"--style wants a name and a pattern of styles, as classical='keyboard*', not '{text}'")
    return name, pattern


def _column(text: str) -> tuple[str, str]:
    field, equals, column = (part.strip() for part in text.partition("="))
    if not field or not equals:
        raise UserError(f"--column wants a field and a column, as title=canonical_title, not '{text}'")
    return field.lower(), column
