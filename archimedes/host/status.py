"""A status that a C function returned, as the exception that it stands for."""

from __future__ import annotations

from typing import NoReturn

import numpy as np
from arc_codegen.ir.status import Status

from archimedes.host.errors import StatusError


class SingularMatrixError(StatusError, np.linalg.LinAlgError):
    """A linear system has no single solution: what NumPy raises as `numpy.linalg.LinAlgError`."""


class NotPositiveDefiniteError(StatusError, np.linalg.LinAlgError):
    """A matrix has no Cholesky factor: what NumPy raises as `numpy.linalg.LinAlgError`."""


def raise_status(function: str, status: int) -> NoReturn:
    """Raise for a status that a C function returned.

    Raises
    ------
    SingularMatrixError, NotPositiveDefiniteError
        ARC781, ARC782: as NumPy's linear algebra raises; `numpy.linalg.LinAlgError` catches both.
    StatusError
        ARC708: any other error.
    """
    if status == Status.SINGULAR:
        raise SingularMatrixError(
            f"{function}: a linear system has no single solution, its matrix is singular",
            code="ARC781",
            hint="Catch numpy.linalg.LinAlgError, or keep the matrix away from singular: add a small multiple of I.",
        )
    if status == Status.NOT_POSITIVE_DEFINITE:
        raise NotPositiveDefiniteError(
            f"{function}: a matrix that must be symmetric positive definite is not",
            code="ARC782",
            hint="Catch numpy.linalg.LinAlgError; np.linalg.solve takes other matrices as well.",
        )
    raise StatusError(
        f"{function} returned status {status}{_name_of(status)}",
        code="ARC708",
        hint="The header of the generated C says what the status means.",
    )


def _name_of(status: int) -> str:
    return next((f" ({known.c_name})" for known in Status if known == status), "")
