"""The options that several commands share, each also to be given by environment.

Ranges are not checked here but in `improvd.config`, which every way of giving a value goes through.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def option(name: str, text: str, *more: str, **kwargs: Any) -> Any:  # noqa: ANN401  typer's own types
    """One option, in the environment as ``IMPROVD_`` and its name."""
    return typer.Option(name, *more, help=text, envvar="IMPROVD_" + name.strip("-").upper().replace("-", "_"), **kwargs)


Bpm = Annotated[float | None, option("--bpm", "Tempo, 20–400; left out: yours, from each phrase.")]
Meter = Annotated[float, option("--meter", "Beats in a bar.")]
MinBars = Annotated[float, option("--min-bars", "The shortest answer, in bars.")]
MaxBars = Annotated[float, option("--max-bars", "The longest answer, in bars.")]
Channel = Annotated[int, option("--channel", "The channel to answer on, 1–16.")]
ListenChannel = Annotated[int | None, option("--listen-channel", "The only channel to listen to, 1–16; left out: all.")]
Temperature = Annotated[float, option("--temperature", "How daring: 0.05–4, 1 as learned.")]
TopP = Annotated[float, option("--top-p", "Choose among the likeliest that make up this share, 0.01–1.")]
Style = Annotated[str, option("--style", "A style the model knows.")]
Seed = Annotated[int | None, option("--seed", "The same seed and the same playing give the same answers.")]
BrushVelocity = Annotated[int, option("--brush-velocity", "A key no louder than this, 0–127, may be a brush …")]
BrushLength = Annotated[float, option("--brush-length", "… where it is no longer than this, in seconds.")]
LateLimit = Annotated[float, option("--late-limit", "Drop a note that would come later than this, in seconds.")]
LongestNote = Annotated[float, option("--longest-note", "End every note after this, in seconds.")]
Model = Annotated[str, option("--model", "A bundle: its name or its folder.")]
Trace = Annotated[Path | None, option("--trace", "Write a line of JSON for every message in and out to this file.")]
Debug = Annotated[bool, option("--debug", "Tell what goes on inside.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
