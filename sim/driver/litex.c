/* The toy machine in a LiteX system, through its driver, its DMA and its interrupt, as firmware uses it. */
#include "toy_16_litex.h"

#include <stdio.h>

int interrupt_line(void);
int program(uint64_t *memory);

/* The registers are not in this process's memory, but on the system's bus. */
static uint32_t read_register(void *user, uint32_t offset)
{
  (void)user;
  return bus_read(TOY_16_BASE + offset);
}

static void write_register(void *user, uint32_t offset, uint32_t value)
{
  (void)user;
  bus_write(TOY_16_BASE + offset, value);
}

int program(uint64_t *memory)
{
  struct nz_bus bus = toy_16_bus();
  struct nz_device nz;
  struct toy_counters counters;
  uint64_t *answers = memory + 32;
  enum nz_result found;
  size_t got = 0, k, round;

  bus.base = NULL;
  bus.read = read_register;
  bus.write = write_register;
  if ((found = toy_open(&nz, &bus)) != NZ_OK || (found = toy_set_shift(&nz, 0x100)) != NZ_OK) {
    return (int)found;
  }
  for (round = 1; round <= 2; round++) {
    nz_write(&nz, TOY_FLAGS, nz.map->events);
    toy_set_irq_enable(&nz, 1);
    printf("interrupt %d\n", interrupt_line());
    memory[0] = nz_header(TOY_PACKET_WORDS, 5, 0);
    for (k = 1; k <= 5; k++) {
      memory[k] = 0x1111111122220000u + 16 * round + k;
    }
    if (round == 1) { /* the results wait where the writer is enabled late */
      if ((found = nz_send(&nz, memory, 6)) != NZ_OK) {
        return (int)found;
      }
      bus.expect(NULL, answers, 2);
    } else {
      bus.expect(NULL, answers, 2);
      if ((found = nz_send(&nz, memory, 6)) != NZ_OK) {
        return (int)found;
      }
    }
    if ((found = nz_receive(&nz, &got, 1000)) != NZ_OK || (found = nz_wait(&nz, nz.map->done, 1000)) != NZ_OK) {
      return (int)found;
    }
    printf("interrupt %d\n%lu words: %016llx %016llx\n", interrupt_line(), (unsigned long)got, (unsigned long long)answers[0],
           (unsigned long long)answers[1]);
  }
  toy_read_counters(&nz, &counters);
  printf("cycles %lu\n", (unsigned long)counters.cycles);
  return 0;
}
