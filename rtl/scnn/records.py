"""The drain program: which layer waits to be drained, and the words of its head and of its steps."""

from dataclasses import dataclass

from amaranth.hdl import Cat, Signal, Value

from rtl.parts import clock, delayed
from rtl.scnn.bus import Widths, fields
from spec.framing import WORD_BITS
from spec.scnn.program import DRAIN_LAYER, DRAIN_STEP

LAYERS_BITS = 2         # of the number of layers that may wait to be drained


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """Layers that have begun and are not drained.

    Parameters
    ----------
    count : Value
        How many.
    ring : Value
        Number of the oldest one since the reset, modulo 4.
    place, final : Value
        Of the oldest one where its records are, and whether it is the last of the run.
    """

    count: Value
    ring: Value
    place: Value
    final: Value


@dataclass(frozen=True, kw_only=True)
class Records:
    """What follows the records of a layer.

    Parameters
    ----------
    at : Value
        Place of the step that begins next.
    load, begin : Value
        For the drain to drive: read the head of the oldest layer; begin a step, whose fields are whole three cycles later.
    loaded : Value
        The head has been read.
    """

    at: Value
    load: Value
    begin: Value
    loaded: Value


def keep_layers(m, drain, next_layer) -> Waiting:
    """Add the queue of layers to a drain; ``next_layer`` says that the oldest one is drained."""
    waiting, write, read = Signal(LAYERS_BITS + 1), Signal(LAYERS_BITS), Signal(LAYERS_BITS)
    key = Cat(drain.start_addr, drain.start_final)
    oldest = Signal(len(key))
    drain.library.cell(m, "layers", "nz_regfile", p_WIDTH=len(key), p_DEPTH=1 << LAYERS_BITS, p_ADDR_BITS=LAYERS_BITS,
                       i_clk=clock(), i_we=drain.start, i_waddr=write, i_wdata=key, i_raddr=read, o_rdata=oldest)
    m.d.sync += [
        waiting.eq(waiting + drain.start - next_layer),
        write.eq(write + drain.start),
        read.eq(read + next_layer),
    ]
    return Waiting(count=waiting, ring=read, place=oldest[:Widths(drain.spec).program], final=oldest[-1])


def read_records(m, drain, oldest, of_layer, of_step) -> Records:
    """Read the head of a layer, or a step: word 0 is addressed all the time, so it arrives a cycle after the begin.

    Parameters
    ----------
    m : Module
    drain : Drain
    oldest : Value
        Where the records of the layer that is loaded next begin.
    of_layer, of_step : dict
        Registers that the fields of the layer and of the step are kept in, by name.
    """
    bits = Widths(drain.spec).program
    place, step = Signal(bits), Signal(2)
    at, load, begin = (Signal(size) for size in (bits, 1, 1))
    m.d.comb += place.eq(at)
    with m.If(load):
        m.d.comb += place.eq(oldest)
    with m.Elif(step != 0):
        m.d.comb += place.eq(at + step)
    with m.Elif(begin):
        m.d.comb += place.eq(at + 1)
    m.d.comb += drain.program_addr.eq(place)
    m.d.sync += step.eq(0)
    with m.If(load):
        m.d.sync += [
            step.eq(1),
            at.eq(oldest),
        ]
    with m.If(begin):
        m.d.sync += step.eq(2)
    with m.If(step != 0):
        m.d.sync += at.eq(at + step + 1)
    came = [delayed(m, begin, "came0", cycles=1)]
    came += [delayed(m, came[0], "came1", cycles=1)]
    came += [delayed(m, came[1], "came2", cycles=1)]
    loaded = [delayed(m, load, "loaded0", cycles=2)]
    loaded += [delayed(m, loaded[0], "loaded1", cycles=1)]
    for arrivals, table, registers in ((loaded, DRAIN_LAYER, of_layer), (came, DRAIN_STEP, of_step)):
        for part, arrives in enumerate(arrivals):
            record = fields(Cat(*(drain.program for _ in arrivals)), table)
            with m.If(arrives):
                m.d.sync += [register.eq(record[name]) for name, register in registers.items()
                             if table[name][0] // WORD_BITS == part]
    return Records(at=at, load=load, begin=begin, loaded=loaded[1])
