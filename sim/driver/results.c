/* Every result that the driver has, provoked on an EIE array, and then a network run as if nothing had been. */
#include DRIVER

#include <stdio.h>

#include "classify.h"

static void say(const char *what, enum nz_result found)
{
  printf("%s %d\n", what, (int)found);
}

static void provoke(struct nz_device *nz, const struct nz_bus *bus)
{
  const uint64_t stray[2] = {nz_header(200, 1, 0), 0};
  const uint64_t foreign[1] = {(uint64_t)(EIE_PES | 1u) << 8 | (uint64_t)77 << 32};
  const struct nz_constant other[1] = {{EIE_IDENTITY, 0x12345678u}};
  struct nz_map wrong = eie_map;
  uint64_t words[1];
  size_t got;

  wrong.constants = other;
  wrong.count = 1;
  say("open with another machine's constants", nz_open(nz, bus, &wrong));
  say("open", eie_open(nz, bus));
  say("start before a network", nz_command(nz, EIE_CONTROL, EIE_CONTROL_START_MASK, 1000));
  say("fetch before a vector", nz_fetch(nz, EIE_CONTROL, EIE_CONTROL_READ_MASK, words, 1, &got, 1000));
  say("wait for what does not come", nz_wait(nz, EIE_FLAGS_SATURATED_MASK & ~EIE_FLAGS_REFUSED_MASK, 0));
  say("too many layers", eie_set_layers(nz, 0, EIE_LAYERS_COUNT_MASK + 1));
  say("an image cut short", nz_load(nz, net_load, NET_LOAD_WORDS - 1));
  say("an image for another machine", nz_load(nz, foreign, 1));
  say("a packet of no type", nz_load(nz, stray, 2));
  say("start after a broken packet", nz_command(nz, EIE_CONTROL, EIE_CONTROL_START_MASK, 1000));
}

int program(struct nz_device *nz, const struct nz_bus *bus)
{
  static int16_t input[NET_INPUTS], output[NET_OUTPUTS];
  uint64_t cycles = 0, word;
  size_t got, k;

  provoke(nz, bus);
  say("prepare", prepare(nz, bus));
  while (fread(input, sizeof input, 1, stdin) == 1) {
    say("classify", classify(nz, input, output, &cycles));
    for (k = 0; k < NET_OUTPUTS; k++) {
      printf("%d ", output[k]);
    }
    printf("%llu\n", (unsigned long long)cycles);
  }
  say("fetch into too few words", nz_fetch(nz, EIE_CONTROL, EIE_CONTROL_READ_MASK, &word, 0, &got, 1000));
  return 0;
}
