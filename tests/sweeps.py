"""How many examples a property test tries: few in `make test`, ten times as many in `make test-all`."""

from __future__ import annotations

import os

THOROUGH = os.environ.get("ARC_TEST_PROFILE", "default") == "thorough"


def examples(default: int) -> int:
    """`default`, or ten times as many under ``ARC_TEST_PROFILE=thorough``."""
    return 10 * default if THOROUGH else default
