"""What the player may set: described once, in `improvd.config.options`, and read from wherever it may stand."""
