/* SPDX-License-Identifier: 0BSD
 *
 * The UART of Arm's Cortex-M System Design Kit, as the MPS boards have it. The board says where: ARC_BOARD_UART.
 */
#include <stdint.h>

#include "arc_board.h"
#include "mps_counter.h"

typedef struct {
  volatile uint32_t data;
  volatile uint32_t state;
  volatile uint32_t control;
  volatile uint32_t interrupt;
  volatile uint32_t divisor;
} cmsdk_uart;

#define UART ((cmsdk_uart *)ARC_BOARD_UART)
#define TRANSMITTER_FULL 1u
#define RECEIVER_FULL 2u
#define ENABLE_TRANSMITTER 1u
#define ENABLE_BOTH 3u

/* QEMU (7.2) asks whether there is room for a byte when something wakes its main loop, and switching the receiver on does
 * not, while reading a byte does. Until the first byte has come, one is therefore read now and then, with the
 * receiver off in the meantime so that none can be lost. */
#define POLLS_BETWEEN_WAKES 1024u
static uint8_t has_received;

static void wake_sender(void) {
  UART->control = ENABLE_TRANSMITTER;
  if (!(UART->state & RECEIVER_FULL)) {
    (void)UART->data;
  }
  UART->control = ENABLE_BOTH;
}

void arc_board_init(void) {
  /* The smallest divisor that the hardware takes: the baud rate matters to no emulator. */
  UART->divisor = 16u;
  UART->control = ENABLE_BOTH;
  mps_counter_start();
}

void arc_board_putc(uint8_t byte) {
  while (UART->state & TRANSMITTER_FULL) {
  }
  UART->data = byte;
}

uint8_t arc_board_getc(void) {
  uint32_t polls = 0;
  while (!(UART->state & RECEIVER_FULL)) {
    if (!has_received && ++polls % POLLS_BETWEEN_WAKES == 0) {
      wake_sender();
    }
  }
  has_received = 1;
  return (uint8_t)UART->data;
}
