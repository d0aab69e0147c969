"""Steps that a Python loop wrote out one after the other become a loop again."""

from arc_codegen.passes.rolling.roll import roll_loops

__all__ = ["roll_loops"]
