"""Whatever is asked of a schedule, each on has its off, and nothing of the player's is cut."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from improvd.core.events import CONTROL, NOTE_OFF, NOTE_ON, SUSTAIN, MidiEvent, PlannedNote, Seconds
from improvd.core.foot import PRESSED_AFTER
from improvd.core.schedule import Instrument, Schedule, ScheduleLimits

PITCHES = st.integers(58, 62)


def note(key: int, onset: float, offset: float, pitch: int = 60, channel: int = 0) -> PlannedNote:
    return PlannedNote(key, Seconds(onset), Seconds(offset), pitch, 80, channel)


def on(at: float, pitch: int = 60, velocity: int = 64) -> MidiEvent:
    return MidiEvent(Seconds(at), bytes((NOTE_ON, pitch, velocity)))


def off(at: float, pitch: int = 60) -> MidiEvent:
    return MidiEvent(Seconds(at), bytes((NOTE_OFF, pitch, 0)))


def play_out(schedule: Schedule) -> list[MidiEvent]:
    out = []
    while (at := schedule.next_deadline()) is not None:
        out += schedule.due(at)
    return out


def brief(events: list[MidiEvent]) -> list[tuple[float, str, int]]:
    return [(event.at, "on" if event.kind == NOTE_ON else "off", event.data[1]) for event in events]


def test_offs_go_before_ons_at_equal_times() -> None:
    schedule = Schedule()
    schedule.play([note(1, 1.0, 2.0), note(2, 2.0, 3.0, 62), note(3, 2.0, 2.5, 59)])
    assert brief(play_out(schedule)) == [
        (1.0, "on", 60),
        (2.0, "off", 60),
        (2.0, "on", 62),
        (2.0, "on", 59),
        (2.5, "off", 59),
        (3.0, "off", 62),
    ]


def test_a_pitch_struck_again_is_not_cut_by_the_old_off() -> None:
    schedule = Schedule()
    schedule.play([note(1, 1.0, 2.0), note(2, 1.5, 3.0)])
    assert brief(play_out(schedule)) == [(1.0, "on", 60), (1.5, "off", 60), (1.5, "on", 60), (3.0, "off", 60)]


def test_a_note_too_late_is_dropped_with_its_off_and_counted() -> None:
    schedule = Schedule()
    schedule.play([note(1, 1.0, 2.0), note(2, 1.04, 2.0, 62)])
    assert brief(schedule.due(Seconds(1.06))) == [(1.04, "on", 62)]
    assert schedule.late_notes == 1
    assert brief(play_out(schedule)) == [(2.0, "off", 62)]


def test_an_off_is_sent_however_late() -> None:
    schedule = Schedule()
    schedule.play([note(1, 1.0, 2.0)])
    schedule.due(Seconds(1.0))
    assert brief(schedule.due(Seconds(50.0))) == [(2.0, "off", 60)]


def test_no_note_outlasts_the_longest() -> None:
    schedule = Schedule(limits=ScheduleLimits(longest_note=Seconds(3.0)))
    schedule.play([note(1, 1.0, 1000.0)])
    assert brief(play_out(schedule)) == [(1.0, "on", 60), (4.0, "off", 60)]


def test_release_ends_what_sounds_and_drops_what_is_planned() -> None:
    schedule = Schedule()
    schedule.play([note(1, 1.0, 5.0), note(2, 2.0, 5.0, 62)])
    schedule.due(Seconds(1.0))
    schedule.release(Seconds(1.5))
    assert brief(schedule.due(Seconds(1.5))) == [(1.5, "off", 60)]
    assert schedule.next_deadline() is None


def test_a_note_that_sounds_keeps_its_onset_when_planned_anew() -> None:
    schedule = Schedule()
    schedule.play([note(1, 1.0, 5.0)])
    schedule.due(Seconds(1.0))
    schedule.play([note(1, 2.0, 3.0)])
    assert brief(play_out(schedule)) == [(3.0, "off", 60)]


def test_an_echo_is_heard_once_as_an_echo_and_then_as_the_player() -> None:
    schedule = Schedule()
    schedule.play([note(1, 1.0, 2.0)])
    (sent,) = schedule.due(Seconds(1.0))
    assert not schedule.hear(MidiEvent(Seconds(1.02), sent.data))
    assert schedule.hear(MidiEvent(Seconds(1.025), sent.data))


def test_an_old_message_of_ours_is_no_echo() -> None:
    schedule = Schedule()
    schedule.play([note(1, 1.0, 2.0)])
    (sent,) = schedule.due(Seconds(1.0))
    assert schedule.hear(MidiEvent(Seconds(1.031), sent.data))


def test_a_key_the_player_holds_comes_up_by_their_hand_even_as_ours_ends() -> None:
    schedule = Schedule()
    schedule.play([note(1, 1.0, 2.0)])
    schedule.due(Seconds(1.0))
    schedule.hear(on(1.5))
    schedule.due(Seconds(2.0))
    assert schedule.hear(off(2.01))
    assert not schedule.hear(off(2.02))


def test_an_off_sent_back_as_a_note_on_at_velocity_0_is_an_echo() -> None:
    schedule = Schedule()
    schedule.play([note(1, 1.0, 2.0)])
    play_out(schedule)
    assert not schedule.hear(MidiEvent(Seconds(2.01), bytes((NOTE_ON, 60, 0))))


def test_on_one_instrument_an_off_waits_for_the_players_key() -> None:
    schedule = Schedule(Instrument.SAME)
    schedule.play([note(1, 1.0, 5.0)])
    schedule.due(Seconds(1.0))
    schedule.hear(on(1.5))
    schedule.release(Seconds(1.5))
    assert schedule.due(Seconds(1.5)) == []
    schedule.hear(off(3.0))
    assert brief(schedule.due(Seconds(3.0))) == [(3.0, "off", 60)]


def test_on_one_instrument_a_held_pitch_is_not_struck() -> None:
    schedule = Schedule(Instrument.SAME)
    schedule.hear(on(0.5))
    schedule.play([note(1, 1.0, 2.0), note(2, 1.0, 2.0, 62)])
    assert brief(play_out(schedule)) == [(1.0, "on", 62), (2.0, "off", 62)]
    assert schedule.yielded_notes == 1


def test_at_the_end_every_channel_used_is_cleared() -> None:
    schedule = Schedule()
    schedule.play([note(1, 1.0, 5.0, channel=2)])
    schedule.due(Seconds(1.0))
    closing = [event.data for event in schedule.close(Seconds(2.0))]
    assert closing == [bytes((0x82, 60, 64)), bytes((0xB2, 64, 0)), bytes((0xB2, 120, 0)), bytes((0xB2, 123, 0))]


def test_nothing_is_sent_at_the_end_where_nothing_was_played() -> None:
    assert Schedule().close(Seconds(2.0)) == []


def test_at_the_end_a_held_key_and_pedal_of_the_same_instrument_are_left_alone() -> None:
    for instrument in (Instrument.SAME, Instrument.UNKNOWN):
        schedule = Schedule(instrument)
        schedule.play([note(1, 1.0, 5.0)])
        schedule.due(Seconds(1.0))
        schedule.hear(on(1.5, 64))
        schedule.hear(MidiEvent(Seconds(1.6), bytes((CONTROL, SUSTAIN, 127))))
        assert brief(schedule.close(Seconds(2.0))) == [(2.0, "off", 60)]


def test_at_the_end_a_pitch_both_hold_is_cut_only_where_it_might_hang() -> None:
    sent = {}
    for instrument in Instrument:
        schedule = Schedule(instrument)
        schedule.play([note(1, 1.0, 5.0)])
        schedule.due(Seconds(1.0))
        schedule.hear(on(1.5))
        sent[instrument] = [event.kind for event in schedule.close(Seconds(2.0)) if event.kind == NOTE_OFF]
    assert sent == {Instrument.SEPARATE: [NOTE_OFF], Instrument.UNKNOWN: [NOTE_OFF], Instrument.SAME: []}


def test_a_panic_silences_every_channel_whoever_holds_what() -> None:
    schedule = Schedule(Instrument.SAME)
    schedule.play([note(1, 1.0, 9.0), note(2, 1.0, 9.0, 62), note(3, 5.0, 9.0, 64)])
    schedule.due(Seconds(1.0))
    schedule.hear(on(2.0, 62))
    schedule.hear(MidiEvent(Seconds(2.0), bytes((CONTROL, SUSTAIN, 127))))
    first, second, *rest = schedule.panic(Seconds(3.0))
    assert brief([first, second]) == [(3.0, "off", 60), (3.0, "off", 62)]
    assert [event.data for event in rest] == [
        bytes((CONTROL | channel, controller, 0)) for channel in range(16) for controller in (64, 120, 123)
    ]
    assert schedule.next_deadline() is None
    assert not schedule.sounding


def test_after_a_panic_it_plays_on() -> None:
    schedule = Schedule(Instrument.SAME)
    schedule.hear(on(1.0))  # a key whose way up got lost
    schedule.panic(Seconds(2.0))
    schedule.play([note(1, 3.0, 4.0)])
    assert brief(play_out(schedule)) == [(3.0, "on", 60), (4.0, "off", 60)]


def test_a_panic_that_the_instrument_sends_back_is_an_echo() -> None:
    schedule = Schedule()
    sent = schedule.panic(Seconds(1.0))
    assert not any(schedule.hear(MidiEvent(Seconds(1.01), event.data)) for event in sent)


def test_what_a_sender_before_left_behind_is_released() -> None:
    schedule = Schedule()
    schedule.adopt([(0, 60), (3, 64)], Seconds(1.0))
    assert {event.data for event in schedule.due(Seconds(1.0))} == {bytes((0x80, 60, 64)), bytes((0x83, 64, 64))}


def test_what_was_left_behind_is_not_cut_from_under_the_players_key() -> None:
    schedule = Schedule(Instrument.SAME)
    schedule.adopt([(0, 60), (0, 64)], Seconds(1.0), keys=[(0, 60)], pedals=[0])
    assert brief(schedule.due(Seconds(1.0))) == [(1.0, "off", 64)]
    assert schedule.close(Seconds(1.5)) == []
    schedule.hear(off(2.0))
    assert brief(schedule.due(Seconds(2.0))) == [(2.0, "off", 60)]


def sounding_synth() -> Schedule:
    """One that sounds 62, ended 60 at 1.5, and would begin 64 at 3."""
    schedule = Schedule()
    schedule.play([note(1, 1.0, 1.5, 60), note(2, 1.0, 4.0, 62), note(3, 3.0, 4.0, 64)])
    for at in (1.0, 1.5):
        schedule.due(Seconds(at))
    return schedule


def test_a_synth_out_of_reach_is_owed_what_sounds_and_the_offs_that_may_not_have_arrived() -> None:
    schedule = sounding_synth()
    schedule.unplug(seen=Seconds(1.4))
    schedule.release(Seconds(2.1))
    schedule.play([note(4, 2.5, 3.0, 65)])
    assert schedule.next_deadline() is None
    assert schedule.due(Seconds(9.0)) == []
    back = schedule.plug(Seconds(10.0), Instrument.SEPARATE)
    assert {event.data for event in back[:2]} == {bytes((0x80, 60, 64)), bytes((0x80, 62, 64))}
    assert [event.data for event in back[2:]] == [bytes((CONTROL, which, 0)) for which in (SUSTAIN, 120, 123)]
    assert play_out(schedule) == []


def test_an_off_that_arrived_before_is_not_owed_again() -> None:
    schedule = sounding_synth()
    schedule.unplug(seen=Seconds(2.0))
    assert brief(schedule.plug(Seconds(10.0), Instrument.SEPARATE)[:-3]) == [(10.0, "off", 62)]


def test_a_synth_is_silenced_on_the_channels_that_somebody_may_have_left_sounding() -> None:
    schedule = Schedule()
    schedule.unplug(seen=Seconds(0.0))
    assert {event.data[0] for event in schedule.plug(Seconds(1.0), Instrument.SEPARATE, channels=(2,))} == {0xB2}
    assert schedule.close(Seconds(2.0)) != []


def test_a_panic_that_does_not_reach_the_synth_reaches_it_later() -> None:
    schedule = sounding_synth()
    schedule.unplug(seen=Seconds(2.0))
    assert schedule.panic(Seconds(2.5)) == []
    back = schedule.plug(Seconds(3.0), Instrument.SEPARATE)
    assert back[0].data == bytes((0x80, 62, 64))
    assert {event.channel for event in back} == set(range(16))


def test_at_the_end_there_is_nothing_to_be_said_to_a_synth_out_of_reach() -> None:
    schedule = sounding_synth()
    schedule.unplug(seen=Seconds(2.0))
    assert schedule.close(Seconds(3.0)) == []


def test_a_keyboard_that_goes_holds_nothing_up() -> None:
    schedule = Schedule(Instrument.SAME)
    schedule.play([note(1, 1.0, 2.0)])
    schedule.due(Seconds(1.0))
    schedule.hear(on(1.5))
    assert schedule.due(Seconds(2.0)) == []
    schedule.let_go(Seconds(2.5))
    assert brief(schedule.due(Seconds(2.5))) == [(2.5, "off", 60)]


def test_what_is_known_of_the_instrument_later_holds_from_then_on() -> None:
    schedule = Schedule(Instrument.SAME)
    schedule.hear(on(1.0))
    schedule.know(Instrument.SEPARATE)
    schedule.play([note(1, 2.0, 3.0)])
    assert brief(play_out(schedule)) == [(2.0, "on", 60), (3.0, "off", 60)]


def feet(events: list[MidiEvent]) -> list[tuple[float, str]]:
    """The strokes and what the pedal does, in the order in which they leave."""
    told = {NOTE_ON: "on", NOTE_OFF: "off"}
    return [
        (event.at, told[event.kind] if event.kind in told else "down" if event.data[2] else "up") for event in events
    ]


def test_the_pedal_catches_each_harmony_after_its_stroke_and_comes_up_with_the_last_note() -> None:
    schedule = Schedule()
    strokes = [note(1, 1.0, 1.5), note(2, 2.0, 2.5, 64), note(3, 3.0, 3.5, 62)]
    schedule.play([replace(strokes[0], pedal=True), strokes[1], replace(strokes[2], pedal=True)])
    assert feet(play_out(schedule)) == [
        (1.0, "on"),
        (1.0 + PRESSED_AFTER, "down"),
        (1.5, "off"),
        (2.0, "on"),
        (2.5, "off"),
        (3.0, "up"),
        (3.0, "on"),
        (3.0 + PRESSED_AFTER, "down"),
        (3.5, "off"),
        (3.5, "up"),
    ]


def test_a_dry_note_lets_the_pedal_up() -> None:
    schedule = Schedule()
    schedule.play([replace(note(1, 1.0, 3.0), pedal=True), replace(note(2, 2.0, 2.5, 62), pedal=False)])
    assert [at for at, what in feet(play_out(schedule)) if what == "up"] == [2.0]


def test_breaking_in_lets_the_pedal_up_at_once_also_between_notes() -> None:
    schedule = Schedule()
    schedule.play([replace(note(1, 1.0, 1.2), pedal=True), note(2, 3.0, 3.5)])
    for at in (1.0, 1.1, 1.2):
        schedule.due(Seconds(at))
    schedule.release(Seconds(2.0))
    assert feet(schedule.due(Seconds(2.0))) == [(2.0, "up")]
    assert schedule.next_deadline() is None


def test_on_one_instrument_our_pedal_leaves_theirs_alone_and_comes_up_after_it() -> None:
    schedule = Schedule(Instrument.UNKNOWN)
    schedule.play([replace(note(1, 1.0, 2.0), pedal=True)])
    for at in (1.0, 1.1):
        schedule.due(Seconds(at))
    schedule.hear(MidiEvent(Seconds(1.6), bytes((CONTROL, SUSTAIN, 127))))
    assert feet(schedule.due(Seconds(3.0))) == [(2.0, "off")]
    assert schedule.next_deadline() is None
    schedule.hear(MidiEvent(Seconds(4.0), bytes((CONTROL, SUSTAIN, 0))))
    assert [what for _, what in feet(schedule.due(Seconds(4.0)))] == ["up"]


class Scheduling(RuleBasedStateMachine):
    """A schedule asked for anything, and a player on the same or another instrument."""

    instrument = Instrument.SEPARATE

    def __init__(self) -> None:
        super().__init__()
        self.schedule = Schedule(self.instrument)
        self.now = Seconds(0.0)
        self.held: set[int] = set()
        self.pedal = False
        self.sounding: set[tuple[int, int]] = set()
        self.ended: list[tuple[Seconds, tuple[int, int]]] = []
        self.feet: set[int] = set()  # channels on which our pedal is down

    @property
    def their_foot(self) -> bool:
        """Whether the player's pedal is down at our synth: ours, if it is down too, waits for it."""
        return self.instrument is Instrument.SAME and self.pedal

    def send(self, events: list[MidiEvent]) -> None:
        for event in events:
            assert self.schedule.plugged
            key = (event.channel, event.data[1])
            if event.kind == NOTE_ON:
                assert key not in self.sounding
                self.sounding.add(key)
            elif event.kind == NOTE_OFF:
                self.sounding.remove(key)
                self.ended.append((self.now, key))
            elif event.data[1] == SUSTAIN:
                (self.feet.add if event.data[2] else self.feet.discard)(event.channel)
            if self.instrument is Instrument.SAME:
                assert event.kind not in (NOTE_ON, NOTE_OFF) or event.data[1] not in self.held
                assert event.kind != CONTROL or not (self.pedal or (self.held and event.data[1] != SUSTAIN))

    @rule(
        planned=st.builds(
            PlannedNote,
            key=st.integers(1, 12),
            onset=st.floats(-0.1, 3),  # from now, as the end
            offset=st.floats(-1.1, 23),
            pitch=PITCHES,
            velocity=st.just(80),
            channel=st.integers(0, 1),
            pedal=st.sampled_from([None, True, False]),
        )
    )
    def plan(self, planned: PlannedNote) -> None:
        onset, offset = Seconds(self.now + planned.onset), Seconds(self.now + planned.offset)
        self.schedule.play([replace(planned, onset=onset, offset=offset)])

    @rule()
    def release(self) -> None:
        self.schedule.release(self.now)
        self.send(self.schedule.due(self.now))
        assert self.instrument is Instrument.SAME or not self.sounding or not self.schedule.plugged
        assert not self.feet or self.their_foot or not self.schedule.plugged

    @precondition(lambda self: self.schedule.plugged)
    @rule(ago=st.floats(0, 2))
    def unplug(self, ago: float) -> None:
        """The synth was out of reach for so long already."""
        self.schedule.unplug(Seconds(self.now - ago))
        self.sounding |= {key for at, key in self.ended if at >= self.now - ago}

    @precondition(lambda self: not self.schedule.plugged)
    @rule()
    def plug(self) -> None:
        self.send(self.schedule.plug(self.now, self.instrument))
        assert not self.feet or self.their_foot
        assert self.instrument is Instrument.SAME or not self.sounding

    @rule()
    def unplug_keyboard(self) -> None:
        self.held.clear()
        self.pedal = False
        self.schedule.let_go(self.now)
        self.send(self.schedule.due(self.now))

    @rule()
    def panic(self) -> None:
        self.held.clear()
        self.pedal = False
        self.send(self.schedule.panic(self.now))
        assert not (self.sounding or self.feet) or not self.schedule.plugged

    @rule(pitch=PITCHES)
    def key_down(self, pitch: int) -> None:
        self.wait(0.04)  # so that what was sent before is no longer taken for an echo
        assert self.schedule.hear(on(self.now, pitch))
        self.held.add(pitch)

    @rule(pitch=PITCHES)
    def key_up(self, pitch: int) -> None:
        assert self.schedule.hear(off(self.now, pitch)) or pitch not in self.held
        self.held.discard(pitch)

    @rule(value=st.integers(0, 127))
    def move_pedal(self, value: int) -> None:
        self.schedule.hear(MidiEvent(self.now, bytes((CONTROL, SUSTAIN, value))))
        self.pedal = value >= 64

    @rule(seconds=st.floats(0, 3))
    def wait(self, seconds: float) -> None:
        self.now = Seconds(self.now + seconds)
        self.send(self.schedule.due(self.now))

    @invariant()
    def no_deadline_lies_behind_what_was_sent(self) -> None:
        self.send(self.schedule.due(self.now))
        deadline = self.schedule.next_deadline()
        assert deadline is None or deadline > self.now

    @invariant()
    def no_pedal_is_down_for_nothing(self) -> None:
        """Where nothing is to come, nothing sounds and the player's foot is elsewhere."""
        if self.schedule.next_deadline() is None and self.schedule.plugged and not self.their_foot:
            assert not self.feet or self.sounding

    def teardown(self) -> None:
        if not self.schedule.plugged:
            self.plug()
        self.send(self.schedule.close(self.now))
        assert not self.sounding or (
            self.instrument is Instrument.SAME and {pitch for _, pitch in self.sounding} <= self.held
        )
        assert not self.feet or self.their_foot


class SchedulingOnOneInstrument(Scheduling):
    instrument = Instrument.SAME


TestScheduling = Scheduling.TestCase
TestSchedulingOnOneInstrument = SchedulingOnOneInstrument.TestCase
