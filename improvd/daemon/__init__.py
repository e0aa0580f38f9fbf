"""The edge of `improvd run`: ports, processes, clocks."""
