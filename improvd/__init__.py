"""improvd: a partner that improvises with you over MIDI."""

__version__ = "0.1.0"
