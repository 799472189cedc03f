"""A drain step as operations of the side port: when they are made, on which accumulators, and what is said of each."""

from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Mux, Signal, Value

from rtl.parts import delayed
from rtl.scnn.bus import Widths, bank_and_entry
from spec.scnn.program import KINDS
from spec.scnn.shape import POST


@dataclass(frozen=True, kw_only=True)
class Pace:
    """When the operations of a step are made.

    Parameters
    ----------
    tick, init : Value
        An operation may be made in this cycle; the loops begin in the next one.
    stop : Value
        For the operations to drive: this is the last one.
    ended : Value
        The step is over.
    post, gaps, hollow : Value
        Of the step: it post-processes; there are zeros after its rows; it has no outputs, and takes one cycle per channel.
    """

    tick: Value
    init: Value
    stop: Value
    ended: Value
    post: Value
    gaps: Value
    hollow: Value


def add_pace(m, step, begin) -> Pace:
    """Say in which cycles operations are made, the first one four cycles after the begin, and when a step ends.

    What is known of a step before its operations is in registers from then on.
    """
    active, running, odd, tail = Signal(), Signal(), Signal(), Signal(range(POST + 2))
    clock_ = Signal(len(step["cycles"]))
    tick, stop, ended = (Signal() for _ in range(3))
    init = delayed(m, begin, "init", cycles=3)
    send, clear, some = Signal(), Signal(), Signal()
    posts, gaps, hollow = (Signal() for _ in range(3))
    post = step["kind"] == KINDS["post"]
    m.d.comb += some.eq(step["ny"].any() & step["nx"].any())
    m.d.sync += [
        send.eq(step["kind"] == KINDS["send"]),
        clear.eq(step["kind"] == KINDS["clear"]),
        posts.eq(post),
        gaps.eq(post & step["gap"].any()),
        hollow.eq(post & ~some),
    ]
    m.d.comb += tick.eq(running & ~(send & odd))
    m.d.sync += [
        clock_.eq(clock_ + 1),
        odd.eq(~odd),
        ended.eq(active & Mux(send, clock_ == step["cycles"],
                                    ~running & Mux(clear, tail == 0, tail == POST))),
    ]
    with m.If(init):
        m.d.sync += [
            running.eq(step["nk"].any() & (some | post)),
            odd.eq(0),
            active.eq(1),
        ]
    with m.If(stop):
        m.d.sync += running.eq(0)
    with m.If(active & ~running):
        m.d.sync += tail.eq(tail + 1)
    with m.If(ended):
        m.d.sync += active.eq(0)
    with m.If(begin):
        m.d.sync += [
            active.eq(0),
            clock_.eq(2),
            tail.eq(0),
        ]
    return Pace(tick=tick, stop=stop, ended=ended, init=init, post=posts, gaps=gaps, hollow=hollow)


def add_operations(m, drain, layer, step, pace) -> None:
    """Go through the loops of a step; an operation is made in the cycle before it is chosen."""
    w = Widths(drain.spec)
    sizes = [step[name] for name in ("wx", "wy", "nx", "ny", "nk")]         # innermost first
    strides = [Const(1, 1), step["wstride"], step["dx"], step["dy"], layer["stride"]]
    counts = [Signal(len(size), name=f"count{k}") for k, size in enumerate(sizes)]
    bases = [Signal(w.address, name=f"base{k}") for k in range(len(sizes))]
    last = [Signal(name=f"last{k}") for k in range(len(sizes))]
    gapped, wrapped = Signal(), Signal()                # wrapped: the operation before was the last one
    make, skip = Signal(), Signal()
    m.d.comb += [
        skip.eq(pace.tick & pace.hollow),
        make.eq(pace.tick & ~gapped & ~pace.hollow),
        drain.o_valid.eq(make),
        pace.stop.eq(pace.tick & Mux(pace.hollow, last[4],
                                       Mux(gapped, wrapped, Cat(last).all() & ~pace.gaps))),
    ]
    with m.If(pace.tick):
        m.d.sync += gapped.eq(make & Cat(last[:3]).all() & pace.gaps)
    with m.If(make):
        m.d.sync += wrapped.eq(Cat(last).all())
    following = bases[-1] + strides[-1]                 # next address: a step of the innermost loop that is not at its end
    for k in reversed(range(len(sizes))):
        if k < len(sizes) - 1:
            following = Mux(last[k], following, bases[k] + strides[k])
        with m.If(make & Cat(last[:k]).all()):
            m.d.sync += bases[k].eq(following)
    for k, size in enumerate(sizes):
        inner = Cat(last[:k]).all() if k else Const(1, 1)
        ends = counts[k] + 2 == size
        if k < len(sizes) - 1:                              # the outermost loop begins once
            single = Signal(name=f"single{k}")
            m.d.sync += single.eq(size <= 1)
            ends = Mux(last[k], single, ends)
        with m.If(make & inner | (skip if k == len(sizes) - 1 else 0)):
            m.d.sync += [
                counts[k].eq(Mux(last[k], 0, counts[k] + 1)),
                last[k].eq(ends),
            ]
        with m.If(pace.init):
            m.d.sync += last[k].eq(size <= 1)
    with m.If(pace.init):
        m.d.sync += [
            *(count.eq(0) for count in counts),
            *(base.eq(step["start"]) for base in bases),
            gapped.eq(0),
            wrapped.eq(0),
        ]
    bank, entry = bank_and_entry(drain.spec, bases[0])
    keep, take = step["keep"], Signal()
    m.d.comb += [
        take.eq(~keep | (step["kind"] == KINDS["clear"])),
        drain.o_side.bank.eq(bank),
        drain.o_side.entry.eq(entry),
        drain.o_side.take.eq(take),
        drain.o_side.add.eq(0),
    ]
    _add_marks(m, drain, step, pace, make=make, skip=skip, gapped=gapped, counts=counts, last=last, address=bases[0])


def _add_marks(m, drain, step, pace, *, make, skip, gapped, counts, last, address):
    """Say of the operation that is chosen in this cycle what post-processing and links must know."""
    mark = drain.o_mark
    sent = step["kind"] == KINDS["send"]
    m.d.sync += [
        drain.o_send.eq(make & sent),
        mark.valid.eq(make & pace.post),
        mark.none.eq(skip),
        mark.gap.eq(pace.tick & gapped & ~mark.channel_end),
        mark.first.eq(~Cat(counts[:2]).any()),
        mark.last.eq(Cat(last[:2]).all()),
        mark.channel_end.eq(Cat(last[:4]).all() | skip),
        mark.k.eq(counts[4]),
    ]
    own = Signal(Widths(drain.spec).address, name="own")
    m.d.sync += own.eq(address)
    edges = Signal(4)
    place = [delayed(m, count, f"place{k}", cycles=1, reset_less=True) for k, count in enumerate(counts[:2])]
    m.d.sync += edges.eq(Cat(~counts[3].any(), last[3], ~counts[2].any(), last[2]))
    m.d.comb += [
        mark.channel.eq(step["k0"] + mark.k),
        mark.ignored.eq(edges[0] & (place[1] < step["top"]) | edges[1] & (place[1] + step["bottom"] >= step["wy"])
                        | edges[2] & (place[0] < step["left"]) | edges[3] & (place[0] + step["right"] >= step["wx"])),
        drain.o_address.eq(own + step["delta"]),
        drain.o_direction.eq(step["direction"]),
        drain.o_level.eq(step["level"]),
    ]
