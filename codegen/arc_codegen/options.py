"""Options of the code generator: what they may be, and what stands in file headers and manifests."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, get_args, get_type_hints

from arc_codegen.errors import OptionError

_BESIDE = frozenset(["package", "vectors"])  # what is written beside the code, which is the same without


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How C is generated; every option is recorded in the header of the files and in the manifest.

    Parameters
    ----------
    prefix : str
        Put before every exported name: ``"app_"`` makes ``loss`` ``app_loss``.
    optimize : {"balanced", "speed", "size"}
        What the cost model prefers.
    numerics : {"strict", "fast"}
        "strict": IEEE arithmetic in the declared precision, in the order that the IR fixes. "fast": identities of real
        arithmetic save operations, and results round elsewhere: constants are put together, divisions become products
        with reciprocals, ``x - x`` is 0 and ``x * 0`` too, so that NaN, infinities and signs of zeros may be lost.
        What is done is decided here, never by a compiler: the bits are the same on every machine.
    math : {"arc", "libm"}
        Where sin, exp, ... come from. "arc": in float32 from the runtime's own functions, which give the same bits on
        every machine and come with the module; in float64 from the platform's math library. "libm": in both from the
        platform's.
    fma : {"off", "on"}
        "on": products and the sums that they go into are one operation, rounded once, for machines that have the
        instruction: fewer instructions, and other bits than those of "off". Which ones is decided here, never by a
        compiler.
    workspace : {"stack", "caller", "static"}
        Where work arrays live: local arrays; parameters ``work``, ``iwork``, ``bwork`` that the caller provides, one
        per element type; or static arrays of the function, which is then not reentrant.
    max_stack : int, optional
        Largest number of bytes of local work arrays a function may have; an error above it.
    guard : {"none", "status", "saturate"}
        What is done about bad inputs. "none": nothing. "status": a function returns a negative code if an input is NaN,
        infinite or out of its bounds, and has then written nothing. "saturate": an input that has bounds is taken as
        the nearest value within them (NaN as the lower one).
    float_typedef : str
        Name that stands for ``float`` in the generated C, such as ``"float32_t"``.
    locations : bool
        Whether comments name the line of the user's source that a block of statements comes from.
    package : tuple of {"cmake", "make", "arduino"}
        What is written around the C for build systems; not part of the code.
    vectors : int
        Number of test vectors for each function, with a program that checks them; not part of the code.
    without : tuple of str
        Names of passes to leave out (docs/compiler.md lists them): the results stay, to the bit, but for those
        that decide bits: "form-fma", "relax-arithmetic", "share-reciprocals"; code gets larger or slower.

    Raises
    ------
    OptionError
        ARC510 for a value that an option cannot have.

    Examples
    --------
    >>> Options(prefix="app_").prefix
    'app_'
    """

    prefix: str = ""
    optimize: Literal["balanced", "speed", "size"] = "balanced"
    numerics: Literal["strict", "fast"] = "strict"
    math: Literal["arc", "libm"] = "arc"
    fma: Literal["off", "on"] = "off"
    workspace: Literal["stack", "caller", "static"] = "stack"
    max_stack: int | None = None
    guard: Literal["none", "status", "saturate"] = "none"
    float_typedef: str = "float"
    locations: bool = True
    package: tuple[Literal["cmake", "make", "arduino"], ...] = ()
    vectors: int = 0
    without: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for option in fields(self):
            choices = get_args(hints[option.name])
            value = getattr(self, option.name)
            if choices and all(isinstance(choice, str) for choice in choices) and value not in choices:
                allowed = ", ".join(map(repr, choices))
                message = f"{option.name}={value!r}: expected one of {allowed}"
                raise OptionError(message, code="ARC510", hint=f"the default is {option.default!r}")
        if not isinstance(self.prefix, str):
            raise OptionError(f"prefix={self.prefix!r}: expected a string", code="ARC510", hint="for example 'app_'")
        if self.max_stack is not None and (not isinstance(self.max_stack, int) or self.max_stack < 0):
            message = f"max_stack={self.max_stack!r}: expected a number of bytes, or None"
            raise OptionError(message, code="ARC510", hint="leave it out for no limit")

        known = get_args(get_args(hints["package"])[0])
        if not isinstance(self.package, tuple) or any(item not in known for item in self.package):
            message = f"package={self.package!r}: expected a tuple of {', '.join(map(repr, known))}"
            raise OptionError(message, code="ARC510", hint="for example ('cmake',)")
        if "arduino" in self.package and len(self.package) > 1:
            message = f"package={self.package!r}: the layout of an Arduino library goes with no other package"
            raise OptionError(message, code="ARC510", hint="generate it into a folder of its own")
        if isinstance(self.vectors, bool) or not isinstance(self.vectors, int) or not 0 <= self.vectors <= 10_000:
            message = f"vectors={self.vectors!r}: expected a number of vectors, 0 to 10000"
            raise OptionError(message, code="ARC510", hint="for example 20")
        if not isinstance(self.without, tuple) or not all(isinstance(name, str) for name in self.without):
            message = f"without={self.without!r}: expected a tuple of names of passes"
            raise OptionError(message, code="ARC510", hint="for example ('jam-loops',)")

    def as_dict(self) -> dict[str, str | int | bool | None]:
        """The options by name, for the manifest.

        Examples
        --------
        >>> Options().as_dict()["numerics"]
        'strict'
        """
        values = {option.name: getattr(self, option.name) for option in fields(self)}
        return values | {"package": ",".join(self.package), "without": ",".join(self.without)}

    def of_the_code(self) -> dict[str, str | int | bool | None]:
        """Those of the options that the C depends on."""
        return {name: value for name, value in self.as_dict().items() if name not in _BESIDE}

    @property
    def math_library(self) -> str:
        """The library whose functions have the bits of this code, as interpreters know it.

        Examples
        --------
        >>> Options(math="arc", fma="on").math_library
        'arc+fma'
        """
        return f"{self.math}+fma" if self.math == "arc" and self.fma == "on" else self.math

    def summary(self, *, double: bool = False) -> str:
        """One line for file headers: the options that are not defaults behind those that decide the numbers.

        ``double``: the code computes with float64 as well.

        Examples
        --------
        >>> Options(math="arc").summary(double=True)
        'optimize=balanced numerics=strict math=arc(float32)+libm(float64) fma=off'
        """
        shown = {"numerics", "fma", "math", "optimize"}
        chosen = {option.name: getattr(self, option.name) for option in fields(self)}
        if double and self.math == "arc":
            chosen["math"] = "arc(float32)+libm(float64)"
        chosen["without"] = ",".join(self.without)
        return " ".join(
            f"{option.name}={chosen[option.name]}"
            for option in fields(self)
            if option.name in shown or (option.name not in _BESIDE and chosen[option.name] not in (option.default, ""))
        )
