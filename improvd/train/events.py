"""What a training tells while it runs, as values. Who shows them, and how, is a matter of `improvd.train.telling`.

`docs/events.md` describes them as the lines of JSON that ``improvd train --json`` prints.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, TypeAlias


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage begins (``seconds`` is None) or has ended after so many seconds.

    ``total`` is how many of its ``unit`` there are to do, where that is known; ``done`` how many were done.
    """

    event: ClassVar[str] = "stage"
    stage: str
    unit: str = ""
    total: float | None = None
    done: float | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage is: ``done`` of its ``unit``, and ``share`` of the whole from 0 to 1 (None where nobody knows).

    ``rate`` is in units a second and, like ``seconds_left``, goes by the last half minute; None until it can be told.
    """

    event: ClassVar[str] = "progress"
    stage: str
    unit: str
    done: float
    total: float | None
    share: float | None
    rate: float | None
    seconds_left: float | None
    text: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """How one file ended: ``status`` is "used", "duplicate" or "skipped", with the reason where not used."""

    event: ClassVar[str] = "file"
    path: str
    status: str
    reason: str = ""
    style: str = ""
    notes: int = 0
    key: str = ""
    beat_known: bool = False


@dataclass(frozen=True, slots=True)
class Validation:
    """What the watched pieces cost after ``seconds`` of fitting, in bits a note: each attribute's, and their sum.

    ``train`` is the same sum on what was learnt from since the validation before, None where it was not taken.
    """

    event: ClassVar[str] = "validation"
    step: int
    epoch: float
    seconds: float
    total: float
    attributes: Mapping[str, float]
    train: float | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know, in words."""

    event: ClassVar[str] = "note"
    message: str


@dataclass(frozen=True, slots=True)
class Caution:
    """Something that the user may want to mend, though the training goes on."""

    event: ClassVar[str] = "warning"
    message: str


@dataclass(frozen=True, slots=True)
class Result:
    """The training is done: where the model and its report are, and how well it foresees, in bits a note by split.

    ``files`` counts them by status, ``reasons`` those skipped by reason, ``styles`` has counts by status of each style.
    """

    event: ClassVar[str] = "result"
    model: str
    report: str
    seconds: float
    bits: Mapping[str, float] = field(default_factory=dict)
    files: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)
    styles: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """The training ends here, without a model; the last event."""

    event: ClassVar[str] = "error"
    message: str


Event: TypeAlias = Stage | Progress | File | Validation | Note | Caution | Result | Failure
Tell: TypeAlias = Callable[[Event], None]
"""Where events go."""


def as_json(event: Event) -> str:
    """One line of ASCII. What is no finite number is null, since JSON knows no other."""
    told = {one.name: _finite(getattr(event, one.name)) for one in fields(event)}
    return json.dumps({"event": event.event, **told})


def _finite(value: Any) -> Any:  # noqa: ANN401  any value that JSON has
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
