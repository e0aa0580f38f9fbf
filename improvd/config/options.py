"""The options of each command, put together from those of each theme (`options_music` and its like).

Each is described once, in its theme's module, and nowhere else: the command line's options, the variables in the
environment, a file's keys, what is checked, what `improvd config` shows and the page in ``docs/`` all come from there
or are held against it by a test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from improvd.config.kinds import File, Number, Text
from improvd.config.musical import KeyName
from improvd.config.option import Change, Group, Option
from improvd.config.options_faces import OscOptions, PageOptions
from improvd.config.options_hearing import HearingOptions, KeyboardOptions
from improvd.config.options_keeping import RecordingOptions, ReportOptions
from improvd.config.options_music import AnswerOptions, MusicOptions, knob, seeded
from improvd.config.options_ports import PortOptions
from improvd.config.options_sending import SendingOptions, SynthOptions
from improvd.config.options_time import ClockOptions, TimeOptions
from improvd.config.systems import AUTO
from improvd.core.binding import Binding  # noqa: TC001  a dataclass's annotations are for everyone


@dataclass(frozen=True, kw_only=True, repr=False)
class DuetOptions(SendingOptions, HearingOptions, TimeOptions, AnswerOptions):
    """What a duet is like, on stage or rehearsed."""


@dataclass(frozen=True, kw_only=True, repr=False)
class GenerateOptions(MusicOptions):
    """What `improvd generate` goes by: the same arguments give the same bytes, unless told otherwise."""

    # What is taken up in a piece is in the main its own. As much of that as of a player's goes in circles; with this
    # much it comes back to what it had about as often as composers do (docs/pieces.md).
    similarity: float = knob(0.3, Number(0, 1), "How surely it comes back to what it had, or to the seed: 0 by chance.")
    key: str = knob("", KeyName(AUTO), "The key to lean to, from wherever a seed is; auto: that of the notes.")
    seed: int | None = seeded(0, text="The same seed gives the same piece; new: another one each time.")


@dataclass(frozen=True, kw_only=True, repr=False)
class RehearseOptions(DuetOptions):
    """What `improvd rehearse` goes by: the same file gives the same bytes, unless told otherwise."""

    seed: int | None = seeded(0)


@dataclass(frozen=True, kw_only=True, repr=False)
class RunOptions(
    ReportOptions,
    RecordingOptions,
    OscOptions,
    PageOptions,
    SynthOptions,
    KeyboardOptions,
    ClockOptions,
    PortOptions,
    DuetOptions,
):
    """What `improvd run` goes by; each may stand in a configuration file."""

    controls: tuple[Binding, ...] = ()
    """The map of controls, which only a file can hold."""


ORDERED: Final = (("min_bars", "max_bars"),)
"""Pairs of which the first may not be more than the second."""

CONFIG: Final = Option(
    "config",
    "config",
    File(),
    None,
    "The configuration; without: the one in its usual place, if there is one.",
    Group.CONFIGURATION,
    Change.RESTART,
)
PROFILE: Final = Option(
    "profile",
    "profile",
    Text("NAME"),
    "",
    "The profile to go by: a part [profile.NAME] of the configuration.",
    Group.CONFIGURATION,
    Change.RESTART,
)
"""Where the options stand; these two can't stand there themselves."""
