"""Derivatives of NumPy functions; themselves functions that can be called, differentiated and generated as C."""

from archimedes.autodiff.gradients import grad, hess, hvp, value_and_grad
from archimedes.autodiff.jacobians import jac, jvp, vjp

__all__ = ["grad", "hess", "hvp", "jac", "jvp", "value_and_grad", "vjp"]
