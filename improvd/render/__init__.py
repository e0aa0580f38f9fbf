"""Music made to be heard and seen without instruments: sound by a synth that is installed, a piano roll in text."""
