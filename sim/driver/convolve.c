/* A network on an SCNN array, as a program without an operating system runs it: no heap, no library.
 *
 * DRIVER is the machine's NAME_driver.h; net.h is what python -m compress.firmware net.npz -o net.h wrote. Activations go to
 * the array and come back as blocks of entries: a value of 16 bits, and above it in 4 bits how many zeros are before it. An
 * entry of value 0 stands for 16 zeros.
 */
#include DRIVER
#include "classify.h"
#include "net.h"

enum { TURNS = 100000000, ENTRY_BITS = 20, VALUE_BITS = 16, SPAN = 16, PE_SHIFT = 24, COUNT_LSB = 32 };

/* Begin with the machine and load the network. */
enum nz_result prepare(struct nz_device *nz, const struct nz_bus *bus)
{
  const enum nz_result found = scnn_open(nz, bus);
  return found == NZ_OK ? nz_load(nz, net_load, NET_LOAD_WORDS) : found;
}

/* Write entry number k of the words of a memory, which are 0 before. */
static void put(uint64_t *words, size_t k, uint64_t entry)
{
  uint64_t *word = words + k / NET_ENTRIES * NET_EACH + k % NET_ENTRIES * ENTRY_BITS / 64;
  const size_t bit = k % NET_ENTRIES * ENTRY_BITS % 64;
  word[0] |= entry << bit;
  if (bit + ENTRY_BITS > 64) {
    word[1] |= entry >> (64 - bit);
  }
}

/* Read an entry of the words of a memory. */
static uint32_t take(const uint64_t *words, size_t k)
{
  const uint64_t *word = words + k / NET_ENTRIES * NET_EACH + k % NET_ENTRIES * ENTRY_BITS / 64;
  const size_t bit = k % NET_ENTRIES * ENTRY_BITS % 64;
  const uint64_t more = bit + ENTRY_BITS > 64 ? word[1] << (64 - bit) : 0;
  return (uint32_t)(word[0] >> bit | more) & ((1u << ENTRY_BITS) - 1);
}

/* Encode a block of an input after others; return its entries. */
static size_t encode(uint64_t *words, const int16_t *input, const int32_t *at, int32_t positions)
{
  size_t count = 0;
  uint64_t zeros = 0;
  for (; positions > 0; positions--, at++) {
    const int16_t value = *at < 0 ? 0 : input[*at];
    if (!value) {
      zeros++;
      continue;
    }
    for (; zeros >= SPAN; zeros -= SPAN) {
      put(words, count++, (uint64_t)(SPAN - 1) << VALUE_BITS);
    }
    put(words, count++, (uint16_t)value | zeros << VALUE_BITS);
    zeros = 0;
  }
  return count;
}

/* Send an input, block after block: its words to the memory of its PE, then its entry of the table of blocks. */
static enum nz_result send_input(const struct nz_device *nz, const int16_t *input)
{
  static uint64_t packet[1 + NET_INPUT_WORDS];
  uint32_t place = 0;
  const int32_t *at = net_input_at;
  enum nz_result found = NZ_OK;
  size_t k, row;
  for (row = 0; row < NET_INPUT_ROWS && found == NZ_OK; row++) {
    const int32_t *block = net_input_blocks + 3 * row;
    const uint32_t pe = (uint32_t)block[0] << PE_SHIFT;
    uint64_t entry[2];
    size_t count, words;
    if (row && block[0] != block[-3]) {
      place = 0;
    }
    for (k = 0; k <= NET_INPUT_WORDS; k++) {
      packet[k] = 0;
    }
    count = encode(packet + 1, input, at, block[2]);
    words = (count + NET_ENTRIES - 1) / NET_ENTRIES;
    at += block[2];
    if (words) {
      packet[0] = nz_header(SCNN_PACKET_ACTIVATIONS, (uint32_t)(words * NET_EACH), pe | place);
      found = nz_send(nz, packet, 1 + words * NET_EACH);
    }
    if (found == NZ_OK) {
      entry[0] = nz_header(SCNN_PACKET_BLOCKS, 1, pe | (uint32_t)block[1]);
      entry[1] = place | (uint64_t)count << COUNT_LSB;
      found = nz_send(nz, entry, 2);
    }
    place += (uint32_t)words;
  }
  return found;
}

/* Put the values of a read-out where the network has them; NZ_TRANSFER if it is not as long as its counts say. */
static enum nz_result place_output(const uint64_t *words, size_t got, int16_t *output)
{
  const int32_t *at = net_output_at;
  size_t k, row;
  for (k = 0; k < NET_OUTPUTS; k++) {
    output[k] = 0;
  }
  for (row = 0; row < sizeof net_output_blocks / sizeof *net_output_blocks; row++) {
    const size_t positions = (size_t)net_output_blocks[row], count = got ? (size_t)*words : 0;
    const size_t length = (count + NET_ENTRIES - 1) / NET_ENTRIES * NET_EACH + 1;
    size_t position = 0;
    if (length > got) {
      return NZ_TRANSFER;
    }
    for (k = 0; k < count; k++, position++) {
      const uint32_t entry = take(words + 1, k);
      position += entry >> VALUE_BITS;
      if (position < positions && at[position] >= 0) {
        output[at[position]] = (int16_t)(uint16_t)entry;
      }
    }
    at += positions;
    words += length;
    got -= length;
  }
  return got ? NZ_TRANSFER : NZ_OK;
}

/* Run the network on one input, in the machine's integers; say its outputs, channels outermost, and the cycles it took. */
enum nz_result classify(struct nz_device *nz, const int16_t input[NET_INPUTS], int16_t output[NET_OUTPUTS], uint64_t *cycles)
{
  static uint64_t results[NET_OUTPUT_WORDS];
  struct scnn_counters counters;
  enum nz_result found;
  size_t got;

  if ((found = send_input(nz, input)) != NZ_OK || (found = scnn_set_layers(nz, 0, NET_LAYERS)) != NZ_OK) {
    return found;
  }
#if NET_TRANSFERS
  if ((found = nz_offer(nz, "s_weight", net_weights, NET_TRANSFER_BYTES, NET_TRANSFERS)) != NZ_OK) {
    return found;
  }
#endif
  if ((found = nz_command(nz, SCNN_CONTROL, SCNN_CONTROL_START_MASK, TURNS)) != NZ_OK) {
    return found;
  }
  if (nz_read(nz, SCNN_FLAGS) & SCNN_FLAGS_ACT_OVERFLOW_MASK) {
    return NZ_RANGE; /* activations of a layer do not fit the memory of a PE: register overflow says which */
  }
  scnn_read_counters(nz, &counters);
  *cycles = counters.cycles;
  if ((found = scnn_set_blocks(nz, NET_OUTPUT_FIRST, NET_OUTPUT_COUNT)) != NZ_OK) {
    return found;
  }
  found = nz_fetch(nz, SCNN_CONTROL, SCNN_CONTROL_READ_MASK, results, NET_OUTPUT_WORDS, &got, TURNS);
  return found == NZ_OK ? place_output(results, got, output) : found;
}
