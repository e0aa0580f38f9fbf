"""What was played, kept: a journal while it sounds, a MIDI file afterwards (docs/recorder.md)."""
