"""Compiled functions: how a Python function is traced, specialised and called."""
