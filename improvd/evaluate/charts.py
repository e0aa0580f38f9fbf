"""Charts of the suite's figures: SVG that reads on light and on dark pages."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from improvd.evaluate.suite import ALONG, shown
from improvd.model.tokens import ATTRIBUTES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

COLOURS: Final = ("#3b7dd8", "#e07b39", "#4c9f70", "#b05cc4", "#c2a83e", "#7f7f7f")
COMPOSER: Final = "#7f7f7f"
STYLE: Final[Any] = {  # matplotlib's own type is a list of all its names
    "svg.fonttype": "none",
    "svg.hashsalt": "improvd",  # the same figures give the same file
    "font.family": "sans-serif",
    "font.size": 9.0,
    "text.color": "#7a7a7a",
    "axes.labelcolor": "#7a7a7a",
    "axes.edgecolor": "#9a9a9a",
    "xtick.color": "#7a7a7a",
    "ytick.color": "#7a7a7a",
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": "#9a9a9a",
    "grid.alpha": 0.35,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "legend.frameon": False,
}
MEASURED: Final = {
    "pitch_classes": "pitch\nclasses",
    "in_key": "in key",
    "intervals": "intervals",
    "durations": "durations",
    "near_density": "density\nnear",
    "repeated": "patterns\nagain",
    "cardinality": "cardinality",
}
SIZE: Final = (7.0, 2.8)


def draw(figures: Mapping[str, Any]) -> dict[str, str]:
    """Each chart's SVG by its name."""
    from matplotlib import rc_context  # noqa: PLC0415  only who asks for a page waits for it
    from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: PLC0415  as above
    from matplotlib.figure import Figure  # noqa: PLC0415  as above

    charts: dict[str, Callable[[Any, Mapping[str, Any]], None]] = {"bits": _bits, "along": _along, "answers": _answers}
    drawn = {}
    for name, chart in charts.items():
        with rc_context(STYLE):
            figure = Figure(figsize=SIZE, layout="constrained")
            FigureCanvasSVG(figure)
            chart(figure.add_subplot(), figures)
            out = io.StringIO()
            figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
            drawn[name] = "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"
    return drawn


def _bars(axes: Any, series: Mapping[str, list[float]], colours: Mapping[str, str]) -> None:  # noqa: ANN401  matplotlib has no types
    width = 0.8 / len(series)
    for number, (name, values) in enumerate(series.items()):
        places = [place - 0.4 + width * (number + 0.5) for place in range(len(values))]
        axes.bar(places, values, width=0.92 * width, color=colours[name], label=name)
    axes.legend(ncols=len(series))


def _colours(figures: Mapping[str, Any]) -> dict[str, str]:
    names = list(figures["players"])
    return {"composer": COMPOSER, **{name: COLOURS[number % len(COLOURS)] for number, name in enumerate(names)}}


def _bits(axes: Any, figures: Mapping[str, Any]) -> None:  # noqa: ANN401  matplotlib has no types
    series = {
        name: [player["foresight"]["bits"][attribute] for attribute in ATTRIBUTES]
        for name, player in figures["players"].items()
    }
    _bars(axes, series, _colours(figures))
    axes.set_xticks(range(len(ATTRIBUTES)), ATTRIBUTES)
    axes.set_ylabel("bits a note, untold")


def _along(axes: Any, figures: Mapping[str, Any]) -> None:  # noqa: ANN401  matplotlib has no types
    colours = _colours(figures)
    for name, player in figures["players"].items():
        values = [value for value in player["foresight"]["along"] if value is not None]
        axes.plot(range(len(values)), values, color=colours[name], label=name, marker="o", markersize=3)
    spans = [f"{begin + 1}–{end}" for begin, end in pairwise(ALONG)]
    axes.set_xticks(range(len(spans)), spans)
    axes.set_xlabel("notes from the start of a piece")
    axes.set_ylabel("bits a note, untold")
    axes.set_ylim(bottom=0)
    axes.legend()


def _answers(axes: Any, figures: Mapping[str, Any]) -> None:  # noqa: ANN401  matplotlib has no types
    series = {name: [one[measure] for measure in MEASURED] for name, one in shown(figures).items()}
    _bars(axes, series, _colours(figures))
    axes.set_xticks(range(len(MEASURED)), MEASURED.values())
    axes.set_ylim(0, 1.18)
