/* SPDX-License-Identifier: 0BSD */
#include "trace.h"

#include <string.h>

/* FNV-1a, 32 bits. */
#define DIGEST_START 0x811c9dc5u
#define DIGEST_PRIME 0x01000193u

static uint32_t digest_word(uint32_t digest, uint32_t word) {
  for (uint32_t shift = 0; shift < 32u; shift += 8u) {
    digest = (digest ^ ((word >> shift) & 0xffu)) * DIGEST_PRIME;
  }
  return digest;
}

static uint32_t bits_of(float number) {
  uint32_t bits;
  memcpy(&bits, &number, sizeof bits);
  return bits;
}

void trace_start(trace_t *trace, const char *name) {
  trace->name = name;
  trace->digest = DIGEST_START;
  trace->written = 0;
  trace->printed = 0;
  trace->lost = 0;
}

void trace_note(trace_t *trace, const axis_t *axis) {
  const uint32_t step = axis->steps - 1u;
  const uint32_t flags = (axis->controller.caught ? TRACE_CAUGHT : 0u) |
      (axis->status != ARC_OK ? TRACE_REFUSED : 0u);
  const uint32_t words[TRACE_WORDS] = {bits_of(axis->angle), bits_of(axis->rate),
      bits_of(axis->command), bits_of(axis->joint.friction), flags};
  for (uint32_t i = 0; i < TRACE_WORDS; ++i) {
    trace->digest = digest_word(trace->digest, words[i]);
  }
  if (step % TRACE_STRIDE != 0u && (step + 1u) % TRACE_DIGEST_STRIDE != 0u) {
    return;
  }
  if (trace->written - trace->printed == TRACE_CAPACITY) {
    ++trace->lost;
    return;
  }
  trace_record_t *record = &trace->records[trace->written % TRACE_CAPACITY];
  record->step = step;
  memcpy(record->words, words, sizeof words);
  record->digest = trace->digest;
  ++trace->written; /* last: the record is whole when the main loop sees it */
}

static void print_record(const trace_t *trace, const trace_record_t *record, trace_put_t put) {
  if (record->step % TRACE_STRIDE == 0u) {
    trace_text(trace->name, put);
    put(' ');
    trace_decimal(record->step, put);
    for (uint32_t i = 0; i < TRACE_WORDS; ++i) {
      put(' ');
      trace_hexadecimal(record->words[i], put);
    }
    put('\n');
  }
  if ((record->step + 1u) % TRACE_DIGEST_STRIDE == 0u) {
    trace_text(trace->name, put);
    trace_text("-digest ", put);
    trace_decimal(record->step + 1u, put);
    put(' ');
    trace_hexadecimal(record->digest, put);
    put('\n');
  }
}

void trace_print(trace_t *trace, trace_put_t put) {
  while (trace->printed != trace->written) {
    print_record(trace, &trace->records[trace->printed % TRACE_CAPACITY], put);
    ++trace->printed;
  }
}

void trace_text(const char *text, trace_put_t put) {
  while (*text != '\0') {
    put(*text++);
  }
}

void trace_decimal(uint32_t number, trace_put_t put) {
  char digits[10];
  uint32_t count = 0;
  do {
    digits[count++] = (char)('0' + (char)(number % 10u));
    number /= 10u;
  } while (number != 0u);
  while (count > 0u) {
    put(digits[--count]);
  }
}

void trace_hexadecimal(uint32_t number, trace_put_t put) {
  for (uint32_t i = 0; i < 8u; ++i) {
    put("0123456789abcdef"[(number >> (28u - 4u * i)) & 0xfu]);
  }
}
