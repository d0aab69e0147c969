/* SPDX-License-Identifier: 0BSD
 *
 * Runs a program for an AVR in simavr (libsimavr 1.6 or later) with its serial port 0 on standard input and output, both
 * directions, byte for byte; simavr's own program shows the output only, and changes it. Compiled on the machine that
 * uses it; nothing of this goes onto the chip.
 *
 *   simavr_runner MCU FREQUENCY PROGRAM.elf
 *
 * Exits with the value of GPIOR0 when the chip sleeps with its interrupts off; 113 when the simulation crashes, 2 when it
 * cannot start. The number of cycles goes to standard error.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>

#define CRASHED 113
#define CANNOT_START 2
/* Registers of the ATmega2560, ATmega328P and their like, in data space. */
#define GPIOR0 0x3E
#define UCSR0B 0xC1
#define RECEIVER_ENABLED 0x10
/* Instructions between two looks at standard input. */
#define INPUT_PERIOD 256

static int port_has_room = 1;
/* Standard output, kept for the serial port alone. */
static int serial_output = STDOUT_FILENO;

static void send_out(struct avr_irq_t *irq, uint32_t value, void *unused) {
  (void)irq;
  (void)unused;
  const unsigned char byte = (unsigned char)value;
  while (write(serial_output, &byte, 1) < 0) {
    if (errno != EINTR && errno != EAGAIN) {
      exit(CANNOT_START);
    }
  }
}

static void room(struct avr_irq_t *irq, uint32_t value, void *answer) {
  (void)irq;
  (void)value;
  port_has_room = *(const int *)answer;
}

/* Simulated time is not real time: nobody waits. */
static void no_sleep(avr_t *avr, avr_cycle_count_t cycles) {
  (void)avr;
  (void)cycles;
}

/* The next byte of standard input, -1 while there is none. */
static int next_byte(void) {
  static unsigned char buffer[4096];
  static ssize_t count = 0;
  static ssize_t position = 0;
  static int ended = 0;
  if (position == count) {
    struct pollfd input = {STDIN_FILENO, POLLIN, 0};
    if (ended || poll(&input, 1, 0) <= 0) {
      return -1;
    }
    position = 0;
    count = read(STDIN_FILENO, buffer, sizeof buffer);
    if (count <= 0) {
      ended = 1;
      count = 0;
      return -1;
    }
  }
  return buffer[position++];
}

static avr_t *make_chip(char *arguments[]) {
  elf_firmware_t firmware;
  memset(&firmware, 0, sizeof firmware);
  if (elf_read_firmware(arguments[3], &firmware) != 0) {
    fprintf(stderr, "simavr_runner: %s is not a program for an AVR\n", arguments[3]);
    return NULL;
  }
  avr_t *avr = avr_make_mcu_by_name(arguments[1]);
  if (avr == NULL) {
    fprintf(stderr, "simavr_runner: simavr does not know the chip %s\n", arguments[1]);
    return NULL;
  }
  avr_init(avr);
  avr->log = LOG_ERROR;
  avr->frequency = (uint32_t)strtoul(arguments[2], NULL, 10);
  avr->sleep = no_sleep;
  avr_load_firmware(avr, &firmware);
  avr->frequency = (uint32_t)strtoul(arguments[2], NULL, 10);
  return avr;
}

int main(int count, char *arguments[]) {
  if (count != 4) {
    fprintf(stderr, "usage: simavr_runner MCU FREQUENCY PROGRAM.elf\n");
    return CANNOT_START;
  }
  /* The library prints what it loads. */
  serial_output = dup(STDOUT_FILENO);
  if (serial_output < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
    return CANNOT_START;
  }
  avr_t *avr = make_chip(arguments);
  if (avr == NULL) {
    return CANNOT_START;
  }
  /* No copy to the log, and no pause when the program polls its port. */
  uint32_t flags = 0;
  avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
  static int yes = 1;
  static int no = 0;
  const uint32_t port = AVR_IOCTL_UART_GETIRQ('0');
  avr_irq_register_notify(avr_io_getirq(avr, port, UART_IRQ_OUTPUT), send_out, NULL);
  avr_irq_register_notify(avr_io_getirq(avr, port, UART_IRQ_OUT_XON), room, &yes);
  avr_irq_register_notify(avr_io_getirq(avr, port, UART_IRQ_OUT_XOFF), room, &no);
  avr_irq_t *input = avr_io_getirq(avr, port, UART_IRQ_INPUT);

  int state = cpu_Running;
  for (unsigned long step = 0; state != cpu_Done && state != cpu_Crashed; ++step) {
    if (step % INPUT_PERIOD == 0 && port_has_room && avr->data[UCSR0B] & RECEIVER_ENABLED) {
      const int byte = next_byte();
      if (byte >= 0) {
        avr_raise_irq(input, (uint32_t)byte);
      }
    }
    state = avr_run(avr);
  }
  fprintf(stderr, "simavr_runner: %llu cycles\n", (unsigned long long)avr->cycle);
  return state == cpu_Done ? avr->data[GPIOR0] : CRASHED;
}
