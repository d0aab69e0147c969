"""Reads of reads, and reads of what was just put together: folded into one index map, or forwarded.

Transposes, reshapes, slices, broadcasts and concatenations then cost nothing: they end as the index expressions of the
loops that use them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from arc_codegen.ir.affine import compose, contiguous_strides, is_identity, part_positions, positions, recognise
from arc_codegen.ir.builder import GraphBuilder, constant_array, uniform_constant
from arc_codegen.ir.graph import AffineMap, Assemble, Constant, Gather, Map, Node, Part, Reduce, Value, View
from arc_codegen.ir.types import TensorType

_TABLE_LIMIT = 1 << 16
"""Views larger than this are followed by their maps only, never element by element."""

_COLUMNS, _ROWS = 4, 3
"""Of a table that is read by columns: most columns, fewest rows."""

Positions = npt.NDArray[np.int64]


class IndexMaps:
    """The rule, with what it remembers of the assemblies it has met: which part writes which element.

    Parameters
    ----------
    columns : bool, optional
        Also read what was scattered, by columns. Before loops are decided on this takes apart what they would share.
    """

    def __init__(self, *, columns: bool = False) -> None:
        self._by_columns = columns
        self._writers: dict[Value, tuple[Positions, Positions]] = {}

    def __call__(self, builder: GraphBuilder, node: Node) -> Value:
        if isinstance(node, View):
            return self._view(builder, node)
        if isinstance(node, Gather):
            return self._gather(builder, node)
        if isinstance(node, Assemble):
            return _assemble(builder, node)
        if isinstance(node, Reduce):
            return _reduce(builder, node)
        return builder.add(node)

    # -- reads ---------------------------------------------------------------------------------------------------

    def _view(self, builder: GraphBuilder, node: View) -> Value:
        source = builder.node(node.arg)
        shape = node.type.shape
        if source.type.shape == shape and is_identity(shape, node.map):
            return node.arg
        if node.type.size == 0:
            return builder.add(node)
        if isinstance(source, View):
            joined = compose(shape, node.map, source.type.shape, source.map)
            if joined is not None:
                return self._view(builder, replace(node, arg=source.arg, map=joined))
        if isinstance(source, Constant):
            uniform = uniform_constant(source)
            if shape == () or (uniform is None and node.type.size <= source.type.size):
                flat = constant_array(source).ravel()
                return builder.constant(flat[positions(shape, node.map)], node.type.dtype, origin=node.origin)
        if node.type.size <= _TABLE_LIMIT and isinstance(source, (Gather, Assemble)):
            places = positions(shape, node.map)
            if isinstance(source, Gather):
                table = np.asarray(source.table, dtype=np.int64)[places]
                # A table is data in the program: one that repeats a smaller one is worth more bytes than a buffer.
                if table.size <= len(source.table) or recognise(table.ravel()) is not None:
                    return self._gather(builder, _gather_node(node, source.arg, table))
                return builder.add(node)
            forwarded = self._forward(builder, node, source, places.ravel())
            if forwarded is not None:
                return forwarded
        return builder.add(node)

    def _gather(self, builder: GraphBuilder, node: Gather) -> Value:
        source = builder.node(node.arg)
        table = np.asarray(node.table, dtype=np.int64)
        shape = node.type.shape
        if table.size == 0:
            return builder.add(node)
        if table.min() < 0:
            return self._gather_with_holes(builder, node, table)
        if isinstance(source, View) and source.type.size <= _TABLE_LIMIT:
            below = positions(source.type.shape, source.map).ravel()[table]
            return self._gather(builder, _gather_node(node, source.arg, below))
        if isinstance(source, Gather):
            return self._gather(builder, _gather_node(node, source.arg, np.asarray(source.table)[table]))
        if isinstance(source, Constant) and table.size <= source.type.size:
            elements = constant_array(source).ravel()[table]
            return builder.constant(elements.reshape(shape), node.type.dtype, origin=node.origin)
        if isinstance(source, Assemble) and table.size <= _TABLE_LIMIT:
            forwarded = self._forward(builder, node, source, table)
            if forwarded is not None:
                return forwarded
        found = recognise(table)
        if found is None:
            return builder.add(node)
        inner_shape, amap = found
        inner = View(type=TensorType(node.type.dtype, inner_shape), arg=node.arg, map=amap, origin=node.origin)
        return self._view(builder, _reshape(node, self._view(builder, inner)))

    def _gather_with_holes(self, builder: GraphBuilder, node: Gather, table: Positions) -> Value:
        """-1 reads zero: what is read, put into zeros."""
        places = np.flatnonzero(table >= 0)
        if places.size == 0:
            zero = builder.constant(np.zeros((), node.type.dtype.numpy_name))
            return builder.add(
                View(type=node.type, arg=zero, map=AffineMap(0, (0,) * node.type.rank), origin=node.origin)
            )
        kept = TensorType(node.type.dtype, (places.size,))
        read = self._gather(builder, _gather_node(replace(node, type=kept), node.arg, table[places]))
        return self(builder, Assemble(type=node.type, parts=(_part(builder, read, places),), origin=node.origin))

    # -- forwarding ----------------------------------------------------------------------------------------------

    def _forward(self, builder: GraphBuilder, node: Node, source: Assemble, places: Positions) -> Value | None:
        """A read of an assembly that meets one part only, read from that part instead."""
        writer, element = self._find_writers(builder, node.operands[0], source)
        who = writer[places]
        first = int(who[0])
        if first < -1 or not (who == first).all():
            return None
        if first == -1:
            if source.base is None:
                return self._gather_with_holes(
                    builder, _gather_node(node, node.operands[0], np.full(places.size, -1)), np.full(places.size, -1)
                )
            return self._gather(builder, _gather_node(node, source.base, places))
        part = source.parts[first]
        if part.accumulate:
            return self._added_to_zero(builder, node, part.value, element[places])
        return self._gather(builder, _gather_node(node, part.value, element[places]))

    def _added_to_zero(self, builder: GraphBuilder, node: Node, value: Value, table: Positions) -> Value | None:
        """Elements that were added to nothing else: read where they are, if no table is needed for it."""
        if recognise(table) is not None:
            read = self._gather(builder, _gather_node(node, value, table))
        elif self._by_columns and (columns := _columns(table)) > 1:
            read = self._of_columns(builder, node, value, table.reshape(-1, columns))
        else:
            return None
        zero = builder.broadcast(builder.constant(np.zeros((), node.type.dtype.numpy_name)), node.type.shape)
        return builder.add(Map(type=node.type, fn="add", args=(zero, read), origin=node.origin))

    def _of_columns(self, builder: GraphBuilder, node: Node, value: Value, table: Positions) -> Value:
        rows, columns = table.shape
        kept = TensorType(node.type.dtype, (rows,))
        parts = []
        for k in range(columns):
            read = self._gather(builder, _gather_node(replace(node, type=kept), value, table[:, k]))
            parts.append(Part(value=read, target=AffineMap(k, (columns,))))
        return builder.add(Assemble(type=node.type, parts=tuple(parts), origin=node.origin))

    def _find_writers(self, builder: GraphBuilder, value: Value, node: Assemble) -> tuple[Positions, Positions]:
        """For each element the part that writes it last, or adds alone to it, and which of its elements.

        The part is -1 where there is none, -2 where several add up.
        """
        known = self._writers.get(value)
        if known is not None:
            return known
        writer = np.full(node.type.size, -1, dtype=np.int64)
        element = np.zeros(node.type.size, dtype=np.int64)
        for k, part in enumerate(node.parts):
            places = part_positions(builder.type(part.value).shape, part)
            if part.accumulate:
                once = np.bincount(places, minlength=node.type.size) == 1
                alone = once & (writer == -1) & (node.base is None and node.type.dtype.is_real)
                element[places] = np.arange(places.size)
                writer[places] = -2
                writer[alone] = k
            else:
                writer[places] = k
                element[places] = np.arange(places.size)
        self._writers[value] = writer, element
        return writer, element


def _gather_node(like: Node, arg: Value, table: Positions) -> Gather:
    return Gather(type=like.type, arg=arg, table=tuple(table.ravel().tolist()), origin=like.origin)


def _columns(table: Positions) -> int:
    """In how many columns, each a row's step behind the one above, a table lies; 1 if in none."""
    for columns in range(2, _COLUMNS + 1):
        if table.size % columns == 0 and table.size >= _ROWS * columns:
            steps = np.diff(table.reshape(-1, columns), axis=0)
            if (steps == steps[0, 0]).all():
                return columns
    return 1


def _reshape(like: Node, arg: Value) -> View:
    shape = like.type.shape
    return View(type=like.type, arg=arg, map=AffineMap(0, contiguous_strides(shape)), origin=like.origin)


def _part(builder: GraphBuilder, value: Value, places: Positions) -> Part:
    """A part that puts the elements of ``value`` to ``places``, affine where that is possible."""
    found = recognise(places)
    if found is None:
        return Part(value=value, target=tuple(places.tolist()))
    shape, amap = found
    return Part(value=builder.reshape(value, shape), target=amap)


# -- assemblies ------------------------------------------------------------------------------------------------------


def _assemble(builder: GraphBuilder, node: Assemble) -> Value:
    parts = [part for part in node.parts if builder.type(part.value).size]
    base = node.base
    if base is not None and builder.type(base).shape != node.type.shape:
        base = builder.reshape(base, node.type.shape)
    if base is not None and _covers(builder, node, parts):
        base = None
    parts = _merge_elements(builder, parts)
    if base is not None and len(parts) != len(node.parts) and not parts:
        return base
    if len(parts) == 1 and base is None and not parts[0].accumulate:
        part = parts[0]
        value = builder.type(part.value)
        if (
            value.size == node.type.size
            and isinstance(part.target, AffineMap)
            and is_identity(value.shape, part.target)
        ):
            return builder.reshape(part.value, node.type.shape)
    return builder.add(replace(node, parts=tuple(parts), base=base))


def _covers(builder: GraphBuilder, node: Assemble, parts: list[Part]) -> bool:
    """Whether parts that are not added write every element, so that nothing of a base is left."""
    written = [part for part in parts if not part.accumulate]
    if len(written) < len(parts) or sum(builder.type(part.value).size for part in written) < node.type.size:
        return False
    places = [part_positions(builder.type(part.value).shape, part) for part in written]
    return bool(places) and np.unique(np.concatenate(places)).size == node.type.size


def _merge_elements(builder: GraphBuilder, parts: list[Part]) -> list[Part]:
    """Runs of parts that copy single elements of one value become one part."""
    merged: list[Part] = []
    run: list[tuple[int, int]] = []  # (position in the source, position in the result)
    source: Value | None = None

    def close() -> None:
        nonlocal run, source
        if source is not None and len(run) > 1:
            read = np.array([r for r, _ in run], dtype=np.int64)
            places = np.array([p for _, p in run], dtype=np.int64)
            shapes = recognise(read), recognise(places)
            if shapes[0] is not None and shapes[1] is not None and len(shapes[0][0]) == 1 == len(shapes[1][0]):
                dtype = builder.type(source).dtype
                view = View(type=TensorType(dtype, shapes[0][0]), arg=source, map=shapes[0][1])
                value = source if _reads_all(builder, source, view) else builder.add(view)
                merged.append(Part(value=value, target=shapes[1][1]))
                run, source = [], None
                return
        merged.extend(pending)
        run, source = [], None

    pending: list[Part] = []
    for part in parts:
        node = builder.node(part.value)
        single = (
            isinstance(node, View)
            and node.type.shape == ()
            and not part.accumulate
            and isinstance(part.target, AffineMap)
            and builder.type(node.arg).size > 1
        )
        if not single:
            close()
            pending = []
            merged.append(part)
            continue
        assert isinstance(node, View)
        assert isinstance(part.target, AffineMap)
        if node.arg != source:
            close()
            pending = []
            source = node.arg
        run.append((node.map.offset, part.target.offset))
        pending.append(part)
    close()
    return merged


def _reads_all(builder: GraphBuilder, source: Value, view: View) -> bool:
    kind = builder.type(source)
    return kind.shape == view.type.shape and is_identity(kind.shape, view.map)


def _reduce(builder: GraphBuilder, node: Reduce) -> Value:
    """A sum over everything runs along one axis; axes of extent 1 are not summed over."""
    shape = builder.type(node.arg).shape
    if node.type.size == 0 or 0 in shape:
        return builder.add(node)
    axes = tuple(axis for axis in node.axes if shape[axis] > 1)
    if not axes:
        return builder.reshape(node.arg, node.type.shape)
    if len(axes) == sum(extent > 1 for extent in shape) and len(shape) > 1:
        flat = builder.reshape(node.arg, (builder.type(node.arg).size,))
        total = replace(node, type=TensorType(node.type.dtype, ()), arg=flat, axes=(0,))
        return builder.reshape(builder.add(total), node.type.shape)
    return builder.add(node)
