"""What the player may set: described once, by theme (`options` has it all), and read from wherever it may stand."""
