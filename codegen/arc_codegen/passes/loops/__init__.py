"""Passes on the loop IR."""
