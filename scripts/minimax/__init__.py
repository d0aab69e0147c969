"""Minimax polynomials with float32 or fixed-point coefficients, for the functions of ``runtime_c``."""
