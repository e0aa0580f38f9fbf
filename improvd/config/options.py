"""The options: each is described here and nowhere else.

The command line's options, the variables in the environment, a file's keys, what is checked, what `improvd config`
shows and the page in ``docs/`` all come from here or are held against it by a test.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path  # noqa: TC003  a dataclass's annotations are for everyone

from improvd.config.addresses import Addresses
from improvd.config.form import Chords
from improvd.config.kinds import Choice, File, Metre, Number, Switch, Text
from improvd.config.musical import Channels, KeyName, KeyRange, PerAttribute
from improvd.config.option import Change, Group, Option, described
from improvd.config.pitches import PitchName
from improvd.config.ports import PortName, PortNames
from improvd.config.systems import AUTO, NULL, SYSTEMS
from improvd.core.binding import Binding  # noqa: TC001  as Path
from improvd.core.feel import STRAIGHT, SWUNG_MOST
from improvd.core.pedalling import Pedal
from improvd.core.schedule import Instrument, ScheduleLimits
from improvd.core.settings import EngineSettings, Mode, Sync

_DUET, _LIMITS = EngineSettings(), ScheduleLimits()

_seed = partial(
    described,
    kind=Number(0, 2**63 - 1, whole=True, word="new"),
    text="The same seed and the same playing give the same answers; new: another one each time.",
    group=Group.MUSIC,
)


_knob = partial(described, group=Group.MUSIC, change=Change.NOW)


@dataclass(frozen=True, kw_only=True, repr=False)
class ModelOptions:
    """What all commands that play a model share."""

    model: str = described(
        "default", Text("NAME"), "The model: its name or its folder.", group=Group.MUSIC, change=Change.LOADED
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class MusicOptions(ModelOptions):
    """What all that plays goes by, in a duet or alone."""

    temperature: float = described(
        _DUET.temperature,
        Number(0.05, 4),
        "How daring it is: 1 as it learnt, less is tamer.",
        group=Group.MUSIC,
        change=Change.NOW,
    )
    top_p: float = described(
        _DUET.top_p,
        Number(0.01, 1),
        "Choose among the likeliest that make up this share.",
        group=Group.MUSIC,
        change=Change.NOW,
    )
    style: str = described(
        _DUET.style, Text("NAME"), "A style that the model knows.", group=Group.MUSIC, change=Change.NOW
    )
    temperature_each: str = _knob(
        _DUET.temperature_each,
        PerAttribute(0.05, 4),
        "Another temperature for some attributes, as 'pitch 0.8, duration 1.1'.",
    )
    top_p_each: str = _knob(
        _DUET.top_p_each, PerAttribute(0.01, 1), "Another such share for some attributes, as 'interval 0.8'."
    )
    similarity: float = _knob(
        _DUET.similarity, Number(0, 1), "Whose phrases it plays: 0 only those it learnt, 1 only yours."
    )
    key_lean: float = _knob(_DUET.key_lean, Number(0, 1), "How strictly it keeps to the key: 0 as it likes, 1 always.")
    register: float | None = _knob(
        _DUET.register, Number(-48, 48, word="free"), "So many semitones above where you play; free: as it likes."
    )
    density: float | None = _knob(
        _DUET.density, Number(0.25, 4, word="free"), "So many times as many notes as you play; free: as it likes."
    )
    velocity: float | None = _knob(
        _DUET.velocity, Number(-100, 100, word="free"), "So much louder than you play, in velocity; free: as it likes."
    )
    ending: float = _knob(
        _DUET.ending,
        Number(0, 1),
        "How surely it ends on a long, stable note on a strong beat: 0 as it happens, 1 always.",
    )
    originality: int | None = _knob(
        _DUET.originality,
        Number(10, 1000, whole=True, word="off"),
        "At most so many notes in a row as in the music it learnt; off: any number.",
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class DuetOptions(MusicOptions):
    """What a duet is like, on stage or rehearsed: lengths in seconds, channels 1–16."""

    bpm: float | None = described(
        _DUET.bpm,
        Number(20, 400, " beats a minute", AUTO),
        "The tempo in quarter notes a minute; auto: yours, the clock's, the session's, or 100 where improvd leads.",
        group=Group.TIME,
        change=Change.NEXT,
    )
    sync: str = described(
        _DUET.sync.value,
        Choice(tuple(sync.value for sync in Sync)),
        "Where the beat comes from: your playing, a MIDI clock, improvd, which then leads, or an Ableton Link session.",
        group=Group.TIME,
        change=Change.NEXT,
    )
    count_in: float = described(
        _DUET.count_in,
        Number(0, 8),
        "How many bars improvd counts in where it leads.",
        group=Group.TIME,
    )
    meter: str = described(
        "4/4",
        Metre(),
        "The metre: 3/4, 6/8, 5/4, …; a number alone counts quarter notes.",
        group=Group.TIME,
        change=Change.NEXT,
    )
    mode: str = described(
        _DUET.mode.value,
        Choice(tuple(mode.value for mode in Mode)),
        "Who plays when: an answer to each call, so many bars each, on until you return, or along with you.",
        group=Group.TIME,
        change=Change.NEXT,
    )
    bars: int = described(
        _DUET.bars,
        Number(1, 64, whole=True),
        "How many bars each of you has, with --mode trade.",
        group=Group.TIME,
        change=Change.NEXT,
    )
    chords: str = described(
        _DUET.chords,
        Chords(),
        "Chords that answers follow, round and round: bars with strokes between them, % for the one before.",
        group=Group.MUSIC,
        change=Change.NEXT,
    )
    key: str = _knob(_DUET.key, KeyName(AUTO), "The key to keep to; auto: yours.")
    swing: float = described(
        _DUET.swing,
        Number(STRAIGHT, SWUNG_MOST),
        "Where in a beat the second eighth of answers falls: 0.5 is straight, 0.67 swings in triplets.",
        group=Group.TIME,
        change=Change.NEXT,
    )
    quantise: float = described(
        _DUET.quantise,
        Number(0, 1),
        "How much answers are drawn to sixteenths and triplets: 0 not at all, 1 wholly.",
        group=Group.TIME,
        change=Change.NEXT,
    )
    humanise: float = described(
        1000 * float(_DUET.humanise),
        Number(0, 30, " ms"),
        "How loosely answers are timed, by chance, in milliseconds; none is off by more than twice that.",
        group=Group.TIME,
        change=Change.NEXT,
    )
    output_latency: float = described(
        1000 * float(_DUET.output_latency),
        Number(0, 500, " ms"),
        "How long the synth takes to sound, in milliseconds: answers and clicks are sent so much earlier.",
        group=Group.SENDING,
        change=Change.NEXT,
    )
    min_bars: float = described(
        _DUET.min_bars, Number(0.25, 64), "The shortest answer, in bars.", group=Group.TIME, change=Change.NEXT
    )
    max_bars: float = described(
        _DUET.max_bars, Number(0.25, 64), "The longest answer, in bars.", group=Group.TIME, change=Change.NEXT
    )
    seed: int | None = _seed(None)
    listen_channel: str = described(
        "",
        Channels("all"),
        "The only channels to listen to.",
        group=Group.LISTENING,
        change=Change.NEXT,
    )
    listen_keys: str = described(
        "",
        KeyRange("all"),
        "The only keys to listen to, C4 being the middle one.",
        group=Group.LISTENING,
        change=Change.NEXT,
    )
    patience: float = described(
        _DUET.patience,
        Number(0.5, 3),
        "How long a silence may be before it is the end of a call: 1 as measured, less answers sooner.",
        group=Group.LISTENING,
        change=Change.NEXT,
    )
    leave_endings: bool = described(
        _DUET.leave_endings,
        Switch(),
        "Leave a last chord after a ritardando as the end: it is not answered.",
        group=Group.LISTENING,
        change=Change.NEXT,
    )
    comp_below: int | None = described(
        _DUET.comp_below,
        PitchName("off"),
        "Keys below this one accompany: heard as harmony, they stop no answer and open no call.",
        group=Group.LISTENING,
        change=Change.NEXT,
    )
    brush_velocity: int = described(
        _DUET.brush_velocity,
        Number(0, 127, whole=True),
        "A key no louder than this, and as short as a brush, is one: it neither stops an answer nor opens a call.",
        group=Group.LISTENING,
        change=Change.NEXT,
    )
    brush_length: float = described(
        float(_DUET.brush_length),
        Number(0, 1, " s"),
        "How long a brush may be, in seconds.",
        group=Group.LISTENING,
        change=Change.NEXT,
    )
    channel: int = described(
        _DUET.channel + 1,
        Number(1, 16, whole=True),
        "The channel to answer on.",
        group=Group.SENDING,
        change=Change.NEXT,
    )
    pedal: str = described(
        _DUET.pedal.value,
        Choice(tuple(pedal.value for pedal in Pedal)),
        "Whether answers use the sustain pedal; auto: where you do, or the style has it.",
        group=Group.SENDING,
        change=Change.NEXT,
    )
    longest_note: float = described(
        float(_LIMITS.longest_note),
        Number(0.05, 120, " s"),
        "End every note after this, in seconds.",
        group=Group.SENDING,
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class GenerateOptions(MusicOptions):
    """What `improvd generate` goes by: the same arguments give the same bytes, unless told otherwise."""

    # What is taken up in a piece is in the main its own. As much of that as of a player's goes in circles; with this
    # much it comes back to what it had about as often as composers do (docs/pieces.md).
    similarity: float = _knob(
        0.3, Number(0, 1), "How surely it comes back to what it had, or to the seed: 0 by chance."
    )
    key: str = _knob(_DUET.key, KeyName(AUTO), "The key to lean to, from wherever a seed is; auto: that of the notes.")
    seed: int | None = _seed(0, text="The same seed gives the same piece; new: another one each time.")


@dataclass(frozen=True, kw_only=True, repr=False)
class RehearseOptions(DuetOptions):
    """What `improvd rehearse` goes by: the same file gives the same bytes, unless told otherwise."""

    seed: int | None = _seed(0)


@dataclass(frozen=True, kw_only=True, repr=False)
class RunOptions(DuetOptions):
    """What `improvd run` goes by; each may stand in a configuration file."""

    inputs: tuple[str, ...] = described(
        (),
        PortNames("input"),
        "The keyboard: a MIDI input's name or part of it, or several; without one: a port of its own, 'improvd in'.",
        group=Group.PORTS,
        change=Change.NOW,
        name="in",
    )
    output: str = described(
        "",
        PortName("output"),
        "The synth: a MIDI output's name or part of it; without one: a port of its own, 'improvd out'.",
        group=Group.PORTS,
        change=Change.NOW,
        name="out",
    )
    api: str = described(
        AUTO,
        Choice((AUTO, *SYSTEMS, NULL)),
        "The MIDI system (see: improvd ports); null: none at all, for measuring.",
        group=Group.PORTS,
    )
    instrument: str = described(
        AUTO,
        Choice((AUTO, Instrument.SAME.value, Instrument.SEPARATE.value)),
        "Whether keyboard and synth are one instrument.",
        group=Group.PORTS,
    )
    clock_in: str = described(
        "",
        Text("NAME"),
        "Where the clock comes in, with --sync clock: a MIDI input's name or part of it; without one: the keyboard's.",
        group=Group.PORTS,
    )
    click_out: str = described(
        "",
        Text("NAME"),
        "Where the metronome clicks: a MIDI output's name or part of it; without one: the synth's.",
        group=Group.PORTS,
    )
    controls_out: str = described(
        "",
        Text("NAME"),
        "Where controls with motors or lamps are told what they follow: a MIDI output's name or part of it.",
        group=Group.PORTS,
    )
    clock_out: bool = described(
        False,
        Switch(),
        "Send a MIDI clock, with Start and Stop, to the synth's port, whoever the beat comes from.",
        group=Group.TIME,
    )
    click: bool = described(False, Switch(), "A metronome, whoever the beat comes from.", group=Group.TIME)
    click_channel: int = described(
        10, Number(1, 16, whole=True), "The metronome's channel; 10 is that of drums.", group=Group.TIME
    )
    transpose: int = described(
        0,
        Number(-48, 48, " semitones", whole=True),
        "How many semitones higher than its keys the keyboard is heard, and passed through.",
        group=Group.LISTENING,
    )
    thru: bool = described(
        False,
        Switch(),
        "Pass what is played on to the synth, pedals and all, but for what is bound in [controls].",
        group=Group.SENDING,
    )
    program: int | None = described(
        None,
        Number(1, 128, whole=True, word="none"),
        "The sound of the answers: a program of the synth, sent when it is opened; none: as it stands.",
        group=Group.SENDING,
        change=Change.NOW,
    )
    bank: int | None = described(
        None,
        Number(0, 16383, whole=True, word="none"),
        "The bank of that program.",
        group=Group.SENDING,
        change=Change.NOW,
    )
    state_channel: int | None = described(
        None,
        Number(1, 16, whole=True, word="none"),
        "A channel on which controllers 102 to 105 tell the synth's port whose turn it is, and each beat.",
        group=Group.SENDING,
    )
    late_limit: float = described(
        float(_LIMITS.late_limit),
        Number(0, 1, " s"),
        "Drop a note that would come later than this, in seconds.",
        group=Group.SENDING,
    )
    page: bool = described(True, Switch(), "Show a page for the browser: to see, to steer, to play.", group=Group.PAGE)
    page_host: str = described(
        "127.0.0.1",
        Text("ADDRESS"),
        "Where the page is: 127.0.0.1 is for this machine alone, 0.0.0.0 for the whole network, by a token.",
        group=Group.PAGE,
    )
    page_port: int | None = described(
        None,
        Number(1, 65535, whole=True, word=AUTO),
        "The page's port; auto: the first free one from 8420 on.",
        group=Group.PAGE,
    )
    page_token: str = described(
        "",
        Text("WORD"),
        "What a browser must know; without one: nothing on this machine, a new one each time for the network.",
        group=Group.PAGE,
    )
    cert: Path | None = described(
        None, File(), "A certificate: the page over TLS, so that browsers elsewhere allow it MIDI.", group=Group.PAGE
    )
    cert_key: Path | None = described(
        None, File(), "The certificate's key, where it isn't in the same file.", group=Group.PAGE
    )
    osc_in: str = described(
        "",
        Addresses(),
        "Where OSC is heard, by UDP: a port is for this machine alone, 0.0.0.0:9000 for the whole network.",
        group=Group.OSC,
    )
    osc_out: str = described(
        "",
        Addresses(several=True),
        "Who is told by OSC what goes on: state, beats, tempo, key, notes, and each option as it changes.",
        group=Group.OSC,
    )
    record: bool = described(True, Switch(), "Keep what is played as MIDI files.", group=Group.KEEPING)
    recordings: Path | None = described(
        None,
        File("FOLDER"),
        "Where that is kept; without: improvd/sessions among your user's data (see: improvd sessions).",
        group=Group.KEEPING,
    )
    keep_megabytes: int = described(
        1000,
        Number(1, 1_000_000, " MB", whole=True),
        "Delete the oldest recordings beyond this size together, in megabytes.",
        group=Group.KEEPING,
    )
    keep_days: int | None = described(
        None,
        Number(1, 36_500, " days", whole=True, word="all"),
        "Delete recordings that are older, in days; all: keep them however old.",
        group=Group.KEEPING,
    )
    trace: Path | None = described(
        None, File(), "Write a line of JSON for every message in and out to this file.", group=Group.REPORTS
    )
    quiet: bool = described(False, Switch(), "Tell only what goes wrong.", group=Group.REPORTS)
    log_json: bool = described(
        False, Switch(), "Tell each thing as a line of JSON: time, level, message.", group=Group.REPORTS
    )
    debug: bool = described(False, Switch(), "Tell what goes on inside.", group=Group.REPORTS)
    controls: tuple[Binding, ...] = ()
    """The map of controls, which only a file can hold."""


ORDERED = (("min_bars", "max_bars"),)
"""Pairs of which the first may not be more than the second."""

CONFIG = Option(
    "config",
    "config",
    File(),
    None,
    "The configuration; without: the one in its usual place, if there is one.",
    Group.CONFIGURATION,
    Change.RESTART,
)
PROFILE = Option(
    "profile",
    "profile",
    Text("NAME"),
    "",
    "The profile to go by: a part [profile.NAME] of the configuration.",
    Group.CONFIGURATION,
    Change.RESTART,
)
"""Where the options stand; these two can't stand there themselves."""
