"""Write a function in NumPy; get its value and derivatives as C."""

from archimedes import tree
from archimedes.tree import field, struct

__all__ = ["field", "struct", "tree"]
