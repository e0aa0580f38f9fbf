"""`python -m improvd` is `improvd`."""

from __future__ import annotations

import sys

from improvd.cli import main

if __name__ == "__main__":
    sys.exit(main())
