"""Write a function in NumPy; get its value and derivatives as C."""

from archimedes import errors, linalg, testing, tree
from archimedes.annotations import bool_, f32, f64, i32, i64
from archimedes.array.factories import (
    arange,
    array,
    empty,
    empty_like,
    eye,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
    zeros,
    zeros_like,
)
from archimedes.array.interpolation import interp, interpn
from archimedes.array.special import erf, expit, logsumexp
from archimedes.autodiff import grad, hess, hvp, jac, jvp, value_and_grad, vjp
from archimedes.control_flow import scan
from archimedes.export import Artifact, codegen
from archimedes.function.compiled import CompiledFunction, compile, trace_function
from archimedes.sampling import discrete
from archimedes.tree import field, struct

__all__ = [
    "Artifact",
    "CompiledFunction",
    "arange",
    "array",
    "bool_",
    "codegen",
    "compile",
    "discrete",
    "empty",
    "empty_like",
    "erf",
    "errors",
    "expit",
    "eye",
    "f32",
    "f64",
    "field",
    "full",
    "full_like",
    "grad",
    "hess",
    "hvp",
    "i32",
    "i64",
    "interp",
    "interpn",
    "jac",
    "jvp",
    "linalg",
    "linspace",
    "logsumexp",
    "ones",
    "ones_like",
    "scan",
    "struct",
    "testing",
    "trace_function",
    "tree",
    "value_and_grad",
    "vjp",
    "zeros",
    "zeros_like",
]
