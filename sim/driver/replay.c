/* A talk with any machine, replayed through its driver: steps from standard input, replies to standard output, words of 64 bits.
 *
 * A step is its kind, an argument, and a count of words that follow; see sim/driver/replay.py. MAP is the machine's map.
 */
#include DRIVER

#include <stdio.h>
#include <string.h>

enum { WRITE, READ, COUNTER, SEND, WAIT, RECEIVE, LOAD, OFFER, MOST = 1 << 20, NAME = 4 };

static uint64_t words[MOST], offered[MOST];

static void answer(uint64_t word)
{
  fwrite(&word, sizeof word, 1, stdout);
}

static enum nz_result step(struct nz_device *nz, uint64_t kind, uint64_t argument, size_t count)
{
  enum nz_result found = NZ_OK;
  size_t k, got = 0;
  switch (kind) {
  case WRITE:
    nz_write(nz, (uint32_t)argument, (uint32_t)words[0]);
    break;
  case READ:
    answer(nz_read(nz, (uint32_t)argument));
    break;
  case COUNTER:
    answer(nz_counter(nz, (uint32_t)argument));
    break;
  case SEND:
    found = nz_send(nz, words, count);
    break;
  case LOAD:
    found = nz_load(nz, words, count);
    break;
  case WAIT:
    found = nz_wait(nz, (uint32_t)argument, 1000000);
    break;
  case RECEIVE:
    nz->bus->expect(nz->bus->user, words, (size_t)argument);
    found = nz_receive(nz, &got, 1000000);
    answer(got);
    for (k = 0; k < got; k++) {
      answer(words[k]);
    }
    break;
  case OFFER: /* the name of the stream, then transfers of as many bytes as the argument says, to whole words */
    memcpy(offered, words, count * sizeof *words);
    found = nz_offer(nz, (const char *)offered, (const uint8_t *)(offered + NAME), (size_t)argument,
                     (count - NAME) * sizeof *words / (size_t)argument);
    break;
  default:
    found = NZ_RANGE;
  }
  return found;
}

int program(struct nz_device *nz, const struct nz_bus *bus)
{
  uint64_t head[3];
  enum nz_result found = nz_open(nz, bus, &MAP);
  while (found == NZ_OK && fread(head, sizeof head, 1, stdin) == 1) {
    if (head[2] > MOST || fread(words, sizeof *words, (size_t)head[2], stdin) != head[2]) {
      return NZ_RANGE;
    }
    found = step(nz, head[0], head[1], (size_t)head[2]);
  }
  return (int)found;
}
