"""The supply program of a PE: the words of a layer's head, of its segments and of their parts, read when they are needed."""

from amaranth.hdl import Cat, Mux, Signal, Value

from rtl.parts import delayed
from rtl.scnn.bus import Widths, fields
from spec.scnn.program import SUPPLY_LAYER, SUPPLY_PART, SUPPLY_SEGMENT

LAYER, SEGMENT, PART, BASE, NOTHING = range(5)      # words of a fetch in their order


class Registers:
    """Fields of the records by name: of the ``layer``, of the ``segment`` and of the ``part`` at hand."""

    def __init__(self, w: Widths):
        self.layer, self.segment, self.part = (
            {name: Signal(width, name=f"{kind}_{name}") for name, width in w.of_record(table).items()}
            for kind, table in (("layer", SUPPLY_LAYER), ("segment", SUPPLY_SEGMENT), ("part", SUPPLY_PART)))


def arriving(lookup) -> dict[str, Value]:
    """Return the fields of a part in the word that arrives, as if it were each of its words."""
    return fields(Cat(lookup.program, lookup.program), SUPPLY_PART)


def read_supply(m, lookup, registers: Registers, last, single) -> list[Value]:
    """Read the words from a layer's head, a segment or a part on to the last one of a part; each arrives two cycles later.

    Where the next record begins is known before the lookup, so it is addressed all the time between two fetches.

    Parameters
    ----------
    m : Module
    lookup : Lookup
    registers : Registers
    last : dict
        Whether the part, pair, segment and pass at hand are the last ones.
    single : Value
        A record serves all pairs of its segment.

    Returns
    -------
    list of Value
        Whether word `LAYER`, `SEGMENT`, `PART` or `BASE` arrives.
    """
    w = Widths(lookup.spec)
    step, now = Signal(range(NOTHING + 1), init=NOTHING), Signal(range(NOTHING + 1))
    addr, heads, first_segment = (Signal(w.program, name=name) for name in ("addr", "heads", "first_segment"))
    place, between = Signal(w.program), Signal(init=1)
    after, after_last = (Signal(w.program, name=name) for name in ("after", "after_last"))
    m.d.sync += [                                           # whether the pair is the last one is known later than the rest
        after.eq(Mux(last["part"], heads, addr)),
        after_last.eq(Mux(last["part"] & last["segment"], first_segment, addr)),
    ]
    m.d.comb += [
        now.eq(step),
        place.eq(addr),
        lookup.program_addr.eq(place),
    ]
    with m.If(lookup.start):
        m.d.comb += [
            now.eq(LAYER),
            place.eq(lookup.start_addr),
        ]
    with m.Elif(between):
        with m.If(lookup.o_valid & ~(last["part"] & ~last["pair"] & single)):
            m.d.comb += now.eq(Mux(last["part"] & last["pair"], SEGMENT, PART))
        m.d.comb += place.eq(Mux(last["pair"], after_last, after))
    with m.If(now != NOTHING):
        m.d.sync += [
            addr.eq(place + 1),
            step.eq(Mux(now == BASE, NOTHING, now + 1)),
            between.eq(now == BASE),
        ]
    with m.If(lookup.start):                                # which is early; ``now`` is not
        m.d.sync += first_segment.eq(place + 1)
    with m.If(now == SEGMENT):
        m.d.sync += heads.eq(place + 1)
    arrives = [delayed(m, now == word, f"arrives{word}", cycles=2) for word in range(NOTHING)]
    low = arriving(lookup)
    for word, kept, values in ((LAYER, registers.layer, fields(lookup.program, SUPPLY_LAYER)),
                               (SEGMENT, registers.segment, fields(lookup.program, SUPPLY_SEGMENT)),
                               (PART, registers.part, {name: low[name] for name in SUPPLY_PART if name != "base"}),
                               (BASE, registers.part, {"base": low["base"]})):
        with m.If(arrives[word]):
            m.d.sync += [kept[name].eq(value) for name, value in values.items()]
    return arrives
