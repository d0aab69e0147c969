"""Loops that stay loops: in the graph, in the derivative, in C."""

from archimedes.control_flow.scan import scan

__all__ = ["scan"]
