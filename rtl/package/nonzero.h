/* What a program without an operating system does with any nonzero machine: no heap, no library, C99 or C++.
 *
 * The system fills in a struct nz_bus: how it reaches the registers, how it sends and receives a packet, how it sleeps.
 * NAME_driver.h has the rest: NAME_open, setters of registers, counters. A program that uses two machines of one kind but of
 * different numbers compiles each driver in a file of its own: every name in it is local.
 */
#ifndef NONZERO_H
#define NONZERO_H

#include <stddef.h>
#include <stdint.h>

enum nz_result {
  NZ_OK = 0,
  NZ_TIMEOUT,  /* the machine did not end within the turns granted */
  NZ_REFUSED,  /* the machine was not ready for the command, and did nothing */
  NZ_BROKEN,   /* a packet was not as long as its header said, or was for a place that does not exist */
  NZ_TRANSFER, /* the system's send or receive did not do its work */
  NZ_MACHINE,  /* the registers are not those of the machine that the driver is for */
  NZ_RANGE,    /* a value does not fit its field: nothing was written */
  NZ_IMAGE     /* the words are not whole packets: nothing more was sent */
};

/* How a system reaches a machine. */
struct nz_bus {
  /* Where the registers are in memory, or NULL: then read and write are called instead. */
  volatile uint32_t *base;
  uint32_t (*read)(void *user, uint32_t offset);
  void (*write)(void *user, uint32_t offset, uint32_t value);
  /* Send one packet, TLAST with its last word; return NZ_OK, or NZ_TRANSFER if that failed. The words may be reused then. */
  enum nz_result (*send)(void *user, const uint64_t *words, size_t count);
  /* Make ready to take one packet of at most so many words, up to TLAST; start a DMA for it, if there is one. What was to be
     taken before and did not come is given up. */
  void (*expect)(void *user, uint64_t *words, size_t most);
  /* Go on taking the packet: NZ_TIMEOUT while it is not whole, NZ_OK and its words when it is, NZ_TRANSFER if that failed. */
  enum nz_result (*receive)(void *user, size_t *got);
  /* Offer transfers on another stream of the machine, beside all that follows, and drop what is left of an offer before; NULL
     where there is none. stream is the prefix of its ports; bytes holds count transfers of size bytes, the lowest first, and
     stays as it is until they are taken. */
  enum nz_result (*offer)(void *user, const char *stream, const uint8_t *bytes, size_t size, size_t count);
  /* Sleep until *interrupted is not 0, or for a while; NULL to poll. Test it with interrupts off, as in "cli; if (!*interrupted)
     wfi; sti", or an interrupt between test and sleep is missed. */
  void (*idle)(void *user, const volatile uint32_t *interrupted);
  void *user;
};

/* What differs between machines; in NAME_driver.h. Offsets of registers, and masks of their fields. */
struct nz_constant {
  uint32_t offset, value;
};
struct nz_map {
  const struct nz_constant *constants;
  size_t count;
  uint32_t flags, done, refused, broken, events;
  uint32_t irq_enable, irq;
  uint32_t status, busy; /* a mask of 0 where the machine does not say that it is busy */
};

struct nz_device {
  const struct nz_bus *bus;
  const struct nz_map *map;
  volatile uint32_t interrupted;
};

/* Bits of a field in the word of a register: NZ_FIELD(word, EIE_STATUS_BUSY). */
#define NZ_FIELD(word, field) (((word) & field##_MASK) >> field##_LSB)

static inline uint32_t nz_read(const struct nz_device *nz, uint32_t offset)
{
  return nz->bus->base ? nz->bus->base[offset / 4] : nz->bus->read(nz->bus->user, offset);
}

static inline void nz_write(const struct nz_device *nz, uint32_t offset, uint32_t value)
{
  if (nz->bus->base) {
    nz->bus->base[offset / 4] = value;
  } else {
    nz->bus->write(nz->bus->user, offset, value);
  }
}

/* A counter of 64 bits, by the offset of its low word, which is read first: that keeps the high word of the moment. */
static inline uint64_t nz_counter(const struct nz_device *nz, uint32_t offset)
{
  const uint64_t low = nz_read(nz, offset);
  return low | (uint64_t)nz_read(nz, offset + 4) << 32;
}

/* Wait until the machine takes a command; it ignores one while it is busy, as it is for some cycles after a reset. Look at most
   so many turns. */
static inline enum nz_result nz_ready(const struct nz_device *nz, uint32_t turns)
{
  if (!nz->map->busy) {
    return NZ_OK;
  }
  for (; turns > 0; turns--) {
    if (!(nz_read(nz, nz->map->status) & nz->map->busy)) {
      return NZ_OK;
    }
  }
  return NZ_TIMEOUT;
}

/* Begin with a machine, whose constants must be those that the driver was written for. */
static inline enum nz_result nz_open(struct nz_device *nz, const struct nz_bus *bus, const struct nz_map *map)
{
  size_t k;
  nz->bus = bus;
  nz->map = map;
  nz->interrupted = 0;
  for (k = 0; k < map->count; k++) {
    if (nz_read(nz, map->constants[k].offset) != map->constants[k].value) {
      return NZ_MACHINE;
    }
  }
  return NZ_OK;
}

/* The first word of a packet: its type, the words after the header, and where they go. */
static inline uint64_t nz_header(uint32_t type, uint32_t length, uint32_t address)
{
  return (uint64_t)(type & 0xffu) | (uint64_t)(length & 0xffffffu) << 8 | (uint64_t)address << 32;
}

/* Send one packet, its header first. */
static inline enum nz_result nz_send(const struct nz_device *nz, const uint64_t *words, size_t count)
{
  return nz->bus->send(nz->bus->user, words, count);
}

/* Offer transfers on another stream of the machine, such as the weights of an SCNN array, before the command that takes them. */
static inline enum nz_result nz_offer(const struct nz_device *nz, const char *stream, const uint8_t *bytes, size_t size,
                                      size_t count)
{
  return nz->bus->offer ? nz->bus->offer(nz->bus->user, stream, bytes, size, count) : NZ_TRANSFER;
}

/* Send an image, as python -m compress.firmware writes it: packets one after another, each as long as its header says. A word
   of type 0 is no packet: it is a register's offset (bits 31:8) and the value to write there (bits 63:32) or, where bit 8 is 1,
   the value that it must hold: the image is for a machine whose constants are these. */
static inline enum nz_result nz_load(const struct nz_device *nz, const uint64_t *words, size_t count)
{
  size_t at = 0;
  nz_write(nz, nz->map->flags, nz->map->broken);
  while (at < count) {
    const uint32_t length = (uint32_t)(words[at] >> 8) & 0xffffffu;
    const uint32_t value = (uint32_t)(words[at] >> 32);
    if ((words[at] & 0xffu) == 0) {
      if (!(length & 1u)) {
        nz_write(nz, length, value);
      } else if (nz_read(nz, length & ~1u) != value) {
        return NZ_MACHINE;
      }
      at++;
      continue;
    }
    if (length == 0 || length >= count - at) {
      return NZ_IMAGE;
    }
    if (nz_send(nz, words + at, (size_t)length + 1) != NZ_OK) {
      return NZ_TRANSFER;
    }
    at += (size_t)length + 1;
  }
  return nz_read(nz, nz->map->flags) & nz->map->broken ? NZ_BROKEN : NZ_OK;
}

/* For the handler of the machine's interrupt: no more of it until the next wait. */
static inline void nz_interrupt(struct nz_device *nz)
{
  nz_write(nz, nz->map->irq_enable, 0);
  nz->interrupted = 1;
}

/* Wait until a flag in mask is set, or the machine refused; look at most so many turns. A turn is a look at the flags and, where
   the bus has idle, a sleep until the interrupt. */
static inline enum nz_result nz_wait(struct nz_device *nz, uint32_t mask, uint32_t turns)
{
  for (; turns > 0; turns--) {
    uint32_t flags;
    nz->interrupted = 0;
    flags = nz_read(nz, nz->map->flags);
    if (flags & nz->map->refused) {
      return NZ_REFUSED;
    }
    if (flags & mask) {
      return NZ_OK;
    }
    if (nz->bus->idle) {
      nz_write(nz, nz->map->irq_enable, nz->map->irq);
      nz->bus->idle(nz->bus->user, &nz->interrupted);
      nz_write(nz, nz->map->irq_enable, 0);
    }
  }
  return NZ_TIMEOUT;
}

/* Give a command, a field of a register that acts when it is written, as soon as the machine takes one. Flags of before are
   cleared, but not those of broken packets, which the machine may refuse the command for. */
static inline enum nz_result nz_give(const struct nz_device *nz, uint32_t offset, uint32_t mask, uint32_t turns)
{
  const enum nz_result found = nz_ready(nz, turns);
  if (found == NZ_OK) {
    nz_write(nz, nz->map->flags, nz->map->events);
    nz_write(nz, offset, mask);
  }
  return found;
}

/* Give a command and wait for its end: the flag done. */
static inline enum nz_result nz_command(struct nz_device *nz, uint32_t offset, uint32_t mask, uint32_t turns)
{
  const enum nz_result found = nz_give(nz, offset, mask, turns);
  return found == NZ_OK ? nz_wait(nz, nz->map->done, turns) : found;
}

/* Take the packet that the bus was told to expect, unless the machine refused the command; look at most so many turns. */
static inline enum nz_result nz_receive(const struct nz_device *nz, size_t *got, uint32_t turns)
{
  enum nz_result found = NZ_TIMEOUT;
  for (; found == NZ_TIMEOUT && turns > 0; turns--) {
    found = nz->bus->receive(nz->bus->user, got);
    if (found == NZ_TIMEOUT && nz_read(nz, nz->map->flags) & nz->map->refused) {
      found = NZ_REFUSED;
    }
  }
  return found;
}

/* Give a command that is answered with one packet of results, take that, and wait for the end of the command. */
static inline enum nz_result nz_fetch(struct nz_device *nz, uint32_t offset, uint32_t mask, uint64_t *words, size_t most,
                                      size_t *got, uint32_t turns)
{
  enum nz_result found;
  nz->bus->expect(nz->bus->user, words, most);
  found = nz_give(nz, offset, mask, turns);
  if (found == NZ_OK) {
    found = nz_receive(nz, got, turns);
  }
  return found == NZ_OK ? nz_wait(nz, nz->map->done, turns) : found;
}

#endif /* NONZERO_H */
