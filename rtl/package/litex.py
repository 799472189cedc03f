"""The machine as a module of LiteX: registers on a system's bus, an interrupt, DMA between its memory and the streams."""

from collections.abc import Iterator
from typing import Any

from rtl.package.amaranth import title
from rtl.package.port import Port, buses, is_stream, ports
from rtl.package.word import size

TEXT = '''"""{name} as a LiteX module, made by {generator}: the Verilog beside this file, in one instance."""

from pathlib import Path

from litex.gen import LiteXModule
from litex.soc.cores.dma import WishboneDMAReader, WishboneDMAWriter
from litex.soc.integration.soc import SoCRegion
from litex.soc.interconnect import axi, stream, wishbone
from migen import ClockSignal, Instance, ResetSignal, Signal

VERILOG = Path(__file__).with_name("{name}.v")
SIZE = 0x{size:x}
COUNT = {{"valid_token_count"}}     # what a converter says of its words and a stream does not take


class Interrupt:
    """The machine's interrupt as LiteX looks for it; what raises and clears it is in the machine's own registers."""

    def __init__(self):
        self.irq = Signal()


class {title}(LiteXModule):
    """The machine {name}.

    ``bus`` is its AXI4-Lite slave, ``sink`` takes packets and ``source`` gives results, both of 64 bits with ``last``. A stream
    that this machine has besides is an endpoint by its own name, for the system to feed.

    Parameters
    ----------
    platform : platform
        Gets the Verilog as a source.
    """

    def __init__(self, platform):
        self.bus = bus = axi.AXILiteInterface(data_width=32, address_width=32)
        self.sink = sink = stream.Endpoint([("data", 64)])
        self.source = source = stream.Endpoint([("data", 64), ("keep", 8)])
{others}        self.ev = Interrupt()
        self.specials += Instance(
            "{name}",
            i_clk=ClockSignal("sys"),
            i_rst=ResetSignal("sys"),
            o_irq=self.ev.irq,
{joined}
        )
        platform.add_source(str(VERILOG))

    def add_to(self, soc, origin, name="{name}", dma=True):
        """Add the machine to a system: its registers at the address ``origin``, and its interrupt.

        With ``dma`` the streams have a DMA each, whose CSRs NAME_reader_* and NAME_writer_* the processor drives: base, length
        in bytes, enable. One transfer of the reader is one packet; the writer ends with a packet of results.
        """
        if dma:
            self.add_dma(soc, name)
        soc.add_module(name=name, module=self)
        soc.bus.add_slave(name, self.bus, SoCRegion(origin=origin, size=SIZE, cached=False))
        if soc.irq.enabled:
            soc.irq.add(name, use_loc_if_exists=True)

    def add_dma(self, soc, name):
        """Let the streams be fed from the system's memory and drained to it."""
        width, address = soc.bus.data_width, soc.bus.get_address_width("wishbone")
        reads, writes = (wishbone.Interface(data_width=width, adr_width=address, addressing="word") for _ in range(2))
        # "big" leaves the bytes of a word where they are: the lowest byte of a stream's word is at the lowest address
        self.reader = WishboneDMAReader(reads, endianness="big", with_csr=True)
        self.widen = stream.Converter(width, 64)
        self.comb += [self.reader.source.connect(self.widen.sink), self.widen.source.connect(self.sink, omit=COUNT)]
        self.narrow = stream.Converter(64, width)
        self.writer = WishboneDMAWriter(writes, endianness="big")
        self.writer.add_ctrl(ready_on_idle=0)               # what comes before the writer is enabled waits
        self.writer.add_csr()
        self.comb += [self.source.connect(self.narrow.sink, omit={{"keep"}}),
                      self.narrow.source.connect(self.writer.sink, omit=COUNT)]
        bus = getattr(soc, "dma_bus", soc.bus)
        bus.add_master(name=f"{{name}}_reader", master=reads)
        bus.add_master(name=f"{{name}}_writer", master=writes)
'''

BUS = """/* {name} in a LiteX system with its DMA: how the driver reaches it. The machine was added under the name {name}. */
#ifndef {guard}
#define {guard}

#include <generated/csr.h>
#include <generated/mem.h>
#include <system.h>

#include "{name}_driver.h"

/* Looks at a DMA before a packet counts as lost. */
#ifndef {upper}_TURNS
#define {upper}_TURNS 10000000u
#endif

/* Memory and what the processor sees of it become one. */
static inline void {name}_flush(void)
{{
  flush_cpu_dcache();
  flush_l2_cache();
}}

static inline enum nz_result {name}_send(void *user, const uint64_t *words, size_t count)
{{
  uint32_t turns;
  (void)user;
  {name}_flush();
  {name}_reader_enable_write(0);
  {name}_reader_base_write((uint64_t)(uintptr_t)words);
  {name}_reader_length_write((uint32_t)(count * sizeof *words));
  {name}_reader_enable_write(1);
  for (turns = 0; turns < {upper}_TURNS; turns++) {{
    if ({name}_reader_done_read()) {{
      return NZ_OK;
    }}
  }}
  return NZ_TRANSFER;
}}

/* A packet longer than most words is not seen as one: its rest comes with the next. */
static inline void {name}_expect(void *user, uint64_t *words, size_t most)
{{
  (void)user;
  {name}_flush();
  {name}_writer_enable_write(0);
  {name}_writer_base_write((uint64_t)(uintptr_t)words);
  {name}_writer_length_write((uint32_t)(most * sizeof *words));
  {name}_writer_enable_write(1);
}}

static inline enum nz_result {name}_receive(void *user, size_t *got)
{{
  (void)user;
  if (!{name}_writer_done_read()) {{
    return NZ_TIMEOUT;
  }}
  *got = {name}_writer_offset_read() / (64 / CONFIG_BUS_DATA_WIDTH);
  {name}_flush();
  return NZ_OK;
}}

/* The bus for {design}_open; set idle to sleep instead of polling. */
static inline struct nz_bus {name}_bus(void)
{{
  struct nz_bus bus = {{(volatile uint32_t *){upper}_BASE, NULL, NULL, {name}_send, {name}_expect, {name}_receive,
                        NULL, NULL, NULL}};
  return bus;
}}

#endif /* {guard} */
"""
"""Bus of the C driver."""

CHANNELS = {"aw": ("addr", "prot"), "w": ("data", "strb"), "b": ("resp",), "ar": ("addr", "prot"), "r": ("data", "resp")}
"""Payload of each channel of AXI4-Lite; each has ``valid`` and ``ready`` besides."""

REGISTERS = "s_axil"
OWN = {"s_axis": "sink", "m_axis": "source"}
"""Streams that every machine has -> their endpoints."""


def files(manifest: dict[str, Any]) -> dict[str, str]:
    """Return the module ``NAME_litex.py`` with a class named after the machine, ``Eie4`` of ``eie_4``, and ``NAME_litex.h``."""
    name = manifest["name"]
    joined = "\n".join(f"            {port.direction[0]}_{port.name}={_signal(port)}," for port in ports(manifest) if port.bus)
    others = "".join(f'        self.{bus} = {bus} = stream.Endpoint([{", ".join(_payload(found))}])\n'
                     for bus, found in buses(manifest) if is_stream(found) and bus not in OWN)
    module = TEXT.format(name=name, generator=manifest["generator"], title=title(name), joined=joined, size=size(manifest),
                         others=others)
    bus = BUS.format(name=name, upper=name.upper(), design=manifest["design"], guard=f"{name}_litex_h".upper())
    return {f"{name}_litex.py": module, f"{name}_litex.h": bus}


def _payload(found: list[Port]) -> Iterator[str]:
    for port in found:
        if port.channel not in ("tvalid", "tready", "tlast"):
            yield f'("{port.channel.removeprefix("t")}", {port.bits})'


def _signal(port: Port) -> str:
    """Return LiteX's name of a port's signal: ``bus.aw.addr`` of ``s_axil_awaddr``, ``sink.data`` of ``s_axis_tdata``."""
    if port.bus != REGISTERS:
        return f"{OWN.get(port.bus, port.bus)}.{port.channel.removeprefix('t')}"
    channel = next(channel for channel in sorted(CHANNELS, key=len, reverse=True) if port.channel.startswith(channel)
                   and port.channel.removeprefix(channel) in (*CHANNELS[channel], "valid", "ready"))
    return f"bus.{channel}.{port.channel.removeprefix(channel)}" + (f"[:{port.bits}]" if port.channel.endswith("addr") else "")
