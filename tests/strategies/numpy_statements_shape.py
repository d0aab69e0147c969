"""Statements of random NumPy programs that move elements: shapes, joins, indices, assignments."""

from __future__ import annotations

import numpy as np
from strategies.numpy_statements import Draft, kind, statements


@kind("reshape")
def _reshape(d: Draft) -> str | None:
    x = d.real(least=1)
    if x is None:
        return None
    size = d[x].size
    divisor = d.choose([k for k in range(1, size + 1) if size % k == 0])
    shapes = [f"({divisor}, -1)", "-1", f"({divisor}, 1, {size // divisor})", f"({size // divisor}, {divisor})"]
    return d.choose([f"np.reshape({x}, {d.choose(shapes)})", f"{x}.reshape({d.choose(shapes)})"])


@kind("ravel")
def _ravel(d: Draft) -> str | None:
    x = d.real()
    return x and d.choose([f"{x}.ravel()", f"np.ravel({x})", f"{x}.flatten()"])


@kind("transpose")
def _transpose(d: Draft) -> str | None:
    x = d.real(least=2)
    if x is None:
        return None
    order = list(range(d[x].ndim))
    order = order[::-1] if d.chance(2) else order[1:] + order[:1]
    return d.choose([f"{x}.T", f"np.transpose({x}, {tuple(order)})", f"np.swapaxes({x}, 0, -1)"])


@kind("index", "index_again")
def _index(d: Draft, name: str) -> str | None:
    x = d.real(least=1)
    return x and f"{x}[{d.key(d[x].shape)}]"


@kind("take", "integer_array")
def _take(d: Draft, name: str) -> str | None:
    x = d.real(least=1)
    if x is None:
        return None
    n = d[x].shape[0]
    positions = [d.integer(-n if name != "take" else 0, n - 1) for _ in range(d.integer(1, 4))]
    return f"np.take({x}, {positions}, axis=0)" if name == "take" else f"{x}[np.array({positions})]"


@kind("squeeze", "atleast_1d", "atleast_2d")
def _ranks(d: Draft, name: str) -> str | None:
    x = d.real()
    return x and f"np.{name}({x})"


@kind("expand_dims")
def _expand_dims(d: Draft) -> str | None:
    x = d.real(most=3)
    return x and f"np.expand_dims({x}, {d.integer(0, d[x].ndim)})"


@kind("broadcast_to")
def _broadcast_to(d: Draft) -> str | None:
    x = d.real(most=2)
    return x and f"np.broadcast_to({x}, {(d.integer(1, 3), *d[x].shape)})"


@kind("broadcast_arrays")
def _broadcast_arrays(d: Draft) -> str | None:
    x = d.real()
    return x and f"np.broadcast_arrays({x}, {d.partner(x)})[{d.integer(0, 1)}]"


@kind("flip", "roll", "tile", "repeat")
def _rearranged(d: Draft, name: str) -> str | None:
    x = d.real(least=1)
    if x is None:
        return None
    axis = d.integer(0, d[x].ndim - 1)
    return {
        "flip": f"np.flip({x}, {axis})",
        "roll": f"np.roll({x}, {d.integer(-2, 2)}, axis={axis})",
        "tile": f"np.tile({x}, {d.choose([2, (2, 1), (1, 2)])})",
        "repeat": f"np.repeat({x}, 2, axis={axis})",
    }[name]


@kind("fliplr", "flipud", "rot90", "tril", "triu", "diag", "moveaxis")
def _matrix(d: Draft, name: str) -> str | None:
    x = d.real(least=2, most=2)
    extra = {"rot90": f", {d.integer(1, 3)}", "tril": f", {d.integer(-1, 1)}", "triu": f", {d.integer(-1, 1)}"}
    return x and f"np.{name}({x}{extra.get(name, ', 0, 1' if name == 'moveaxis' else '')})"


@kind("diag_of_vector")
def _diag(d: Draft) -> str | None:
    x = d.real(least=1, most=1)
    return x and f"np.diag({x}, {d.integer(-1, 1)})"


@kind("pad")
def _pad(d: Draft) -> str | None:
    x = d.real(least=1, most=2)
    filling = d.choose(["0", "constant_values=0.5", "mode='edge'"])
    return x and f"np.pad({x}, {d.choose(['1', '(1, 0)'])}{'' if filling == '0' else f', {filling}'})"


@kind("concatenate", "stack", "hstack", "vstack", "append")
def _join(d: Draft, name: str) -> str | None:
    x = d.real(least=1, most=3)
    if x is None:
        return None
    shape = d[x].shape
    y = d.pick(lambda other: other.shape == shape)
    axis = d.integer(0, len(shape) - 1)
    if name == "append":
        return f"np.append({x}, {d.choose([y, '1.5', x])})"
    if name == "concatenate":
        return f"np.concatenate([{x}, {y}], axis={axis})"
    return f"np.stack([{x}, {y}], axis={axis})" if name == "stack" else f"np.{name}([{x}, {y}])"


@kind("column_stack")
def _column_stack(d: Draft) -> str | None:
    x = d.real(least=1, most=1)
    return x and f"np.column_stack([{x}, np.sin({x})])"


@kind("block")
def _block(d: Draft) -> str | None:
    x = d.real(least=2, most=2)
    return x and f"np.block([[{x}, 2.0 * {x}], [{x}, np.zeros({d[x].shape})]])"


@kind("split", "array_split")
def _split(d: Draft, name: str) -> str | None:
    x = d.pick(lambda x: x.ndim > 0 and x.shape[0] > 1)
    if x is None:
        return None
    sections = d[x].shape[0] if name == "split" else 2
    return f"np.{name}({x}, {sections})[{d.integer(0, 1)}]"


@kind("meshgrid")
def _meshgrid(d: Draft) -> str | None:
    x, y = d.real(least=1, most=1), d.real(least=1, most=1)
    return x and y and f"np.meshgrid({x}, {y}, indexing={d.choose(['ij', 'xy'])!r})[{d.integer(0, 1)}]"


@kind("array_of_scalars")
def _array(d: Draft) -> str | None:
    x, y, array = d.real(most=0), d.real(most=0), d.real(least=1)
    return x and y and array and f"np.array([{x}, {y}, 1.0], like={array})"


@kind("zeros_like", "ones_like", "full_like")
def _like(d: Draft, name: str) -> str | None:
    x = d.real()
    return x and f"np.{name}({x}{', 0.5' if name == 'full_like' else ''}) + {d.partner(x)}"


# --- assignments -----------------------------------------------------------------------------------------------------


def _value(d: Draft, name: str, key: str) -> str:
    """What fits into an element or a slice."""
    shape = np.empty(d[name].shape)[eval(f"np.index_exp[{key}]", {"np": np})].shape
    other = d.pick(lambda y: y.ndim <= len(shape) and y.shape == shape[len(shape) - y.ndim :])
    return other if other and d.chance(2) else d.number()


def assign(d: Draft) -> str | None:
    """Elements of a copy set, added to, multiplied."""
    x = d.real(least=1)
    if x is None:
        return None
    name = d.fresh()
    lines = [f"{name} = {d.choose([f'{x}.copy()', f'{x} * 1.0', f'np.zeros_like({x})'])}"]
    for _ in range(d.integer(1, 3)):
        key = d.key(d[x].shape)
        lines.append(f"{name}[{key}] {d.choose(['=', '+=', '*=', '-='])} {_value(d, x, key)}")
    return "\n".join(lines)


def assign_through_view(d: Draft) -> str | None:
    """Elements set through a view show in the array, and the other way round."""
    x = d.real(least=1, most=3)
    if x is None:
        return None
    name, view = d.fresh(), d.fresh(1)
    viewed = d.choose(["[::-1]", ".T", "[0:1]", ".reshape(-1)", "[..., None]", ".ravel()"])
    return "\n".join(
        [
            f"{name} = {x}.copy()",
            f"{view} = {name}{viewed}",
            d.choose([f"{view}[0] = {d.number()}", f"{view}[...] *= 2.0", f"{name}[-1] += {d.number()}"]),
            f"{view} += 0.5",
        ]
    )


def assign_in_loop(d: Draft) -> str | None:
    """A recurrence, written element by element."""
    x = d.real(least=1, most=1)
    if x is None:
        return None
    name = d.fresh()
    step = d.choose(["0.5 * {v}[k - 1] + {x}[k]", "np.sin({v}[k - 1]) * {x}[k]", "np.maximum({v}[k - 1], {x}[k])"])
    lines = [f"{name} = np.zeros_like({x})", f"{name}[0] = {x}[0]", f"for k in range(1, len({x})):"]
    return "\n".join([*lines, f"    {name}[k] = {step.format(v=name, x=x)}"])


statements["assign"] = assign
statements["assign_again"] = assign
statements["assign_through_view"] = assign_through_view
statements["assign_in_loop"] = assign_in_loop
