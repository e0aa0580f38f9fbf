"""The figures of the suite as a folder: a page in Markdown, its charts, and all figures as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from improvd.core.manner import AS_MEASURED
from improvd.evaluate import charts
from improvd.evaluate.answers import EACH
from improvd.evaluate.ranking import RIVALS, SUMS
from improvd.evaluate.seeds import ANSWER_BEATS, COMPARED
from improvd.evaluate.suite import MARKOV, shown
from improvd.model.tokens import ATTRIBUTES
from improvd.whole import writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

COLUMNS: Final = (*ATTRIBUTES, "total")
ANSWERS: Final = {
    "pitch_classes": "pitch classes shared with the call",
    "in_key": "notes in the call's key",
    "in_clear_key": "… where that key is clear",
    "intervals": "inter-onset intervals shared",
    "durations": "durations shared",
    "density": "density ÷ the call's (median)",
    "near_density": "… within a factor of 1.5",
    "register": "distance in register, semitones",
    "repeated": "4-note patterns that come again",
    "cardinality": "cardinality score (F1)",
    "stuck": "stuck on a pitch",
    "notes": "notes",
}
RECALL: Final = {
    "followed": "notes in a row as in the corpus, at most (mean)",
    "longest": "… and in any answer",
    "beyond": f"… more than {AS_MEASURED.originality}: share of answers",
}
"""Of answers too, where it is known what was learnt."""


def write(folder: Path, figures: Mapping[str, Any]) -> None:
    """Write ``figures.md``, ``figures.json`` and the charts; each whole or not at all. UserError where it can't be."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, drawing in charts.draw(figures).items():
        _put(folder / f"{name}.svg", drawing)
    _put(folder / "figures.json", json.dumps(rounded(figures), indent=1) + "\n")
    _put(folder / "figures.md", "\n".join(page(figures)) + "\n")


def _put(path: Path, text: str) -> None:
    with writing(path) as file:
        file.write(text.encode())


def rounded(what: Any) -> Any:  # noqa: ANN401  any JSON
    """Figures with no more digits than they are worth."""
    if isinstance(what, dict):
        return {key: rounded(value) for key, value in what.items()}
    if isinstance(what, list):
        return [rounded(value) for value in what]
    return round(what, 5) if isinstance(what, float) else what


def page(figures: Mapping[str, Any]) -> Iterator[str]:
    """The lines of the page."""
    corpus, players = figures["corpus"], figures["players"]
    names = list(players)
    beside = "".join(f" --beside {name}" for name in names[1 : names.index(MARKOV)])
    yield from (
        "# The figures",
        "",
        "[How they are measured](README.md), and what they say. All of this page was written by",
        "",
        "```sh",
        f"improvd eval {names[0]} CORPUS --split {corpus['split']} --first {corpus['first']}{beside} --suite FOLDER",
        "```",
        "",
        (
            f"on {corpus['files']:,} pieces of the corpus's split `{corpus['split']}`, the first {corpus['first']:,} "
            f"notes of each. The baseline, {MARKOV}, learnt from the {corpus['learnt_notes']:,} notes of the "
            f"{corpus['learnt_files']:,} pieces in `train`. All figures, by style and source too: "
            "[figures.json](figures.json)."
        ),
        "",
        "## Bits a note",
        "",
        (
            "Untold: nobody said what bar, metre or style a piece is in. *+ piece*: the network, and beside it the "
            f"half of {MARKOV} that learns in the piece itself."
        ),
        "",
    )
    rows = [(name, "bins", players[name]["foresight"]["bits"]) for name in names]
    rows += [(name, "exact", players[name]["foresight"]["exact"]) for name in names]
    rows += [
        (f"{name}, told", account, players[name]["foresight"]["told"][key])
        for account, key in (("bins", "bits"), ("exact", "exact"))
        for name in names
        if "told" in players[name]["foresight"]
    ]
    yield from table(
        ("", "account", *COLUMNS),
        ((name, account, *(f"{bits[column]:.3f}" for column in COLUMNS)) for name, account, bits in rows),
        left=2,
    )
    yield from ("", "![Bits a note by attribute](bits.svg)", "", "In total, by style (bins):", "")
    styles = players[names[0]]["foresight"]["by_style"]
    yield from table(
        ("style", "notes", *names),
        (
            (
                style or "none",
                f"{described['notes']:,}",
                *(f"{players[name]['foresight']['by_style'][style]['bits']['total']:.3f}" for name in names),
            )
            for style, described in styles.items()
        ),
    )
    yield from (
        "",
        "By how far into a piece a note stands, in total; only long pieces reach the later spans:",
        "",
        "![Bits along a piece](along.svg)",
        "",
    )
    yield from _ranking(players)
    yield from _answers(figures)


def _ranking(players: Mapping[str, Any]) -> Iterator[str]:
    seeds = next(iter(players.values()))["ranking"]["seeds"]
    yield from (
        "## Whose continuation?",
        "",
        (
            f"Of {seeds:,} seeds, each against {RIVALS} rivals of {COMPARED} notes: the share that help their own "
            "continuation more. *Unaccented* leaves out the velocity."
        ),
        "",
    )
    yield from table(
        ("", *SUMS),
        ((name, *(f"{player['ranking']['share'][one]:.1%}" for one in SUMS)) for name, player in players.items()),
    )
    yield from ("", "And how many bits a note the seed saves its own continuation, and a rival:", "")
    yield from table(
        ("", *SUMS),
        (
            (
                name,
                *(
                    f"{player['ranking']['help']['own'][one]:+.2f} / {player['ranking']['help']['rival'][one]:+.2f}"
                    for one in SUMS
                ),
            )
            for name, player in players.items()
        ),
    )
    yield ""


def _answers(figures: Mapping[str, Any]) -> Iterator[str]:
    by = shown(figures)
    composer = by["composer"]
    rows = ANSWERS | (RECALL if figures["recall"] else {})
    yield from (
        "## Answers",
        "",
        (
            f"{composer['seeds']:,} seeds, {EACH} answers of {ANSWER_BEATS} beats to each; "
            f"{composer['clear_seeds']:,} seeds have a clear key."
        ),
        "",
    )
    yield from table(
        ("", *by),
        ((text, *(value(name, one[name]) for one in by.values())) for name, text in rows.items()),
    )
    yield from ("", "![Answers beside the composer's](answers.svg)")


def value(name: str, figure: float) -> str:
    """One of `ANSWERS` or `RECALL` as text."""
    return f"{figure:.1f}" if name in {"notes", "register", "followed", "longest"} else f"{figure:.3f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> Iterator[str]:
    """Lines of Markdown; all but the ``left`` first columns are numbers."""
    yield f"| {' | '.join(head)} |"
    yield f"|{'|'.join('---' if number < left else '---:' for number in range(len(head)))}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
