"""Charts of a report: SVG from matplotlib, to stand inside a page and to take its colours, light or dark."""

from __future__ import annotations

import html
import io
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from improvd.train.reporting.distributions import LENGTHS, TOGETHER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

INK, FAINT, CORPUS, MODEL, PAPER = "#010101", "#020202", "#030303", "#040404", "#050505"
"""What stands for the page's own colours until the drawing is done."""
COLOURS: Final = {INK: "ink", FAINT: "faint", CORPUS: "corpus", MODEL: "model", PAPER: "paper"}
STYLE: Final[dict[str, Any]] = {
    "svg.fonttype": "none",  # text stays text: to be read aloud, searched and set in the page's font
    "font.family": ["DejaVu Sans"],
    "font.size": 9.0,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "grid.color": FAINT,
    "grid.linewidth": 0.5,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 0.0,
    "ytick.major.size": 0.0,
    "lines.solid_capstyle": "round",
    "lines.solid_joinstyle": "round",
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}
SIZE: Final = (4.4, 2.5)
"""Inches: about as wide as a telephone, where one chart stands above the other."""
FIFTHS: Final = ("G♭\nF♯", "D♭\nC♯", "A♭\nG♯", "E♭", "B♭", "F", "C", "G", "D", "A", "E", "B")
"""Tonics by fifths, so that what is related stands side by side."""
STEPS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
NEEDLESS: Final = re.compile(
    r"<defs>\s*<style.*?</style>\s*</defs>"  # a rule for all of the page
    r"| xmlns(?::xlink)?=\"[^\"]*\"| version=\"1.1\""
    r"| id=\"(?![pm][0-9a-f]{10}\")[^\"]*\""  # nothing refers to any but those of clip paths and markers
    r"|(?<=[\" ])font-family: [^;\"]*;? ?| transform=\"rotate\(-0 [^\"]*\"",
    re.DOTALL,
)


Points: TypeAlias = "Sequence[tuple[float, float]]"


def loss(name: str, label: str, valid: Points, train: Points, best: tuple[float, float]) -> str:
    """Bits a note over minutes, of what watches the fitting and, where it was taken, of what is learnt from.

    ``best`` is the point of ``valid`` that the model is from.
    """
    with _figure(name) as figure:
        axes = figure.add_subplot()
        if train:
            axes.plot(*zip(*train, strict=True), color=CORPUS, linewidth=1.0, alpha=0.8)
        axes.plot(*zip(*valid, strict=True), color=MODEL, linewidth=1.8)
        axes.plot(*best, "o", color=MODEL, markersize=5)
        late = best[0] > sum(axes.get_xlim()) / 2
        axes.annotate(f"{best[1]:.2f}", best, xytext=(0, 7), textcoords="offset points", ha="right" if late else "left")
        axes.set_xlabel("minutes of fitting")
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        return _svg(figure, name, label)


def pitches(name: str, label: str, corpus: NDArray[np.int64], model: NDArray[np.int64]) -> str:
    """How often each pitch occurs, from the lowest of either to the highest."""
    with _figure(name) as figure:
        axes = figure.add_subplot()
        _two(axes, corpus, model)
        heard = [pitch for pitch, both in enumerate((corpus + model).tolist()) if both]
        low, high = (heard[0], heard[-1]) if heard else (60, 72)
        axes.set_xlim(low - 1.5, high + 1.5)
        octaves = [pitch for pitch in range(0, 128, 12) if low - 1 <= pitch <= high + 1]
        axes.set_xticks(octaves, [f"C{pitch // 12 - 1}" for pitch in octaves])
        return _svg(figure, name, label)


def lengths(name: str, label: str, corpus: NDArray[np.int64], model: NDArray[np.int64]) -> str:
    """How often each length of time occurs, in beats; that of a chord's notes first, where it is among them."""
    names = [TOGETHER, *LENGTHS][-len(corpus) :]
    with _figure(name) as figure:
        axes = figure.add_subplot()
        _two(axes, corpus, model)
        axes.set_xticks(range(len(names)), names)
        axes.set_xlabel("beats")
        return _svg(figure, name, label)


def velocities(name: str, label: str, corpus: NDArray[np.int64], model: NDArray[np.int64]) -> str:
    """How often each loudness occurs, in the bins that the model knows."""
    with _figure(name) as figure:
        axes = figure.add_subplot()
        _two(axes, corpus, model)
        places = range(0, len(corpus) + 1, 4)
        axes.set_xticks([place - 0.5 for place in places], [str(8 * place) for place in places])
        axes.set_xlabel("velocity")
        return _svg(figure, name, label)


def keys(name: str, label: str, counts: Mapping[str, int]) -> str:
    """How many pieces are in each key, by fifths: major ones up, minor ones down. Keys as "Eb major"."""
    heights = {"major": [0] * len(FIFTHS), "minor": [0] * len(FIFTHS)}
    for key, count in counts.items():
        tonic, _, mode = key.partition(" ")
        semitone = STEPS[tonic[0]] + tonic.count("#") - tonic.count("b")
        heights[mode][(7 * semitone + 6) % 12] += count if mode == "major" else -count
    with _figure(name) as figure:
        axes = figure.add_subplot()
        axes.bar(range(len(FIFTHS)), heights["major"], color=MODEL, width=0.7)
        axes.bar(range(len(FIFTHS)), heights["minor"], color=CORPUS, width=0.7)
        axes.axhline(0, color=FAINT, linewidth=0.8)
        axes.set_xticks(range(len(FIFTHS)), FIFTHS)
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{abs(value):,.0f}"))
        return _svg(figure, name, label)


def _two(axes: Axes, corpus: NDArray[np.int64], model: NDArray[np.int64]) -> None:
    edges = [place - 0.5 for place in range(len(corpus) + 1)]
    axes.stairs(100 * corpus / max(1, corpus.sum()), edges, fill=True, color=CORPUS, alpha=0.55)
    axes.stairs(100 * model / max(1, model.sum()), edges, color=MODEL, linewidth=1.6, baseline=None)
    axes.margins(x=0.01)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} %"))


@contextmanager
def _figure(name: str) -> Iterator[Figure]:
    chosen: dict[Any, Any] = {**STYLE, "svg.hashsalt": name}  # its types name every setting there is
    with mpl.rc_context(chosen):
        figure = Figure(figsize=SIZE, layout="constrained")
        FigureCanvasSVG(figure)
        yield figure


def _svg(figure: Figure, name: str, label: str) -> str:
    """The drawing as an element of a page: told to those who can't see it, its ids its own, its colours the page's."""
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    drawing = NEEDLESS.sub("", out.getvalue()[out.getvalue().index("<svg") :])
    drawing = re.sub(r"(?<=[\"#])(?=[pm][0-9a-f]{10}\b)", f"{name}-", drawing)
    drawing = re.sub("#0[1-5]0[1-5]0[1-5]", lambda match: f"var(--{COLOURS[match[0]]})", drawing)
    drawing = re.sub(r"\s*\n\s*", " ", drawing)
    return re.sub(
        r"<svg[^>]*(viewBox=\"[^\"]*\")[^>]*>",
        lambda match: f'<svg {match[1]} role="img" aria-label="{html.escape(label)}">',
        drawing,
        count=1,
    )
