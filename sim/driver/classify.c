/* A network on an EIE array, as a program without an operating system runs it: no heap, no library.
 *
 * DRIVER is the machine's NAME_driver.h; net.h is what python -m compress.firmware net.npz -o net.h wrote.
 */
#include DRIVER
#include "classify.h"
#include "net.h"

enum { TURNS = 1000000, LANES = 64 / NET_OUTPUT_BITS };

/* Begin with the machine and load the network. */
enum nz_result prepare(struct nz_device *nz, const struct nz_bus *bus)
{
  const enum nz_result found = eie_open(nz, bus);
  return found == NZ_OK ? nz_load(nz, net_load, NET_LOAD_WORDS) : found;
}

/* Run the network on one input, in the machine's integers; say its outputs, in the network's order, and the cycles it took. */
enum nz_result classify(struct nz_device *nz, const int16_t input[NET_INPUTS], int16_t output[NET_OUTPUTS], uint64_t *cycles)
{
  static uint64_t packet[1 + NET_INPUT_WORDS], results[NET_OUTPUT_WORDS];
  struct eie_counters counters;
  enum nz_result found;
  size_t k, got;

  packet[0] = nz_header(EIE_PACKET_ACTIVATIONS, NET_INPUT_WORDS, 0);
  for (k = 1; k <= NET_INPUT_WORDS; k++) {
    packet[k] = 0;
  }
  for (k = 0; k < NET_INPUTS; k++) {
    packet[1 + k / 4] |= (uint64_t)(uint16_t)input[k] << 16 * (k % 4);
  }
  if ((found = nz_send(nz, packet, 1 + NET_INPUT_WORDS)) != NZ_OK ||
      (found = eie_set_layers(nz, 0, NET_LAYERS)) != NZ_OK ||
      (found = nz_command(nz, EIE_CONTROL, EIE_CONTROL_START_MASK, TURNS)) != NZ_OK) {
    return found;
  }
  eie_read_counters(nz, &counters);
  *cycles = counters.cycles;
  found = nz_fetch(nz, EIE_CONTROL, EIE_CONTROL_READ_MASK, results, NET_OUTPUT_WORDS, &got, TURNS);
  if (found != NZ_OK || got != NET_OUTPUT_WORDS) {
    return found == NZ_OK ? NZ_TRANSFER : found;
  }
  for (k = 0; k < NET_OUTPUTS; k++) {
    const uint64_t lane = results[net_order[k] / LANES] >> NET_OUTPUT_BITS * (net_order[k] % LANES);
    output[k] = NET_OUTPUT_BITS == 8 ? (int8_t)lane : (int16_t)lane;
  }
  return NZ_OK;
}
