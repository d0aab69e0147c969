"""What a function returns that can fail: the values of ``arc_status_t`` in arc_status.h, for both interpreters."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """Result of a call: 0, or a negative error, which never changes its number.

    Examples
    --------
    >>> Status.SINGULAR.c_name, int(Status.SINGULAR)
    ('ARC_ERROR_SINGULAR', -3)
    """

    OK = 0
    NOT_FINITE = -1
    OUT_OF_RANGE = -2
    SINGULAR = -3
    NOT_POSITIVE_DEFINITE = -4
    BAD_SIZE = -5

    @property
    def c_name(self) -> str:
        """Its name in C."""
        return "ARC_OK" if self is Status.OK else f"ARC_ERROR_{self.name}"

    @property
    def leaves_outputs(self) -> bool:
        """Whether outputs are as before the call when it is returned: inputs are checked before anything is written."""
        return self in (Status.OK, Status.NOT_FINITE, Status.OUT_OF_RANGE)
