/* SPDX-License-Identifier: 0BSD */
#include "cost.h"

void cost_note(cost_t *cost, uint32_t ticks) {
  ++cost->histogram[ticks < COST_LONGEST ? ticks : COST_LONGEST - 1u];
  ++cost->runs;
}

/* The time that at least so many runs did not exceed. */
static uint32_t quantile(const cost_t *cost, uint32_t runs) {
  uint32_t seen = 0;
  for (uint32_t ticks = 0; ticks < COST_LONGEST; ++ticks) {
    seen += cost->histogram[ticks];
    if (seen >= runs) {
      return ticks;
    }
  }
  return COST_LONGEST;
}

void cost_print(const cost_t *cost, const char *name, uint32_t measuring, trace_put_t put) {
  const uint32_t wanted[3] = {1u, (cost->runs + 1u) / 2u, cost->runs};
  trace_text("cost ", put);
  trace_text(name, put);
  put(' ');
  trace_decimal(cost->runs, put);
  for (uint32_t i = 0; i < 3u; ++i) {
    put(' ');
    trace_decimal(quantile(cost, wanted[i]) - measuring, put);
  }
  put('\n');
}
