"""One thread for whoever computes with numpy here: a step is too small to be shared out, other threads only cost."""

from __future__ import annotations

import os
from typing import Final

VARIABLES: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def alone() -> None:
    """To be called before numpy is loaded, in whose libraries it holds from then on, and in processes begun here."""
    for variable in VARIABLES:
        os.environ[variable] = "1"
