"""Write a function in NumPy; get its value and derivatives as C."""

from archimedes import tree
from archimedes.autodiff import grad, hess, hvp, jac, jvp, value_and_grad, vjp
from archimedes.function.compiled import compile
from archimedes.tree import field, struct

__all__ = [
    "compile",
    "field",
    "grad",
    "hess",
    "hvp",
    "jac",
    "jvp",
    "struct",
    "tree",
    "value_and_grad",
    "vjp",
]
