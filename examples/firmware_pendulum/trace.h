/* SPDX-License-Identifier: 0BSD
 *
 * What happens in an interrupt, kept until the main loop has time to print it. Numbers are printed as their bits:
 *
 *   joint 120 40490fdb 00000000 ...   angle, rate, command, learnt friction, flags of every tenth step
 *   joint-digest 1000 89abcdef        a checksum over all steps so far, every thousandth step
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdint.h>

#include "axis.h"

#define TRACE_STRIDE 10u
#define TRACE_DIGEST_STRIDE 1000u
#define TRACE_WORDS 5u
#define TRACE_CAPACITY 64u /* records, a power of two: more than half a second of them */

#define TRACE_CAUGHT 1u /* flag: the arm is held */
#define TRACE_REFUSED 2u /* flag: the sample was bad */

typedef struct trace_record {
  uint32_t step;
  uint32_t words[TRACE_WORDS];
  uint32_t digest;
} trace_record_t;

/** One interrupt writes it, the main loop reads it: each owns one of the counters. */
typedef struct trace {
  const char *name;
  uint32_t digest;
  volatile uint32_t written;
  volatile uint32_t printed;
  uint32_t lost; /* records that there was no room for */
  trace_record_t records[TRACE_CAPACITY];
} trace_t;

/** Where printed characters go: the UART, or standard output. */
typedef void (*trace_put_t)(char character);

void trace_start(trace_t *trace, const char *name);

/** Notes the control step that has just ended. */
void trace_note(trace_t *trace, const axis_t *axis);

/** Prints what was noted since. */
void trace_print(trace_t *trace, trace_put_t put);

void trace_text(const char *text, trace_put_t put);
void trace_decimal(uint32_t number, trace_put_t put);
void trace_hexadecimal(uint32_t number, trace_put_t put);

#endif
