"""The statements that random NumPy programs are made of: one function a kind, from a draft to a line of Python."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import numpy as np
from strategies.running_error import Bounded, hull

MAX_RANK = 4


class Draft:
    """A program in the making: its variables as they stand, and the drawing of operands."""

    def __init__(self, random: Random, variables: dict[str, Bounded]) -> None:
        self.random = random
        self.variables = dict(variables)
        self._used: set[str] = set()

    def add(self, text: str, new: dict[str, Bounded]) -> None:
        """A statement that was run, and the variables that it made."""
        self._used |= {name for name in re.findall(r"\b[xv]\d+\b", text) if name in self.variables}
        self.variables |= new

    def unused(self) -> list[str]:
        """Variables that no statement reads; at least the latest."""
        return [name for name in self.variables if name not in self._used] or list(self.variables)[-1:]

    # Drawing

    def choose(self, options: Sequence[Any]) -> Any:
        return self.random.choice(options)

    def integer(self, low: int, high: int) -> int:
        return self.random.randint(low, high)

    def chance(self, one_in: int) -> bool:
        return self.integer(1, one_in) == 1

    def new(self, expression: str | None) -> str | None:
        """An assignment to a new variable."""
        return None if expression is None else f"{self.fresh()} = {expression}"

    def fresh(self, offset: int = 0) -> str:
        """A name that is not taken."""
        return f"v{len(self.variables) + offset}"

    def pick(self, suits: Callable[[Bounded], bool] = lambda x: True, kinds: str = "f") -> str | None:
        """A variable; more often one that nothing reads yet, so that programs have depth."""
        names = [k for k, x in self.variables.items() if x.dtype.kind in kinds and x.size and suits(x)]
        fresh = [name for name in names if name not in self._used]
        return self.choose(fresh if fresh and not self.chance(4) else names) if names else None

    def real(self, *, least: int = 0, most: int = MAX_RANK) -> str | None:
        """A real variable of a rank between two."""
        return self.pick(lambda x: least <= x.ndim <= most)

    def __getitem__(self, name: str) -> Bounded:
        return self.variables[name]

    def number(self) -> str:
        """A Python number."""
        return str(self.choose([2, -1, 3, 0.5, 1.0, -1.5, 0.1, 1e-3, 3.7, 7, -0.25]))

    def literal(self, shape: Sequence[int]) -> str:
        """A constant array, as text."""
        values = np.array([self.choose([0.5, -1.0, 2.0, 0.3, 1.7, -0.6]) for _ in range(min(int(np.prod(shape)), 3))])
        text = np.resize(values, tuple(shape)).tolist()
        return f"np.array({text!r})"

    def partner(self, name: str) -> str:
        """An operand that broadcasts against a variable: another one, a number, an array of constants."""
        shape = self[name].shape
        kind = self.integer(0, 7)
        if kind == 0:
            return self.number()
        if kind == 1 and len(shape) <= 2:
            return self.literal(shape[self.integer(0, len(shape)) :])
        column = self.pick(lambda x: x.ndim == 1 and broadcasts((*x.shape, 1), shape)) if kind == 2 else None
        return f"{column}[:, None]" if column else self.pick(lambda x: broadcasts(x.shape, shape)) or name

    def key(self, shape: tuple[int, ...]) -> str:
        """An index, as text."""
        count, from_the_end = self.integer(1, len(shape)), self.chance(8)
        parts = []
        for n in shape[len(shape) - count :] if from_the_end else shape[:count]:
            start, stop = sorted([self.integer(0, n - 1), self.integer(1, n)])
            options = [str(self.integer(-n, n - 1)), ":", f"{start}:{max(stop, start + 1)}", "::-1", "::2", "-1:"]
            parts.append(self.choose(options))
        if self.chance(5):
            parts.insert(self.integer(0, len(parts)), "None")
        if from_the_end:
            parts.insert(0, "...")
        elif self.chance(8):
            parts.append("...")
        return ", ".join(parts)


def broadcasts(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    try:
        return int(np.prod(np.broadcast_shapes(one, other))) <= 64
    except ValueError:
        return False


statements: dict[str, Callable[[Draft], str | None]] = {}
"""From the name of a kind to what draws such a statement; None where the draft has no operand for it."""

Expression = Callable[[Draft], "str | None"]


def kind(*names: str) -> Callable[[Callable[..., str | None]], Callable[..., str | None]]:
    """Register statements ``v = <expression>``; with several names the function takes the name."""

    def register(expression: Callable[..., str | None]) -> Callable[..., str | None]:
        for name in names:
            if len(names) == 1:
                statements[name] = lambda d: d.new(expression(d))
            else:
                statements[name] = lambda d, name=name: d.new(expression(d, name))
        return expression

    return register


# --- universal functions of one operand ------------------------------------------------------------------------------


@kind("absolute", "fabs", "negative", "positive", "square", "sign", "floor", "ceil", "trunc", "rint", "isfinite",
      "isnan", "sin", "cos", "tanh", "arctan", "arcsinh", "deg2rad", "rad2deg", "degrees", "radians")  # fmt: skip
def _anywhere(d: Draft, name: str) -> str | None:
    x = d.real()
    return x and f"np.{name}({x})"


_DOMAINS: dict[str, tuple[float, float, str]] = {
    "exp": (-8, 4, "np.exp(-np.abs({x}))"),
    "exp2": (-8, 6, "np.exp2(np.tanh({x}))"),
    "expm1": (-8, 4, "np.expm1(np.sin({x}))"),
    "sinh": (-4, 4, "np.sinh(np.cos({x}))"),
    "cosh": (-4, 4, "np.cosh(np.sin({x}))"),
    "tan": (-1.3, 1.3, "np.tan(np.sin({x}))"),
    "log": (0.1, np.inf, "np.log(np.abs({x}) + 0.5)"),
    "log2": (0.1, np.inf, "np.log2(1.5 + np.square({x}))"),
    "log10": (0.1, np.inf, "np.log10(np.abs({x}) + 0.25)"),
    "log1p": (-0.8, np.inf, "np.log1p(np.abs({x}))"),
    "sqrt": (0.05, np.inf, "np.sqrt(np.abs({x}) + 0.5)"),
    "cbrt": (0.05, np.inf, "np.cbrt({x} - 4.0)"),
    "reciprocal": (0.1, np.inf, "np.reciprocal(1.0 + {x} * {x})"),
    "arcsin": (-0.9, 0.9, "np.arcsin(0.9 * np.sin({x}))"),
    "arccos": (-0.9, 0.9, "np.arccos(0.9 * np.tanh({x}))"),
    "arccosh": (1.2, np.inf, "np.arccosh(1.5 + np.abs({x}))"),
    "arctanh": (-0.9, 0.9, "np.arctanh(0.8 * np.cos({x}))"),
}


@kind(*_DOMAINS)
def _in_domain(d: Draft, name: str) -> str | None:
    x = d.real()
    if x is None:
        return None
    low, high, guarded = _DOMAINS[name]
    lo, hi = hull(d[x])
    return f"np.{name}({x})" if np.all(lo > low) and np.all(hi < high) else guarded.format(x=x)


@kind("erf", "expit")
def _special(d: Draft, name: str) -> str | None:
    x = d.real()
    return x and f"special.{name}({x})"


# --- universal functions of two operands -----------------------------------------------------------------------------


@kind("add", "subtract", "multiply", "maximum", "minimum", "fmax", "fmin", "hypot", "arctan2", "logaddexp", "copysign",
      "fmod", "mod", "remainder", "floor_divide", "heaviside", "less", "less_equal", "greater", "greater_equal",
      "equal", "not_equal")  # fmt: skip
def _pair(d: Draft, name: str) -> str | None:
    x = d.real()
    if x is None:
        return None
    y = d.partner(x)
    swapped = d.chance(2)
    return f"np.{name}({y}, {x})" if swapped else f"np.{name}({x}, {y})"


@kind("operator")
def _operator(d: Draft) -> str | None:
    x = d.real()
    if x is None:
        return None
    y, op = d.partner(x), d.choose(["+", "-", "*", "+", "-", "*", "<", ">", "<=", "%", "//"])
    return f"{y} {op} {x}" if d.chance(2) else f"{x} {op} {y}"


@kind("true_divide", "divide")
def _divide(d: Draft, name: str) -> str | None:
    x = d.real()
    if x is None:
        return None
    y = d.partner(x)
    denominator = f"(1.5 + np.square({x}))"
    return d.choose([f"np.{name}({y}, {denominator})", f"{y} / {denominator}", f"{x} / {d.number()}", f"{y} / {x}"])


@kind("power")
def _power(d: Draft) -> str | None:
    x = d.real()
    if x is None:
        return None
    base = x if np.all(hull(d[x])[0] > 0.1) else f"(0.5 + np.abs({x}))"
    whole = d.choose(["2", "3", "4", "2.0", "5", "-1", "-2", "1", "0"])
    part = d.choose(["0.5", "1.5", "-0.5", "0.3", f"np.tanh({d.partner(x)})", "2.5"])
    return d.choose([f"{x} ** {whole}", f"{base} ** {part}", f"np.power({base}, {part})", f"2.0 ** np.sin({x})"])


@kind("power_of_each")
def _powers(d: Draft) -> str | None:
    x = d.real(least=1, most=2)
    return x and f"{x}[..., None] ** np.arange({d.integer(2, 4)})"


@kind("divmod")
def _divmod(d: Draft) -> str | None:
    x = d.real()
    return x and f"np.divmod({x}, {d.choose([2.0, -0.7, 1.3])})[{d.integer(0, 1)}]"


@kind("outer_ufunc")
def _outer_ufunc(d: Draft) -> str | None:
    x, y = d.real(most=2), d.real(most=1)
    return x and y and f"np.{d.choose(['add', 'multiply', 'subtract', 'maximum'])}.outer({x}, {y})"


# --- booleans, choices -----------------------------------------------------------------------------------------------


def _condition(d: Draft, x: str) -> str:
    shape = d[x].shape
    known = d.pick(lambda c: broadcasts(c.shape, shape) and np.broadcast_shapes(c.shape, shape) == shape, kinds="b")
    if known and d.chance(2):
        return known
    return f"{x} {d.choose(['<', '>', '>=', '<='])} {d.choose([0.5, 0.0, -0.3, 1.0])}"


@kind("where")
def _where(d: Draft) -> str | None:
    x = d.real()
    if x is None:
        return None
    safe = d.choose([f"np.where({_condition(d, x)}, {x}, {d.partner(x)})", f"np.where({x} > 0.1, np.log({x}), -1.0)"])
    return safe if "log" not in safe else f"np.where({x} > 0.1, np.log(np.where({x} > 0.1, {x}, 1.0)), {d.partner(x)})"


@kind("select")
def _select(d: Draft) -> str | None:
    x = d.real()
    if x is None:
        return None
    return f"np.select([{x} > 1.0, {x} < -0.2], [{d.partner(x)}, {x} * 2.0], {d.number()})"


@kind("logical_and", "logical_or", "logical_xor", "logical_not")
def _logical(d: Draft, name: str) -> str | None:
    x = d.real()
    if x is None:
        return None
    if name == "logical_not":
        return f"np.logical_not({_condition(d, x)})"
    return f"np.{name}({_condition(d, x)}, {_condition(d, x)})"


@kind("invert")
def _invert(d: Draft) -> str | None:
    x = d.real()
    return x and f"~({_condition(d, x)})"


@kind("all", "any", "count_nonzero")
def _truth(d: Draft, name: str) -> str | None:
    x = d.real()
    return x and f"np.{name}({x} > {d.choose([0.0, 0.4])}{_axis(d, x)})"


@kind("mask_as_real")
def _mask(d: Draft) -> str | None:
    x = d.real()
    return x and d.choose([f"({x} > 0.3) * {d.partner(x)}", f"({x} < 0.0).astype(float) + {x}"])


@kind("clip")
def _clip(d: Draft) -> str | None:
    x = d.real()
    return x and d.choose([f"np.clip({x}, -0.8, 1.1)", f"{x}.clip(-1.0, 0.5)"])


@kind("round")
def _round(d: Draft) -> str | None:
    x = d.real()
    return x and f"np.round({x}, {d.integer(0, 2)})"


# --- reductions ------------------------------------------------------------------------------------------------------


def _axis(d: Draft, x: str, *, keepdims: bool = True, single: bool = False) -> str:
    """The axis argument of a reduction, as text."""
    n = d[x].ndim
    options = [""] if not single else []
    if n:
        options += [f", axis={d.integer(-n, n - 1)}"]
    if n > 1 and not single:
        first, second = d.choose([(0, 1), (0, n - 1), (n - 1, 0)])
        options += [f", axis=({first}, {second})"]
    chosen: str = d.choose(options)
    return f"{chosen}, keepdims=True" if keepdims and n and d.chance(4) else chosen


@kind("sum", "prod", "mean", "max", "min", "amax", "amin")
def _reduction(d: Draft, name: str) -> str | None:
    x = d.real(least=1)
    if x is None:
        return None
    if not name.startswith("a") and d.chance(3):
        arguments = _axis(d, x).removeprefix(", ")
        return f"{x}.{name}({arguments})"
    return f"np.{name}({x}{_axis(d, x)})"


@kind("std", "var")
def _spread(d: Draft, name: str) -> str | None:
    x = d.pick(lambda x: x.size > 1)
    return x and f"np.{name}({x}{d.choose(['', ', ddof=1'])})"


@kind("ptp", "median")
def _ordered(d: Draft, name: str) -> str | None:
    x = d.real(least=1)
    return x and f"np.{name}({x}{_axis(d, x, keepdims=False)})"


@kind("average")
def _average(d: Draft) -> str | None:
    x = d.real(least=1, most=1)
    return x and f"np.average({x}, axis=0, weights=np.abs({x}) + 1.0)"


@kind("ufunc_reduce")
def _ufunc_reduce(d: Draft) -> str | None:
    x = d.real(least=1)
    return x and f"np.{d.choose(['add', 'multiply', 'maximum', 'minimum'])}.reduce({x}{_axis(d, x, keepdims=False)})"


@kind("argmax", "argmin")
def _arg_extremum(d: Draft, name: str) -> str | None:
    x = d.real(least=1)
    return x and f"np.{name}({x}{d.choose(['', ', axis=0', ', axis=-1'])})"


@kind("cumsum", "cumprod")
def _running(d: Draft, name: str) -> str | None:
    x = d.real(least=1)
    return x and f"np.{name}({x}{_axis(d, x, keepdims=False, single=True)})"


@kind("diff")
def _diff(d: Draft) -> str | None:
    x = d.pick(lambda x: x.ndim > 0 and x.shape[-1] > 1)
    return x and f"np.diff({x})"


@kind("trapezoid")
def _trapezoid(d: Draft) -> str | None:
    x = d.pick(lambda x: x.ndim > 0 and x.shape[-1] > 1)
    return x and f"np.trapezoid({x}, dx=0.5)"


@kind("sort")
def _sort(d: Draft) -> str | None:
    x = d.real(least=1)
    return x and f"np.sort({x}, axis={d.choose([0, -1])})"


@kind("python_sum")
def _python_sum(d: Draft) -> str | None:
    x = d.real(least=1)
    return x and d.choose([f"sum({x})", f"sum(row * row for row in {x})", f"abs({x}[0]) * len({x})"])
