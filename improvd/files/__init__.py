"""Files that players bring and take away: MIDI read with suspicion, and whatever is written, whole or not at all."""
