"""`improvd models`: the models that there are."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Annotated

import typer

from improvd.cli.options import Json  # noqa: TC001  typer reads the annotations
from improvd.core.manner import ATTRIBUTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from improvd.model.shelf import Model

WIDTH = 100
MOST_SOURCES = 4

app = typer.Typer(invoke_without_command=True, rich_markup_mode=None)


@app.callback()
def models(context: typer.Context, *, as_json: Json = False) -> None:
    """List the models that there are: yours and the shipped.

    Each is loaded and proven on the way, which also tells how quick it is here.
    """
    if context.invoked_subcommand:
        return
    from improvd.model import shelf  # noqa: PLC0415  numpy, which only this command needs

    found = shelf.all_models()
    if as_json:
        typer.echo(json.dumps([model.as_json() for model in found], indent=1))
        return
    for model in found:
        typer.echo("\n".join(_lines(model)))
    if not found:
        typer.echo("There are no models: train one with `improvd train`.")


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A model's name, or its folder.")],
    *,
    as_json: Json = False,
) -> None:
    """Print a model's card: what it is made of, whom to thank, how good it is; with --json, its figures."""
    from improvd.model import places, shelf  # noqa: PLC0415  as above

    path = places.find(name)
    typer.echo(json.dumps(shelf.look(path).as_json(), indent=1) if as_json else shelf.card(path).rstrip())


def _lines(model: Model) -> Iterator[str]:
    whose = "yours" if model.yours else "shipped"
    pace = "" if model.step is None else f", {model.step * 1e6:.0f} µs a step here"
    yield f"{model.name}: {whose}, {model.bytes / 1e6:.1f} MB{pace}"
    told = {"damaged": model.problem} if model.problem else dict(_told(model))
    told["folder"] = str(model.path)
    for name, text in told.items():
        # A folder is copied, so it stays on its line.
        yield from textwrap.wrap(
            text,
            WIDTH,
            initial_indent=f"  {name:8} ",
            subsequent_indent=" " * 11,
            break_long_words=False,
            break_on_hyphens=False,
        )


def _told(model: Model) -> Iterator[tuple[str, str]]:
    yield "styles", ", ".join(model.styles) or "none by name"
    if model.score:
        split, bits = model.score
        parts = ", ".join(f"{name} {bits[name]:.2f}" for name in ATTRIBUTES if name in bits)
        yield "score", f"{bits['total']:.2f} bits a note on its {split} pieces" + (f": {parts}" if parts else "")
    if sources := model.sources:
        notes, pieces = sum(one.notes for one in sources), sum(one.pieces for one in sources)
        names = "; ".join(one.name for one in sources[:MOST_SOURCES])
        more = f"; and {len(sources) - MOST_SOURCES} more" if len(sources) > MOST_SOURCES else ""
        yield "learnt", f"{notes:,} notes of {pieces:,} pieces: {names}{more}"
    if model.recall is None:
        yield "recites", "as it likes: what it learnt is not known (see improvd originality --learn)"
