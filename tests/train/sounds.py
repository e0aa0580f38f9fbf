"""Recordings made for a test: plucked strings, each a few harmonics that die away."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

RATE = 22_050
MELODY = [(0.4 + 0.4 * n, 0.35, pitch) for n, pitch in enumerate([60, 64, 67, 72, 71, 67, 62, 65, 69, 60])]


def plucked(notes: list[tuple[float, float, int]], rate: int = RATE) -> NDArray[np.float64]:
    """Samples of notes (onset and length in seconds, pitch), between -1 and 1."""
    samples = np.zeros(int((max(onset + length for onset, length, _ in notes) + 0.5) * rate))
    for onset, length, pitch in notes:
        time = np.arange(int(length * rate)) / rate
        wanted = 440 * 2 ** ((pitch - 69) / 12)
        tone = sum(np.sin(2 * np.pi * wanted * k * time) * np.exp(-3 * k * time) / k for k in range(1, 7))
        tone[-200:] *= np.linspace(1, 0, 200)
        samples[int(onset * rate) :][: len(tone)] += 0.25 * tone
    return samples


def write_wav(path: Path, samples: NDArray[np.float64], rate: int = RATE, channels: int = 1) -> Path:
    """Samples as 16 bits, the same in each channel."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat(np.round(samples * 32767).astype("<i2"), channels).tobytes())
    return path
