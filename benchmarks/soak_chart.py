"""Draws the samples that `benchmarks/soak_jack.py` left: `python benchmarks/soak_chart.py FOLDER docs/soak.svg`."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matplotlib import rc_context
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from improvd.evaluate.charts import COLOURS, STYLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

Samples = list[dict[str, Any]]
SIZE = (7.0, 7.6)
PERCENTILES = ("median", "p95", "p99")


def late(axes: Axes, minutes: list[float], samples: Samples) -> None:
    """Percentiles of the last thousand messages, in milliseconds."""
    for name, colour in zip(PERCENTILES, COLOURS, strict=False):
        axes.plot(minutes, [1000 * (one["lateness"][name] or 0.0) for one in samples], color=colour, label=name)
    axes.set_ylabel("late, ms")


def busy(axes: Axes, minutes: list[float], samples: Samples) -> None:
    """What else the machine had to do."""
    axes.plot(minutes, [one["load"] for one in samples], color=COLOURS[-1], label="load of two cores")
    axes.set_ylabel("load")


def of_each(name: str, label: str) -> Callable[[Any, list[float], Samples], None]:
    """Something of each process."""

    def draw(axes: Axes, minutes: list[float], samples: Samples) -> None:
        for role, colour in zip(samples[0]["processes"], COLOURS, strict=False):
            values = [one["processes"][role][name] for one in samples]
            axes.plot(minutes, values, color=colour, label=role)
        axes.set_ylabel(label)

    return draw


PANELS = (late, busy, of_each("mb", "memory, MB"), of_each("files", "files open"))


def chart(samples: Samples) -> str:
    """All of it over the minutes, as SVG."""
    minutes = [one["at"] / 60 for one in samples]
    with rc_context(STYLE):
        figure = Figure(figsize=SIZE, layout="constrained")
        FigureCanvasSVG(figure)
        for axes, panel in zip(figure.subplots(len(PANELS), sharex=True), PANELS, strict=True):
            panel(axes, minutes, samples)
            axes.set_ylim(bottom=0)
            axes.legend(ncols=4, loc="upper center", bbox_to_anchor=(0.5, 1.22))
        axes.set_xlabel("minutes")
        out = io.StringIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def main() -> None:
    """Draw one soak."""
    folder, path = map(Path, sys.argv[1:])
    path.write_text(chart([json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()]))


if __name__ == "__main__":
    main()
