"""Tables read at intervals of grids: the search is made in the run, once for all tables on the same grids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archimedes.array.carrier import shaped
from archimedes.array.core import SymbolicArray
from archimedes.array.lookup_hooks import Lattice, call_lattice
from archimedes.array.primitives import made


@dataclass(frozen=True, slots=True)
class TablePlaces:
    """Where tables are read: places of one shape along each axis, and the ascending grids that they lie in."""

    places: tuple[SymbolicArray, ...]
    grids: tuple[SymbolicArray, ...]

    def read(self, table: SymbolicArray, corner: Sequence[int] = ()) -> SymbolicArray:
        """The table's elements at the lower ends of the intervals, or ``corner`` steps further along each axis.

        Parameters
        ----------
        table : SymbolicArray
            One axis for each grid, with an element for each of its points (or, for corner 0, its intervals).
        corner : sequence of int, optional
            0 or 1 for each axis.

        Returns
        -------
        SymbolicArray
            Of the shape of the places.
        """
        strides = [1]
        for extent in reversed(table.shape[1:]):
            strides.insert(0, strides[0] * extent)
        offset = sum(stride * step for stride, step in zip(strides, corner, strict=False))
        shape, count = self.places[0].shape, self.places[0].size
        lengths = tuple(grid.size for grid in self.grids)
        lattice = Lattice(lengths, tuple(strides), offset, table.size, count)
        columns = [shaped(x.flat_mx, x.size, 1) for x in (table, *self.places, *self.grids)]
        return made(call_lattice(lattice, *columns, reads=True), shape, table.dtype)
