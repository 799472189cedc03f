// A Verilated machine as a C program sees it through a driver: registers over AXI4-Lite, packets over AXI4-Stream, an interrupt.
//
// The program is a function in C, linked in. Environment: NZ_IDLE=1 sleeps until the interrupt, else the program polls;
// NZ_STALL=N holds the streams back at random, in about one cycle of N.

#include "Vmachine.h"
#include "nonzero.h"
#include "others.h"
#include "verilated.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

extern "C" int program(struct nz_device *nz, const struct nz_bus *bus);

static const uint64_t PATIENCE = 1000000;  // cycles after which a transfer counts as hung
static VerilatedContext context;
static std::unique_ptr<Vmachine> top;
static struct nz_device device;
static uint64_t cycles, interrupts, sleeps, noise = 1;
static unsigned stall;

static bool held() {
  noise = noise * 6364136223846793005u + 1442695040888963407u;
  return stall && (noise >> 33) % stall == 0;
}

// A stream that the machine has besides; OTHERS(FOR) names each, FOR(prefix).
struct Other {
  const char *name;
  const uint8_t *bytes;
  size_t size, left;
  bool valid;
};
#define DECLARE(prefix) {#prefix, nullptr, 0, 0, false},
static Other others[] = {OTHERS(DECLARE) {nullptr, nullptr, 0, 0, false}};

static void settle() {
  top->clk = 0;
  Other *other = others;
#define DRIVE(prefix)                                                          \
  if (other->left) std::memcpy(&top->prefix##_tdata, other->bytes, other->size); \
  top->prefix##_tvalid = other++->valid;
  OTHERS(DRIVE)
  (void)other;
  top->eval();
}

static void tick() {
  settle();
  Other *other = others;
#define TAKE(prefix)                                      \
  if (other->valid && top->prefix##_tready) {             \
    other->bytes += other->size;                          \
    other->left--;                                        \
    other->valid = false;                                 \
  }                                                       \
  other->valid = other->left && (other->valid || !held()); \
  other++;
  OTHERS(TAKE)
  (void)other;
  top->clk = 1;
  top->eval();
  cycles++;
}

static enum nz_result offer_transfers(void *, const char *stream, const uint8_t *bytes, size_t size, size_t count) {
  for (Other *other = others; other->name; other++) {
    if (std::strcmp(other->name, stream) == 0) {
      *other = {other->name, bytes, size, count, false};
      return NZ_OK;
    }
  }
  return NZ_TRANSFER;
}

static void die(const char *what, uint32_t offset) {
  std::fprintf(stderr, "bus: %s at offset 0x%x after %llu cycles\n", what, offset, static_cast<unsigned long long>(cycles));
  std::exit(3);
}

// A handshake: ticks until ready was seen with valid; the caller has set valid.
template <typename Signal> static void until(const Signal &ready, const char *what, uint32_t offset) {
  for (uint64_t turn = 0;; turn++) {
    settle();
    const bool taken = ready;
    tick();
    if (taken) return;
    if (turn > PATIENCE) die(what, offset);
  }
}

static uint32_t read_register(void *, uint32_t offset) {
  top->s_axil_araddr = offset;
  top->s_axil_arvalid = 1;
  until(top->s_axil_arready, "no address taken", offset);
  top->s_axil_arvalid = 0;
  top->s_axil_rready = 1;
  for (settle(); !top->s_axil_rvalid; settle()) tick();
  const uint32_t data = top->s_axil_rdata;
  if (top->s_axil_rresp) die("a read was answered with an error", offset);
  tick();
  top->s_axil_rready = 0;
  return data;
}

static void write_register(void *, uint32_t offset, uint32_t value) {
  top->s_axil_awaddr = offset;
  top->s_axil_wdata = value;
  top->s_axil_wstrb = 15;
  top->s_axil_awvalid = top->s_axil_wvalid = 1;
  while (top->s_axil_awvalid || top->s_axil_wvalid) {
    settle();
    const bool address = top->s_axil_awready, data = top->s_axil_wready;
    tick();
    if (address) top->s_axil_awvalid = 0;
    if (data) top->s_axil_wvalid = 0;
  }
  top->s_axil_bready = 1;
  for (settle(); !top->s_axil_bvalid; settle()) tick();
  if (top->s_axil_bresp) die("a write was answered with an error", offset);
  tick();
  top->s_axil_bready = 0;
}

static enum nz_result send_packet(void *, const uint64_t *words, size_t count) {
  for (size_t k = 0; k < count; k++) {
    while (held()) tick();
    top->s_axis_tdata = words[k];
    top->s_axis_tlast = k + 1 == count;
    top->s_axis_tvalid = 1;
    until(top->s_axis_tready, "no word taken", 0);
    top->s_axis_tvalid = 0;
  }
  return NZ_OK;
}

static uint64_t *place;
static size_t room, taken;

static void expect_packet(void *, uint64_t *words, size_t most) {
  place = words;
  room = most;
  taken = 0;
}

static enum nz_result receive_packet(void *, size_t *got) {
  for (int turn = 0; turn < 64; turn++) {
    top->m_axis_tready = !held();
    settle();
    const bool valid = top->m_axis_tready && top->m_axis_tvalid, last = top->m_axis_tlast;
    if (valid && taken == room) {
      top->m_axis_tready = 0;
      return NZ_TRANSFER;
    }
    if (valid) place[taken++] = top->m_axis_tdata;
    tick();
    top->m_axis_tready = 0;
    if (valid && last) {
      *got = taken;
      return NZ_OK;
    }
  }
  return NZ_TIMEOUT;
}

// The processor sleeps; the interrupt's handler runs, and it goes on.
static void sleep_until(void *, const volatile uint32_t *interrupted) {
  sleeps++;
  for (uint64_t turn = 0; !*interrupted && turn < PATIENCE; turn++) {
    tick();
    if (top->irq) {
      interrupts++;
      nz_interrupt(&device);
    }
  }
}

int main(int argc, char **argv) {
  context.commandArgs(argc, argv);
  const char *asked = std::getenv("NZ_STALL");
  stall = asked ? static_cast<unsigned>(std::atoi(asked)) : 0;
  top = std::make_unique<Vmachine>(&context, "machine");
  top->rst = 1;
  for (int turn = 0; turn < 4; turn++) tick();
  top->rst = 0;
  struct nz_bus bus = {};
  bus.read = read_register;
  bus.write = write_register;
  bus.send = send_packet;
  bus.expect = expect_packet;
  bus.offer = offer_transfers;
  bus.receive = receive_packet;
  bus.idle = std::getenv("NZ_IDLE") ? sleep_until : nullptr;
  const int code = program(&device, &bus);
  std::fprintf(stderr, "cycles %llu, sleeps %llu, interrupts %llu\n", static_cast<unsigned long long>(cycles),
               static_cast<unsigned long long>(sleeps), static_cast<unsigned long long>(interrupts));
  top->final();
  top.reset();
  return code;
}
