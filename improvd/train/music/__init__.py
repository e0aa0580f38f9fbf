"""One file to one piece: MIDI, scores and recordings to notes on the grid."""
