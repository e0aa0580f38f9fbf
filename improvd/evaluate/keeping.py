"""The suite's figures in a bundle: the main ones among its facts, under ``quality``, and as a part of its card."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import improvd
from improvd.errors import BundleError
from improvd.evaluate.page import ANSWERS, COLUMNS, RECALL, rounded, table, value
from improvd.model import bundle_writer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from improvd.model.bundle import Bundle

HEADING: Final = "## How well it plays"


def keep(bundle: Bundle, figures: Mapping[str, Any]) -> None:
    """Write what a `suite.measure` found about a bundle into its folder, in place of what was kept there before.

    UserError where it can't be read or written.
    """
    facts = quality(bundle.name, figures)
    path = bundle.path / "CARD.md"
    try:
        before = path.read_text(encoding="utf-8") if path.exists() else f"# {bundle.name}\n"
    except OSError as error:
        raise BundleError(f"can't read {path}: {error.strerror}") from error
    bundle_writer.amend(bundle.path, {"quality": facts}, with_section(before, "\n".join(section(facts))))


def quality(name: str, figures: Mapping[str, Any]) -> dict[str, Any]:
    """The main figures of one player, and of the composers' continuations beside its answers."""
    player = figures["players"][name]
    foresight = player["foresight"]
    names = [*ANSWERS, *(RECALL if figures["recall"] else ())]
    found: dict[str, Any] = {
        "improvd": improvd.__version__,
        "corpus": {key: figures["corpus"][key] for key in ("split", "files", "first")},
        "notes": foresight["notes"],
        "bits": foresight["bits"],
        "exact": foresight["exact"],
        "told": foresight["told"]["bits"],
        "by_style": {
            style: {"notes": one["notes"], "bits": one["bits"]} for style, one in foresight["by_style"].items()
        },
        "ranking": player["ranking"]["share"],
        "answers": {one: player["answers"][one] for one in names},
        "composer": {one: figures["composer"]["answers"][one] for one in names},
    }
    return {key: rounded(one) for key, one in found.items()}


def section(facts: Mapping[str, Any]) -> Iterator[str]:
    """The part of the card."""
    corpus, ranking = facts["corpus"], facts["ranking"]
    yield from (
        HEADING,
        "",
        (
            f"Measured by `improvd eval --suite` (improvd {facts['improvd']}) on {corpus['files']:,} pieces of the "
            f"split `{corpus['split']}`, the first {corpus['first']:,} notes of each; docs/quality tells how. Bits a "
            "note, told neither bar nor style:"
        ),
        "",
    )
    rows = {"all": {"notes": facts["notes"], "bits": facts["bits"]}, **facts["by_style"]}
    yield from table(
        ("", "notes", *COLUMNS),
        (
            (style or "none", f"{one['notes']:,}", *(f"{one['bits'][column]:.3f}" for column in COLUMNS))
            for style, one in rows.items()
        ),
    )
    yield from (
        "",
        (
            f"It knows a continuation from another piece's in {ranking['total']:.1%} of pairs, by pitch alone in "
            f"{ranking['pitch']:.1%}. Its answers beside what composers wrote there:"
        ),
        "",
    )
    titles = {**ANSWERS, **RECALL}
    yield from table(
        ("", "it", "composers"),
        (
            (titles[name], value(name, one), value(name, facts["composer"][name]))
            for name, one in facts["answers"].items()
        ),
    )


def with_section(card: str, text: str) -> str:
    """A card with a section in place of the one of its heading, or after all others."""
    parts = re.split(r"^(?=## )", card, flags=re.MULTILINE)
    kept = [part.rstrip() for part in parts if not part.startswith(HEADING)]
    return "\n\n".join([*kept, text]) + "\n"
