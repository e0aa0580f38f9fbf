"""`improvd bench`: how quick and how punctual this machine is."""

from __future__ import annotations

from improvd.cli.options import Json, Model  # noqa: TC001  typer reads the annotations
from improvd.config import DEFAULT_MODEL


def bench(*, as_json: Json = False, model: Model = DEFAULT_MODEL) -> None:
    """Measure how quick and how punctual improvd is on this machine."""
    raise NotImplementedError((as_json, model))
