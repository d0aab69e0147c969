"""Calls generated functions with structs through cffi; memory around and inside what is written is watched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cffi
import numpy as np
from arc_codegen.generate import Generated
from arc_codegen.ir.graph import Graph
from arc_codegen.ir.interface import Argument, ArgumentType, Leaf, Repeated, leaves
from c_harness import Array, compile_shared

POISON = 0xA5
_CANARY = 64


def declarations(manifest: Mapping[str, Any]) -> str:
    """What cffi must know of a module: structs, constants, functions."""
    lines = []
    for struct in manifest["types"]:
        fields = [f"{f['ctype']} {f['name']}{''.join(f'[{n}]' for n in f['shape'])};" for f in struct["fields"]]
        lines.append(f"typedef struct {struct['c_name']} {{ {' '.join(fields)} }} {struct['c_name']};")
    constants: dict[str, str] = {}
    for function in manifest["functions"]:
        parameters = []
        for item in function["params"]:
            parameters.append(f"{item['ctype']} {'*' if item['pointer'] else ''}{item['name']}")
            if item["default"]:  # cffi reads no constants of a loaded library: to it, a variable
                extents = "".join(f"[{n}]" for n in item["shape"])
                constants[item["default"]] = f"extern {item['ctype']} {item['default']}{extents};"
        returns = "int" if function["returns"] == "status" else "void"
        lines.append(f"{returns} {function['c_name']}({', '.join(parameters) or 'void'});")
    return "\n".join([*lines, *constants.values()])


class Memory:
    """A poisoned object of a C type between canaries."""

    def __init__(self, ffi: Any, ctype: str, count: int = 1) -> None:
        self._ffi = ffi
        size = ffi.sizeof(ctype) * count
        self.size = size
        self.block = np.full(size + 2 * _CANARY, POISON, np.uint8)
        self.pointer = ffi.cast(f"{ctype} *", ffi.from_buffer("char[]", self.block) + _CANARY)

    @property
    def bytes(self) -> bytes:
        return self.block[_CANARY:-_CANARY].tobytes()

    def canaries_intact(self) -> bool:
        return bool((self.block[:_CANARY] == POISON).all() and (self.block[-_CANARY:] == POISON).all())

    def untouched(self) -> bool:
        return bool((self.block == POISON).all())


class StructLibrary:
    """A compiled module whose functions take structs; `call` goes leaf by leaf as the interpreter does."""

    def __init__(self, generated: Generated, folder: Path, compiler: str = "gcc", *flags: str) -> None:
        self.manifest = generated.manifest
        self.ffi = cffi.FFI()
        self.ffi.cdef(declarations(generated.manifest))
        self.lib = self.ffi.dlopen(str(compile_shared(generated, folder, compiler, *(flags or ("-O2",)))))
        self.functions = {function["c_name"]: function for function in generated.manifest["functions"]}

    def memory(self, ctype: str, count: int = 1) -> Memory:
        return Memory(self.ffi, ctype, count)

    def parameter(self, c_name: str, argument: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = next(p for p in self.functions[c_name]["params"] if p["argument"] == argument)
        return found

    def call(self, c_name: str, graph: Graph, inputs: Sequence[Array]) -> list[Array]:
        """Outputs in the order of the graph; asserts that only elements of outputs were written."""
        assert graph.interface is not None
        pending, passed, memories = list(inputs), [], {}
        for item in graph.interface.arguments:
            values = [] if item.direction == "out" else [pending.pop(0) for _ in _count(item.type)]
            if not _exists(item):
                continue
            entry = self.parameter(c_name, item.name)
            if not entry["pointer"]:
                passed.append(values[0].item())
                continue
            memory = self.memory(entry["ctype"], max(1, entry["size"]))
            memories[item.name] = memory
            for place, value in zip(self.places(item.type, entry, memory), values, strict=bool(values)):
                place[...] = value.ravel()
            passed.append(memory.pointer)
        status = getattr(self.lib, c_name)(*passed)
        assert status in (None, 0)
        outputs: list[Array] = []
        for item in graph.interface.arguments:
            watched = memories.get(item.name)
            if watched is not None:
                assert watched.canaries_intact(), item.name
            if item.direction != "in":
                outputs += self._results(item, c_name, watched)
        return outputs

    def _results(self, item: Argument, c_name: str, memory: Memory | None) -> list[Array]:
        if memory is None:
            return [np.zeros(part.type.shape, part.type.dtype.numpy_name) for part in _count(item.type)]
        places = list(self.places(item.type, self.parameter(c_name, item.name), memory))
        results = [p.copy().reshape(part.type.shape) for p, part in zip(places, _count(item.type), strict=True)]
        for place in places:  # what is left is padding, and must be as it was
            place.view(np.uint8)[...] = POISON
        assert memory.untouched(), f"padding of {item.name}"
        return results

    def places(self, kind: ArgumentType, entry: Mapping[str, Any], memory: Memory) -> Iterator[Array]:
        """Flat arrays over the leaves in memory, depth first."""
        if isinstance(kind, Leaf):
            yield self._array(memory.pointer, kind, memory)
            return
        elements = range(kind.count) if isinstance(kind, Repeated) else range(1)
        struct = kind.element if isinstance(kind, Repeated) else kind
        for k in elements:
            yield from self._inside(struct, entry["fields"], memory.pointer[k], memory)

    def _inside(self, struct: Any, fields: Sequence[Mapping[str, Any]], value: Any, memory: Memory) -> Iterator[Array]:
        by_name = {entry["field"]: entry for entry in fields}
        for part in struct.fields:
            entry = by_name.get(part.name)
            if entry is None:
                for missing in _count(part.type):
                    yield np.zeros(0, missing.type.dtype.numpy_name)
            elif isinstance(part.type, Leaf):
                yield self._array(self.ffi.addressof(value, entry["name"]), part.type, memory)
            else:
                inner = getattr(value, entry["name"])
                repeated = isinstance(part.type, Repeated)
                for each in [inner[k] for k in range(part.type.count)] if repeated else [inner]:
                    element = part.type.element if repeated else part.type
                    yield from self._inside(element, entry["fields"], each, memory)

    def _array(self, pointer: Any, kind: Leaf, memory: Memory) -> Array:
        dtype = np.dtype(kind.type.dtype.numpy_name)
        start = int(self.ffi.cast("intptr_t", pointer)) - memory.block.ctypes.data
        raw = memory.block[start : start + kind.type.size * dtype.itemsize]
        return raw.view(dtype)


def _count(kind: ArgumentType) -> list[Leaf]:
    return list(leaves(kind))


def _exists(item: Argument) -> bool:
    return isinstance(item.type, Leaf) or any(part.type.size for part in _count(item.type))
