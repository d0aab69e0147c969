"""The C program that calls a competitor and says what came out and what it cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.competitors import Competitor

MEASURE = "board-measure.c"
"""Its name makes it part of the board when flash is counted."""

_MEASURE = """#include <stdint.h>
#include <string.h>
#include "arc_board.h"

{declaration}
{empty_declaration}
{inputs}
{outputs}
static int returned;

/* noipa: nothing is known here of who calls, so that both are compiled alike. */
__attribute__((noipa)) static void call_kernel(int draw) {{
  {call};
}}

__attribute__((noipa)) static void call_empty(int draw) {{
  {empty_call};
}}

static void send(uint32_t word) {{
  for (int k = 0; k < 4; ++k) {{
    arc_board_putc((uint8_t)(word >> (8 * k)));
  }}
}}

static void send_floats(const float *x, int n) {{
  for (int i = 0; i < n; ++i) {{
    uint32_t word;
    __builtin_memcpy(&word, &x[i], sizeof word);
    send(word);
  }}
}}

#define TICKS(call) \\
  do {{ \\
    const uint32_t began = arc_board_ticks(); \\
    call; \\
    send(arc_board_ticks() - began); \\
  }} while (0)

#define STACK(call) \\
  do {{ \\
    arc_board_paint_stack(); \\
    call; \\
    send(arc_board_stack_used()); \\
  }} while (0)

{timing}
int main(void) {{
  TICKS(call_empty(0));
  STACK(call_empty(0));
  for (int draw = 0; draw < {draws}; ++draw) {{
    TICKS(call_kernel(draw));
    send((uint32_t)returned);
    {sends}
    STACK(call_kernel(draw));
  }}
  {time}
  return 0;
}}
"""

_TIMING = """static void time_calls(void) {
  uint32_t calls = 1, best = UINT32_MAX, taken;
  do {
    calls *= 2u;
    const uint32_t began = arc_board_ticks();
    for (uint32_t k = 0; k < calls; ++k) {
      call_kernel((int)(k % DRAWS));
    }
    taken = arc_board_ticks() - began;
  } while (taken < 200000u);
  for (int turn = 0; turn < 15; ++turn) {
    const uint32_t began = arc_board_ticks();
    for (uint32_t k = 0; k < calls; ++k) {
      call_kernel((int)(k % DRAWS));
    }
    taken = arc_board_ticks() - began;
    if (taken < best) {
      best = taken;
    }
  }
  send(calls);
  send(best);
}
"""


def measuring_program(competitor: Competitor, draws: Sequence[tuple[Any, ...]], *, timed: bool) -> dict[str, str]:
    """Sources of the program around a competitor.

    What it sends, in words of 32 bits: ticks and stack of an empty call; for each draw ticks, the status, all outputs,
    the stack; where it is timed, a number of calls and their nanoseconds.

    Parameters
    ----------
    competitor : Competitor
    draws : sequence
        Arguments, as float32 arrays and numbers.
    timed : bool
        Whether calls are timed in a loop, which is for this machine only.
    """
    arguments = _casadi_call(competitor) if competitor.work else _direct_call(competitor)
    sizes = [int(one["size"]) for one in competitor.outputs]
    outputs = "".join(f"static float output_{k}[{size}];\n" for k, size in enumerate(sizes)) + arguments["arrays"]
    sends = "\n    ".join(f"send_floats(output_{k}, {size});" for k, size in enumerate(sizes))
    result = "returned = " if competitor.returns == "status" else ""
    returned = "int" if result else "void"
    text = _MEASURE.format(
        declaration=f"{returned} {competitor.c_name}({arguments['types']});",
        empty_declaration=f"{returned} bench_empty({arguments['types']});",
        inputs=_inputs(competitor, draws),
        outputs=outputs,
        call=f"{arguments['before']}{result}{competitor.c_name}({arguments['values']})",
        empty_call=f"{arguments['before']}{result}bench_empty({arguments['values']})",
        timing=f"#define DRAWS {len(draws)}u\n{_TIMING}" if timed else "",
        time="time_calls();" if timed else "",
        draws=len(draws),
        sends=sends,
    )
    unused = "".join(f"  (void){name};\n" for name in arguments["names"])
    body = f"{returned} bench_empty({arguments['named']});\n{returned} bench_empty({arguments['named']}) {{\n{unused}"
    body += "  return 0;\n}\n" if result else "}\n"
    return {MEASURE: text, "board-bench-empty.c": body}


def _inputs(competitor: Competitor, draws: Sequence[tuple[Any, ...]]) -> str:
    lines = []
    for k, parameter in enumerate(competitor.inputs):
        rows = []
        for draw in draws:
            values = np.asarray(draw[k], np.float32).ravel()
            rows.append("{" + ", ".join(f"{float(value).hex()}f" for value in values) + "}")
        lines.append(f"static const float input_{k}[{len(draws)}][{parameter['size']}] = {{{', '.join(rows)}}};\n")
    return "".join(lines)


def _direct_call(competitor: Competitor) -> dict[str, Any]:
    types, values, counts = [], [], {"in": 0, "out": 0}
    for parameter in competitor.parameters:
        kind = parameter["direction"]
        k = counts[kind]
        counts[kind] += 1
        if kind == "out":
            types.append("float *")
            values.append(f"output_{k}")
        elif parameter["pointer"]:
            types.append("const float *")
            values.append(f"input_{k}[draw]")
        else:
            types.append("float ")
            values.append(f"input_{k}[draw][0]")
    return _spelled(types, values, arrays="", before="")


def _casadi_call(competitor: Competitor) -> dict[str, Any]:
    """The pointers are set before the measured call: a caller sets those that never change once and for all."""
    work = competitor.work
    arrays = (
        f"static const float *arg[{work['arg']}];\nstatic float *res[{work['res']}];\n"
        f"static int iw[{work['iw'] + 1}];\nstatic float w[{work['w'] + 1}];\n"
    )
    before = "".join(f"arg[{k}] = input_{k}[draw]; " for k in range(len(competitor.inputs)))
    before += "".join(f"res[{k}] = output_{k}; " for k in range(len(competitor.outputs)))
    types = ["const float **", "float **", "int *", "float *", "int "]
    return _spelled(types, ["arg", "res", "iw", "w", "0"], arrays=arrays, before=before)


def _spelled(types: Sequence[str], values: Sequence[str], *, arrays: str, before: str) -> dict[str, Any]:
    names = [f"p{k}" for k in range(len(types))]
    return {
        "types": ", ".join(kind.strip() for kind in types),
        "named": ", ".join(f"{kind}{name}" for kind, name in zip(types, names, strict=True)),
        "names": names,
        "values": ", ".join(values),
        "arrays": arrays,
        "before": before,
    }


def stack_arguments(parameters: Sequence[Mapping[str, Any]]) -> int:
    """Bytes of arguments that a caller on Arm passes on its stack: pointers after the fourth, floats after the 16th."""
    numbers: int = sum(not one["pointer"] and one["direction"] == "in" for one in parameters)
    return 4 * (max(0, len(parameters) - numbers - 4) + max(0, numbers - 16))
