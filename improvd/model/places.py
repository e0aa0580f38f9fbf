"""Where models lie, and how one is found by its name: no model is read for that, and numpy not loaded."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path

from improvd.errors import BundleError


def folders() -> list[Path]:
    """Where models are looked for by name, in order: the user's own, the package's, the checkout's."""
    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    package = Path(__file__).resolve().parent.parent
    return [Path(data) / "improvd" / "models", package / "models", package.parent / "models"]


def named() -> dict[str, Path]:
    """The models that can be had by name: that of a folder that is asked first hides another of its name."""
    known: dict[str, Path] = {}
    for folder in folders():
        if folder.is_dir():
            for one in sorted(folder.iterdir()):
                if (one / "model.json").exists():
                    known.setdefault(one.name, one)
    return known


def find(name: str | Path) -> Path:
    """The folder of a model by path or by name. BundleError, listing the models there are, where it isn't found."""
    path = Path(name).expanduser()
    if (path / "model.json").exists():
        return path
    if path.is_dir() and len(path.parts) > 1:
        return path  # a path, not a name: `bundle.load` says what is wrong with it
    known = named()
    if str(name) in known:
        return known[str(name)]
    close = get_close_matches(str(name), known, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    there = f"there are: {', '.join(sorted(known))}" if known else "there are none: train one with `improvd train`"
    raise BundleError(f"no model {str(name)!r}: {hint}{there}")
