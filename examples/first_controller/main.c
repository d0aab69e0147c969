/* SPDX-License-Identifier: 0BSD
 *
 * Heats a tank of water from 20 to 60 degrees with the generated controller.
 */
#include <stdio.h>

#include "pi.h"

/* The tank: what a sensor and a heater are in the real thing. */
static float step_tank(float temperature, float duty) {
  const float heating = 4.0f * duty;
  const float loss = 0.02f * (temperature - 20.0f);
  return temperature + PI_STEP_PERIOD * (heating - loss);
}

int main(void) {
  PiState_t state;
  PiGains_t gains = pi_gains_default;
  float temperature = 20.0f;
  float duty;

  pi_init(&state);
  gains.ki = 0.04f;

  for (int k = 0; k <= 600; k++) {
    pi_step(&state, 60.0f, temperature, &gains, &duty);
    if (k % 60 == 0) {
      printf("%5.1f s  %6.2f degrees  duty %4.2f\n", (double)((float)k * PI_STEP_PERIOD),
          (double)temperature, (double)duty);
    }
    temperature = step_tank(temperature, duty);
  }

  return temperature > 59.0f && temperature < 61.0f ? 0 : 1;
}
