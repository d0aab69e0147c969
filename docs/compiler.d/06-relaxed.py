"""Real arithmetic: other bits

Under `numerics="fast"` only. What holds for real numbers and saves operations is done: constants are put together,
common factors and divisors written once, a division by a constant is a product, and `x - x` is nothing. Results round
elsewhere; NaN, infinities and signs of zeros may be lost, and a difference of nearly equal numbers may change by more
than its last places. Which rules apply is decided here, before all other passes, never by a C compiler: host and chip,
and all goals, have the same bits ([ADR 516](adr/0516-fast-numerics.md)).
"""


def model(torque, rate, damping):
    return (torque - 0.4 * rate * damping - 0.1 * damping * rate) / 0.006 * 0.02


ARGUMENTS = (1.0, 2.0, 3.0)
WITHOUT = ("relax-arithmetic",)
OPTIONS = {"numerics": "fast"}
