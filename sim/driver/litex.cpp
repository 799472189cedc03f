// A system that LiteX made, as its processor sees it: memory and registers over Wishbone, a cache that is flushed by hand.
//
// The program in C has pointers into a piece of this process's memory at the address of the system's RAM. A flush writes what the
// program changed since the last one into the RAM, and then reads all of it.

#include "Vtop.h"
#include "verilated.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sys/mman.h>
#include <vector>

extern "C" {
int program(uint64_t *memory);
uint32_t bus_read(unsigned long address);
void bus_write(unsigned long address, uint32_t value);
void flush_cpu_dcache(void);
void flush_l2_cache(void);
int interrupt_line(void);
}

static std::unique_ptr<Vtop> top;
static uint32_t *memory;
static std::vector<uint32_t> seen(RAM_BYTES / 4);

static void tick() {
  top->sys_clk = 0;
  top->eval();
  top->sys_clk = 1;
  top->eval();
}

static uint32_t transfer(unsigned long address, bool write, uint32_t value) {
  top->wb_adr = address / 4;
  top->wb_dat_w = value;
  top->wb_sel = 15;
  top->wb_we = write;
  top->wb_cyc = top->wb_stb = 1;
  for (int turn = 0; turn < 100000; turn++) {
    top->sys_clk = 0;
    top->eval();
    const bool done = top->wb_ack, wrong = top->wb_err;
    const uint32_t data = top->wb_dat_r;
    tick();
    if (done && !wrong) {
      top->wb_cyc = top->wb_stb = 0;
      tick();
      return data;
    }
    if (wrong) break;
  }
  std::fprintf(stderr, "bus: no answer at 0x%lx\n", address);
  std::exit(3);
}

uint32_t bus_read(unsigned long address) { return transfer(address, false, 0); }
void bus_write(unsigned long address, uint32_t value) { transfer(address, true, value); }
int interrupt_line(void) {
  tick();
  return top->nz_irq;
}

void flush_cpu_dcache(void) {
  for (size_t k = 0; k < seen.size(); k++) {
    if (memory[k] != seen[k]) bus_write(RAM_BASE + 4 * k, memory[k]);
    memory[k] = seen[k] = bus_read(RAM_BASE + 4 * k);
  }
}
void flush_l2_cache(void) {}

int main() {
  top = std::make_unique<Vtop>();
  void *place = mmap(reinterpret_cast<void *>(RAM_BASE), RAM_BYTES, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (place != reinterpret_cast<void *>(RAM_BASE)) return 4;
  memory = static_cast<uint32_t *>(place);
  top->sys_rst = 1;
  for (int turn = 0; turn < 8; turn++) tick();
  top->sys_rst = 0;
  for (int turn = 0; turn < 8; turn++) tick();
  for (size_t k = 0; k < seen.size(); k++) bus_write(RAM_BASE + 4 * k, 0);
  const int code = program(static_cast<uint64_t *>(place));
  top->final();
  top.reset();
  return code;
}
