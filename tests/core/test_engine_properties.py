"""Whatever is played, lost, late or unplugged: no note hangs, no wait lies behind, no two turns at once."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from improvd.core.binding import PROGRAM, Binding, Command, Control, Curve, Encoder, Knob, Relative, Select
from improvd.core.controls import Controls, Wish, is_bound
from improvd.core.cues import Cue
from improvd.core.engine import Engine
from improvd.core.events import (
    CONTROL,
    NOTE_ON,
    BeatNote,
    Beats,
    Continuation,
    Effect,
    Generate,
    LinkState,
    MidiEvent,
    Pace,
    Play,
    Release,
    Seconds,
    Sent,
    TurnEnded,
)
from improvd.core.hands import Hands
from improvd.core.inputs import Inputs
from improvd.core.listener import STILL
from improvd.core.metronome import Metronome
from improvd.core.pedalling import Pedal
from improvd.core.schedule import Instrument, Schedule
from improvd.core.settings import EngineSettings, Mode, Sync
from improvd.core.turns import State
from tests.partners import hanging

KNOBS = (
    Binding(Control(CONTROL, 20), "temperature", Knob(0.05, 4.0, Curve.EXPONENTIAL)),
    Binding(Control(CONTROL, 21), "mode", Select(tuple(mode.value for mode in Mode))),
    Binding(Control(CONTROL, 22), "swing", Knob(0.5, 0.75)),
    Binding(Control(CONTROL, 23), "bars", Encoder(Knob(1, 4, whole=True), Relative.TWOS)),
    Binding(Control(NOTE_ON, 36), "stop", Command()),
    Binding(Control(NOTE_ON, 38), "repeat", Command()),
    Binding(Control(PROGRAM, 3), "mute", Command()),
    Binding(Control(CONTROL, 67), "take-over", Command()),
)
SETTINGS = st.builds(
    EngineSettings,
    mode=st.sampled_from(Mode),
    bars=st.sampled_from([1, 2]),
    patience=st.sampled_from([0.5, 1.0, 3.0]),
    comp_below=st.none() | st.sampled_from([60, 128]),
    bpm=st.none() | st.floats(20, 400),
    beats_per_bar=st.sampled_from([Beats(1.0), Beats(3.0), Beats(16.0)]),
    min_bars=st.sampled_from([0.25, 0.5]),
    max_bars=st.sampled_from([0.5, 64.0]),
    swing=st.floats(0.5, 0.75),
    quantise=st.floats(0, 1),
    humanise=st.floats(0, 0.03).map(Seconds),
    output_latency=st.floats(0, 0.5).map(Seconds),
    chords=st.sampled_from(["", "Dm7 | G7 | Cmaj7 | %", "C F"]),
    leave_endings=st.booleans(),
    pedal=st.sampled_from(Pedal),
    channel=st.integers(0, 15),
    listen=st.sampled_from([(), (0,), (1,), (0, 2)]),
    temperature=st.floats(0.05, 4),
    brush_velocity=st.integers(0, 127),
    brush_length=st.floats(0, 1).map(Seconds),
    seed=st.just(3),
)


class Duet(RuleBasedStateMachine):
    """What the daemon holds, a player who does anything, a model that may fail.

    The engine with the schedule that follows it, the controls and thru before it, the metronome beside it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine(EngineSettings(seed=3))
        self.tick = Seconds(0.02)  # of the clock that ticks at times
        self.instrument, self.thru = Instrument.SEPARATE, False
        self.schedule = Schedule(self.instrument)
        self.controls = Controls(KNOBS)
        self.inputs = Inputs()
        self.metronome = Metronome(clock=True, click=9)
        self.strokes: list[MidiEvent] = []
        self.options = EngineSettings(seed=3)
        self.muted = False
        self.hands = Hands()
        self.now = Seconds(0.0)
        self.asked: list[Generate] = []
        self.sent: list[Sent] = []
        self.turns: list[TurnEnded] = []
        self.deaf = False  # whether it may not have heard a key that is held
        self.stirred = Seconds(0.0)  # when the player last did anything
        self.given_up: set[tuple[int, int]] = set()  # keys held for too long since
        self.answers_held_keys = False  # whether it was asked to, or is in a mode that does
        self.always_call = True  # whether it was never in a mode in which a key stops nothing

    def do(self, effects: list[Effect]) -> None:
        if self.now >= self.stirred + STILL:
            self.given_up |= set(self.hands.keys)
        for effect in effects:
            if isinstance(effect, Generate):
                if effect.turn not in {asked.turn for asked in self.asked}:
                    assert self.answers_held_keys or set(self.hands.keys) <= self.given_up or self.deaf
                assert effect.start < effect.until <= effect.end
                assert effect.deadline >= self.now
                for part in (effect.context[: effect.call], effect.context[effect.call :], effect.beside):
                    assert list(part) == sorted(part, key=lambda n: (n.onset, n.pitch))
                self.asked.append(effect)
            elif isinstance(effect, Play):
                assert all(note.onset >= self.now for note in effect.notes)
                self.schedule.play(effect.notes)
            elif isinstance(effect, Release):
                self.schedule.release(self.now)
            elif isinstance(effect, TurnEnded):
                self.turns.append(effect)
            elif isinstance(effect, Pace):
                self.strokes += [stroke.event for stroke in self.metronome.follow(effect, self.now)]
        self.sent += [Sent(event.at, self.now, event.data) for event in self.schedule.due(self.now)]
        self.strokes += [stroke.event for stroke in self.metronome.due(self.now)]

    @property
    def ringing(self) -> bool:
        """Whether a note of ours sounds that isn't one that the player holds as well."""
        return any(not self.hands.holds(note.pitch) for note in self.schedule.sounding)

    def hear(self, data: bytes, source: str = "keyboard") -> None:
        for event in self.inputs.take(source, MidiEvent(self.now, data)):
            self.take(event)

    def take(self, event: MidiEvent) -> None:
        """What all inputs together send."""
        if is_bound([binding.control for binding in KNOBS], event):
            for wish in self.controls.hear(event, self.present):
                self.grant(wish)
            return
        if self.schedule.hear(event):
            if self.thru:
                self.schedule.echoes.expect(event, event.at)
            self.hands.hear(event)
            if event.kind:
                self.stirred = self.now
            if event.kind == NOTE_ON:
                self.given_up.discard((event.channel, event.data[1]))
            was_answering = self.engine.state is State.ANSWERING
            self.do(self.engine.on_midi(event))
            if was_answering and self.engine.state is State.CALL and self.always_call:
                assert not self.ringing

    def present(self, target: str) -> float | str:
        """What an option is by now."""
        value = getattr(self.options, target)
        return value.value if isinstance(value, Mode) else value

    def grant(self, wish: Wish) -> None:
        """What somebody wishes by a control is done as the session does it."""
        if wish.target == "mute":
            self.mute()
        elif wish.value is None:
            self.cue(Cue(wish.target))
        else:
            value = Mode(str(wish.value)) if wish.target == "mode" else wish.value
            self.settings_change(replace(self.options, **{wish.target: value}))

    @initialize(
        sync=st.sampled_from(Sync),
        count_in=st.sampled_from([0.0, 1.0]),
        mode=st.sampled_from(Mode),
        comp_below=st.none() | st.just(60),
        instrument=st.sampled_from([Instrument.SEPARATE, Instrument.UNKNOWN]),
        thru=st.booleans(),
    )
    def begin(  # noqa: PLR0917  hypothesis passes them by name
        self, sync: Sync, count_in: float, mode: Mode, comp_below: int | None, instrument: Instrument, thru: bool
    ) -> None:
        self.sync, self.instrument, self.thru = sync, instrument, thru
        self.led_otherwise = False  # whether another has come to lead, or is to
        self.schedule = self.new_schedule()
        self.in_mode(mode, comp_below)
        settings = EngineSettings(
            sync=sync, count_in=count_in, mode=mode, bars=1, comp_below=comp_below, max_bars=2.0, seed=3
        )
        self.options = settings
        self.engine = Engine(settings)
        self.do(self.engine.begin(self.now))

    def new_schedule(self) -> Schedule:
        return Schedule(self.instrument, thru=self.thru)

    def in_mode(self, mode: Mode, comp_below: int | None) -> None:
        """From now on, or as soon as nothing sounds."""
        rude = mode in (Mode.TRADE, Mode.DUET) or comp_below is not None
        self.answers_held_keys = self.answers_held_keys or rude
        self.always_call = self.always_call and not rude

    @rule(cue=st.sampled_from(Cue))
    def cue(self, cue: Cue) -> None:
        self.answers_held_keys = True
        effects = self.engine.on_cue(self.now, cue)
        assert sum(isinstance(effect, TurnEnded) for effect in effects) <= 2
        self.do(effects)
        if cue is Cue.STOP:
            assert not self.ringing
            assert self.engine.state is State.LISTENING

    @rule(bpm=st.floats(20, 400))
    def clock_has_another_tempo(self, bpm: float) -> None:
        self.tick = Seconds(60 / bpm / 24)

    @rule(count=st.integers(1, 48), astray=st.floats(-0.005, 0.005), late=st.floats(0.0, 0.05))
    def clock_ticks(self, count: int, astray: float, late: float) -> None:
        """Some ticks, told in batches, each batch late."""
        ticks = [Seconds(self.now + index * self.tick + astray * (index % 3 - 1)) for index in range(count)]
        for first in range(0, count, 6):
            batch = sorted(ticks[first : first + 6])
            self.wait(max(0.001, batch[-1] + late - self.now))
            self.do(self.engine.on_ticks(self.now, batch))

    @rule(data=st.sampled_from([b"\xfa", b"\xfb", b"\xfc", b"\xf2\x08\x00", b"\xf2\x7f\x7f"]))
    def transport(self, data: bytes) -> None:
        self.hear(data)
        if self.sync is Sync.CLOCK and not self.led_otherwise and not data.startswith(b"\xf2"):
            assert not self.ringing
            assert self.engine.state in (State.LISTENING, State.CALL)

    @rule(
        beat=st.floats(-8.0, 5000.0).map(Beats),
        bpm=st.floats(20, 999),
        playing=st.sampled_from([None, True, False]),
        peers=st.integers(0, 2),
    )
    def link_is_read(self, beat: Beats, bpm: float, playing: bool | None, peers: int) -> None:
        """Any session: others may join, leave, start, stop and change the tempo as they like."""
        ended = len(self.turns)
        self.do(self.engine.on_link(self.now, LinkState(self.now, beat, bpm, playing, peers)))
        if len(self.turns) > ended and self.turns[-1].reason == "stopped":
            assert not self.ringing
            assert self.engine.view.stopped or self.led_otherwise

    @rule(seconds=st.floats(0.001, 3.0))
    def wait(self, seconds: float) -> None:
        until = Seconds(self.now + seconds)
        while True:
            at = min((at for at in self.deadlines if at is not None), default=until)
            if at >= until:
                break
            self.now = max(self.now, at)
            self.do(self.engine.on_time(self.now))
        self.now = until
        self.do(self.engine.on_time(self.now))

    @rule(seconds=st.floats(0.001, 9.0))
    def stall(self, seconds: float) -> None:
        """Nobody looked at the clock for a while."""
        self.now = Seconds(self.now + seconds)
        self.do(self.engine.on_time(self.now))

    @rule(pitch=st.integers(58, 62), velocity=st.integers(0, 127), channel=st.integers(0, 1))
    def key_down(self, pitch: int, velocity: int, channel: int) -> None:
        self.hear(bytes((0x90 | channel, pitch, velocity)))

    @rule(pitch=st.integers(58, 62), channel=st.integers(0, 1))
    def key_up(self, pitch: int, channel: int) -> None:
        self.hear(bytes((0x80 | channel, pitch, 0)))

    @rule(pitch=st.integers(58, 62), down=st.booleans(), pedal=st.none() | st.booleans())
    def pads(self, pitch: int, *, down: bool, pedal: bool | None) -> None:
        """A second keyboard, with a pedal of its own."""
        if pedal is not None:
            self.hear(bytes((CONTROL, 64, 127 * pedal)), "pads")
        self.hear(bytes((0x90, pitch, 90 * down)), "pads")

    @rule()
    def pads_go(self) -> None:
        for event in self.inputs.lose("pads", self.now):
            self.take(event)

    @rule(count=st.integers(1, 12), step=st.floats(0.05, 0.8), held=st.floats(0.1, 0.95))
    def phrase(self, count: int, step: float, held: float) -> None:
        for channel, pitch in self.hands.keys:
            self.hear(bytes((0x80 | channel, pitch, 0)))
        for index in range(count):
            self.hear(bytes((0x90, 60 + index, 70)))
            self.wait(step * held)
            self.hear(bytes((0x80, 60 + index, 0)))
            self.wait(step * (1 - held))

    @rule(pitches=st.sets(st.integers(48, 72), min_size=2, max_size=5), held=st.floats(0.05, 3.0), pedal=st.booleans())
    def chord(self, pitches: set[int], held: float, *, pedal: bool) -> None:
        if pedal:
            self.hear(b"\xb0\x40\x7f")
        for pitch in sorted(pitches):
            self.hear(bytes((0x90, pitch, 75)))
        self.wait(held)
        for pitch in sorted(pitches):
            self.hear(bytes((0x80, pitch, 0)))
        if pedal:
            self.hear(b"\xb0\x40\x00")

    @rule(number=st.sampled_from([20, 21, 22, 23, 67]), value=st.integers(0, 127))
    def knob(self, number: int, value: int) -> None:
        self.hear(bytes((0xB0, number, value)))

    @rule(data=st.sampled_from([b"\x90\x24\x60", b"\x80\x24\x00", b"\x90\x26\x60", b"\xc0\x03"]))
    def pad(self, data: bytes) -> None:
        self.hear(data)

    @rule()
    def mute(self) -> None:
        self.muted = not self.muted
        self.do(self.engine.on_mute(self.now, muted=self.muted))
        if self.muted:
            assert not self.ringing
            assert self.engine.state in (State.LISTENING, State.CALL)

    @rule()
    def panic(self) -> None:
        self.do(self.engine.on_panic(self.now))
        self.sent += [Sent(event.at, self.now, event.data) for event in self.schedule.panic(self.now)]
        self.hands.let_go()
        self.inputs.let_go()
        assert not self.schedule.sounding

    @rule(value=st.integers(0, 127), controller=st.sampled_from([1, 64, 120, 123]))
    def control(self, value: int, controller: int) -> None:
        self.hear(bytes((0xB0, controller, value)))

    @rule(data=st.binary(max_size=4))
    def noise(self, data: bytes) -> None:
        self.hear(data)

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), complete=st.booleans(), count=st.integers(0, 6), step=st.floats(0.1, 1.0))
    def model_answers(self, data: st.DataObject, complete: bool, count: int, step: float) -> None:
        request = data.draw(st.sampled_from(self.asked[-3:]))
        onsets = [request.start + index * step for index in range(count)]
        notes = [
            BeatNote(Beats(at), Beats(step * 1.5), 60 + i % 5, 70) for i, at in enumerate(onsets) if at < request.until
        ]
        self.do(
            self.engine.on_continuation(self.now, Continuation(request.turn, request.segment, tuple(notes), complete))
        )

    @precondition(lambda self: self.asked)
    @rule(latency=st.floats(0.001, 0.1))
    def model_does_its_work(self, latency: float) -> None:
        for _ in range(4):
            self.wait(latency)
            request = self.asked[-1]
            beats = [Beats(request.start + i / 2) for i in range(9) if request.start + i / 2 < request.until]
            notes = tuple(BeatNote(beat, Beats(0.45), 60 + int(beat * 2) % 5, 70) for beat in beats)
            self.do(self.engine.on_continuation(self.now, Continuation(request.turn, request.segment, notes)))

    @rule(step=st.floats(0.000_02, 0.01))
    def model_restarts(self, step: float) -> None:
        self.do(self.engine.on_model_ready(self.now, Seconds(step)))

    @rule(wished=SETTINGS)
    def settings_change(self, wished: EngineSettings) -> None:
        """Whatever changes, and whenever: nothing planned moves, and nothing that sounds is cut."""
        self.options = wished = replace(wished, sync=self.sync)
        self.deaf = self.deaf or bool(wished.listen)
        self.in_mode(wished.mode, wished.comp_below)
        effects = self.engine.on_settings(self.now, wished)
        assert all(isinstance(effect, (Generate, Pace)) for effect in effects)
        self.do(effects)

    @rule(sync=st.sampled_from(Sync))
    def another_leads(self, sync: Sync) -> None:
        """At once, or once nothing sounds."""
        self.sync, self.led_otherwise = sync, True
        self.settings_change(self.options)

    @rule()
    def ports_restart(self) -> None:
        """A fresh ports process is told what the old one left sounding."""
        self.do(self.engine.on_ports_lost(self.now))
        left = [(note.channel, note.pitch) for note in self.schedule.sounding]
        self.schedule, self.hands, self.inputs = self.new_schedule(), Hands(), Inputs()
        self.schedule.adopt(left, self.now)
        self.do([])

    @rule(hears=st.booleans(), plays=st.booleans())
    def ports_come_and_go(self, *, hears: bool, plays: bool) -> None:
        effects = self.engine.on_ports(self.now, hears=hears, plays=plays)
        assert not any(isinstance(effect, Play) for effect in effects)
        if not hears:
            self.hands, self.inputs = Hands(), Inputs()
        self.do(effects)

    @property
    def deadlines(self) -> list[Seconds | None]:
        """When each of them wants to be looked at."""
        return [each.next_deadline() for each in (self.engine, self.schedule, self.metronome)]

    @invariant()
    def no_wait_lies_behind(self) -> None:
        for deadline in self.deadlines:
            assert deadline is None or deadline > self.now

    @invariant()
    def turns_follow_each_other(self) -> None:
        for before, after in pairwise(self.turns):
            assert before.turn < after.turn
            assert before.decided_at <= after.decided_at
            assert after.call_start >= before.decided_at

    def teardown(self) -> None:
        self.do(self.engine.close(self.now))
        self.sent += [Sent(event.at, self.now, event.data) for event in self.schedule.close(self.now)]
        assert hanging(self.sent) == set()
        if not self.hands.pedal:
            feet = {
                sent.data[0]: sent.data[2]
                for sent in self.sent
                if sent.data[0] & 0xF0 == CONTROL and sent.data[1] == 64
            }
            assert not any(feet.values())
        self.strokes += [stroke.event for stroke in self.metronome.close(self.now)]
        assert hanging(Sent(event.at, event.at, event.data) for event in self.strokes if event.kind) == set()


TestDuet = Duet.TestCase
TestDuet.settings = settings(max_examples=60, stateful_step_count=50)
