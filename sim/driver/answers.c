/* The program around classify.c in a test: inputs of int16 from standard input, outputs of int16 and cycles to standard output. */
#include <stdio.h>

#include "classify.h"

int program(struct nz_device *nz, const struct nz_bus *bus)
{
  static int16_t input[NET_INPUTS], output[NET_OUTPUTS];
  uint64_t cycles;
  enum nz_result found = prepare(nz, bus);
  while (found == NZ_OK && fread(input, sizeof input, 1, stdin) == 1) {
    found = classify(nz, input, output, &cycles);
    fwrite(output, sizeof output, 1, stdout);
    fwrite(&cycles, sizeof cycles, 1, stdout);
  }
  return (int)found;
}
