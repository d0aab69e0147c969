/* SPDX-License-Identifier: 0BSD
 *
 * How long pieces of code take, in ticks of the processor's clock: smallest, median and largest of many runs.
 */
#ifndef COST_H
#define COST_H

#include <stdint.h>

#include "trace.h"

#define COST_LONGEST 8192u /* ticks; what takes longer counts as this */

typedef struct cost {
  uint32_t runs;
  uint16_t histogram[COST_LONGEST]; /* a run's time is a bin: noting it takes the same time always */
} cost_t;

void cost_note(cost_t *cost, uint32_t ticks);

/** Prints "cost NAME RUNS SMALLEST MEDIAN LARGEST", less the ticks that measuring takes. */
void cost_print(const cost_t *cost, const char *name, uint32_t measuring, trace_put_t put);

#endif
