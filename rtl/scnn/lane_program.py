"""The program of a weight lane: the head of a layer and its segments, read ahead of what is taken."""

from dataclasses import dataclass

from amaranth.hdl import Cat, Mux, Signal, Value

from rtl.parts import clock, delayed
from rtl.scnn.bus import PAIR_BITS, PASS_BITS, Widths, fields
from spec.framing import WORD_BITS
from spec.scnn.program import LANE_LAYER, LANE_SEGMENT


class Registers:
    """Fields of the records by name: of the ``layer``, of the ``segment`` at hand, and of the one ``following`` it."""

    def __init__(self):
        self.layer, self.segment, self.following = (
            {name: Signal(width, name=f"{kind}_{name}") for name, (_, width) in table.items()}
            for kind, table in (("layer", LANE_LAYER), ("segment", LANE_SEGMENT), ("next", LANE_SEGMENT)))


class Position:
    """Registers that say how far a lane is in its layer.

    It is ``busy`` until its last take; takes ``biases``, the next one of ``channel``, or is ``inside`` a block, of which it has
    taken ``number`` times; ``pair`` is counted within the segment, ``done`` within the pass and ``pass_`` within the layer;
    ``passed`` are the passes of the layers before, modulo 4, and ``offset`` is that of the pair.
    """

    def __init__(self, address_bits: int):
        self.busy, self.biases, self.inside = (Signal() for _ in range(3))
        self.channel, self.number = Signal(9, name="channel"), Signal(16, name="number")
        self.pair, self.pass_, self.done = (Signal(size) for size in (PAIR_BITS, PASS_BITS, PAIR_BITS))
        self.passed = Signal(2)
        self.offset = Signal(address_bits)


@dataclass(frozen=True, kw_only=True)
class Following:
    """Where the program stands.

    Parameters
    ----------
    begun : list of Value
        The start of the layer, 2, 3, 4 and 5 cycles ago: the head's words arrive in the first two, the first segment's in the
        third, and from the last on the segment is at hand.
    only : Value
        The layer has one segment.
    """

    begun: list[Value]
    only: Value


def follow_program(m, take, registers: Registers, *, have, leave) -> Following:
    """Read the layer's records in a row; then keep the segment after the one at hand ready.

    Parameters
    ----------
    m : Module
    take : Take
    registers : Registers
    have : Signal
        Set while the segment at hand is valid.
    leave : Signal
        The segment at hand ends in this cycle.
    """
    w = Widths(take.spec)
    word, addr, place = Signal(WORD_BITS), Signal(w.program), Signal(w.program)
    take.library.cell(m, "program", "nz_ram", p_WIDTH=WORD_BITS, p_DEPTH=take.spec.program, p_LANES=1,
                       p_ADDR_BITS=w.program, i_clk=clock(), i_we=take.we, i_waddr=take.load_addr[:w.program],
                       i_wdata=take.load_data, i_re=1, i_oe=1, i_raddr=place, o_rdata=word)
    first, number = Signal(w.program), Signal(8)
    ready, asked, fetch, only = Signal(), Signal(), Signal(), Signal()
    step = Signal(2)
    m.d.comb += [
        place.eq(Mux(take.start, take.start_addr, addr)),
        only.eq(registers.layer["segments"] == 1),
        fetch.eq(have & ~ready & ~asked & ~only & (step == 0) & ~take.start),
    ]
    with m.If(take.start):
        m.d.sync += [
            step.eq(1),
            addr.eq(take.start_addr + 1),
            first.eq(take.start_addr + 2),
            have.eq(0),
            ready.eq(0),
            asked.eq(0),
            number.eq(0),
        ]
    with m.If(step != 0):
        m.d.sync += [
            step.eq(step + 1),
            addr.eq(addr + (step != 3)),
        ]
    begun = [delayed(m, take.start, "begun", cycles=2)]
    for k in range(3):
        begun.append(delayed(m, begun[-1], f"begun{k}", cycles=1))
    for part, arrives in enumerate(begun[:2]):
        record = fields(Cat(word, word), LANE_LAYER)
        with m.If(arrives):
            m.d.sync += [register.eq(record[name]) for name, register in registers.layer.items()
                         if LANE_LAYER[name][0] // WORD_BITS == part]
    segment = fields(word, LANE_SEGMENT)
    with m.If(fetch):
        last = number + 1 == registers.layer["segments"]
        m.d.sync += [
            asked.eq(1),
            number.eq(Mux(last, 0, number + 1)),
            addr.eq(Mux(last, first + 1, addr + 1)),
        ]
        m.d.comb += place.eq(Mux(last, first, addr))
    with m.If(leave & ~only):
        m.d.sync += [
            *(register.eq(registers.following[name]) for name, register in registers.segment.items()),
            have.eq(ready),
            ready.eq(0),
        ]
    with m.Elif(ready & ~have):
        m.d.sync += [
            *(register.eq(registers.following[name]) for name, register in registers.segment.items()),
            have.eq(1),
            ready.eq(0),
        ]
    # a segment that comes in the cycle in which another leaves waits for one cycle more
    with m.If(delayed(m, fetch, "came", cycles=2)):
        m.d.sync += [
            *(register.eq(segment[name]) for name, register in registers.following.items()),
            ready.eq(1),
            asked.eq(0),
        ]
    with m.If(begun[2]):
        m.d.sync += [register.eq(segment[name]) for name, register in registers.segment.items()]
    with m.If(begun[3]):
        m.d.sync += have.eq(1)
    return Following(begun=begun, only=only)
