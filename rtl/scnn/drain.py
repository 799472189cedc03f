"""Drain: the steps of a pass, turned into operations of the accumulators' side port."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Submodules
from rtl.parts import clock, delayed
from rtl.scnn.bus import ADDRESS_FIELD_BITS, PASS_BITS, Widths, fields, placed
from rtl.scnn.issue import Cause
from rtl.scnn.lookup import DRAINED_BITS
from spec.framing import WORD_BITS
from spec.scnn.program import CAUSES, DRAIN_LAYER, DRAIN_STEP, KINDS
from spec.scnn.shape import HEAD, POST, PUSH, ScnnSpec

LAYERS_BITS = 2         # of the number of layers that may wait to be drained
COMPLETE = PUSH + HEAD + 1
CYCLES_BITS = DRAIN_STEP["cycles"][1]
CAUSE = {CAUSES["drain"]: Cause.DRAIN, CAUSES["halo"]: Cause.HALO, CAUSES["reduction"]: Cause.REDUCTION}


def side_layout(spec: ScnnSpec) -> data.StructLayout:
    """Return an operation of the side port: READ has neither ``take`` nor ``add``."""
    w = Widths(spec)
    return data.StructLayout({"bank": w.bank, "entry": w.entry, "take": 1, "add": 1})


def mark_layout(spec: ScnnSpec) -> data.StructLayout:
    """Return what post-processing must know of an operation, or of a cycle without one: a gap, or a channel of no outputs."""
    w = Widths(spec)
    return data.StructLayout({"valid": 1, "gap": 1, "none": 1, "first": 1, "last": 1, "ignored": 1, "channel_end": 1,
                              "channel": w.channel, "k": w.channel})


class Drain(wiring.Component):
    """Drains pass after pass as the drain program says.

    Members
    -------
    start, start_addr, start_final : ``In``
        A layer begins; ``final``, it is the last of the run.
    program_addr : ``Out``, program : ``In``
        The drain program, read in two cycles.
    pass_issued : ``In(1)``, heads : ``In(2)``
        Last issue of a pass; heads of the crossbar by buffer.
    arrive : ``Out(1)``, go : ``In(1)``
        The PE is ready to drain and waits for the others; all are ready.
    o_valid, o_side : ``Out``
        An operation, a cycle before it is chosen.
    o_mark : ``Out``
        Of that operation, for post-processing, in the cycle after.
    o_send, o_direction, o_level, o_address : ``Out``
        In the cycle after: the operation's old value goes to a neighbour, to this address.
    layer_shift, layer_relu, layer_bias, layer_word, layer_limit, layer_level : ``Out``
        Fields of the layer being drained; ``fresh`` when it has been loaded.
    block, pool, gap : ``Out``
        For post-processing, of the step at hand: index of the block of channel 0, reduction, zeros behind a row.
    buffer : ``Out(1)``, ring : ``Out(2)``
        Buffer of the pass being drained; its number modulo 4.
    pass_drained, finished : ``Out(1)``
        In the cycle in which a pass is drained; the run's last one.
    drained : ``Out``
        Passes drained since the reset.
    draining, cause : ``Out``
        A pass of the PE is not drained; the drain's cause.
    """

    def __init__(self, spec: ScnnSpec, library: Submodules):
        self._spec, self._library, self._w = spec, library, Widths(spec)
        w = self._w
        shown = {name: DRAIN_LAYER[name][1] for name in ("shift", "relu", "bias", "word", "limit", "level")}
        self._shown = tuple(shown)
        super().__init__({f"layer_{name}": Out(bits) for name, bits in shown.items()} | {
            "start": In(1), "start_addr": In(ADDRESS_FIELD_BITS), "start_final": In(1), "program_addr": Out(w.program),
            "program": In(WORD_BITS), "pass_issued": In(1), "heads": In(2), "arrive": Out(1), "go": In(1), "o_valid": Out(1),
            "o_side": Out(side_layout(spec)), "o_mark": Out(mark_layout(spec)), "o_send": Out(1), "o_direction": Out(2),
            "o_level": Out(3), "o_address": Out(w.address), "fresh": Out(1), "block": Out(w.block),
            "pool": Out(2), "gap": Out(5), "buffer": Out(1), "ring": Out(2), "pass_drained": Out(1), "finished": Out(1),
            "drained": Out(DRAINED_BITS), "draining": Out(1), "cause": Out(Cause)})

    def elaborate(self, platform):
        m = Module()
        self._layer = {name: Signal(width, name=f"of_layer_{name}") for name, (_, width) in DRAIN_LAYER.items()}
        self._step = {name: Signal(width, name=f"of_step_{name}") for name, (_, width) in DRAIN_STEP.items()}
        m.d.comb += [getattr(self, f"layer_{name}").eq(self._layer[name]) for name in self._shown]
        self._passes(m)
        oldest = self._queue(m)
        self._fetch(m, oldest)
        self._pace(m)
        self._steps(m)
        self._operations(m)
        return m

    def _passes(self, m):
        """Count passes issued and not drained; a pass is complete when none of its products waits."""
        issued, open_ = Signal(2), Signal(2)
        self._complete = Signal()
        old = delayed(m, self.pass_issued, "issued", cycles=COMPLETE - 1)
        m.d.sync += [
            issued.eq(issued + old - self.pass_drained),
            open_.eq(open_ + self.pass_issued - self.pass_drained),
            self.drained.eq(self.drained + self.pass_drained),
            self.buffer.eq(self.buffer ^ self.pass_drained),
            self.ring.eq(self.ring + self.pass_drained),
        ]
        m.d.comb += [self._complete.eq(issued.any() & ~self.heads.bit_select(self.buffer, 1)),
                     self.draining.eq(open_.any())]

    def _queue(self, m):
        """Keep the layers that wait; return where the oldest one's records begin."""
        waiting, write, read = Signal(LAYERS_BITS + 1), Signal(LAYERS_BITS), Signal(LAYERS_BITS)
        self._next_layer = Signal()                         # the layer at hand is drained
        key = Cat(self.start_addr, self.start_final)
        oldest = Signal(len(key))
        self._library.cell(m, "layers", "nz_regfile", p_WIDTH=len(key), p_DEPTH=1 << LAYERS_BITS, p_ADDR_BITS=LAYERS_BITS,
                           i_clk=clock(), i_we=self.start, i_waddr=write, i_wdata=key, i_raddr=read, o_rdata=oldest)
        m.d.sync += [
            waiting.eq(waiting + self.start - self._next_layer),
            write.eq(write + self.start),
            read.eq(read + self._next_layer),
        ]
        self._waiting, self._final = waiting, oldest[-1]
        return oldest[:self._w.program]

    def _fetch(self, m, oldest):
        """Read the head of a layer, or a step: word 0 is addressed all the time, so it arrives a cycle after the begin."""
        place, step = Signal(self._w.program), Signal(2)
        self._step_at, self._load, self._begin = Signal(self._w.program), Signal(), Signal()
        m.d.comb += place.eq(self._step_at)
        with m.If(self._load):
            m.d.comb += place.eq(oldest)
        with m.Elif(step != 0):
            m.d.comb += place.eq(self._step_at + step)
        with m.Elif(self._begin):
            m.d.comb += place.eq(self._step_at + 1)
        m.d.comb += self.program_addr.eq(place)
        m.d.sync += step.eq(0)
        with m.If(self._load):
            m.d.sync += [
                step.eq(1),
                self._step_at.eq(oldest),
            ]
        with m.If(self._begin):
            m.d.sync += step.eq(2)
        with m.If(step != 0):
            m.d.sync += self._step_at.eq(self._step_at + step + 1)
        came = [delayed(m, self._begin, "came0", cycles=1)]
        came += [delayed(m, came[0], "came1", cycles=1)]
        came += [delayed(m, came[1], "came2", cycles=1)]
        loaded = [delayed(m, self._load, "loaded0", cycles=2)]
        loaded += [delayed(m, loaded[0], "loaded1", cycles=1)]
        self._loaded = loaded[1]
        for arrivals, table, registers in ((loaded, DRAIN_LAYER, self._layer), (came, DRAIN_STEP, self._step)):
            for number, arrives in enumerate(arrivals):
                record = fields(Cat(*(self.program for _ in arrivals)), table)
                with m.If(arrives):
                    m.d.sync += [register.eq(record[name]) for name, register in registers.items()
                                 if table[name][0] // WORD_BITS == number]

    def _steps(self, m):
        """Load a layer; wait for a complete pass and for the others; do its steps one after another."""
        layer, step = self._layer, self._step
        number, pass_ = Signal(8), Signal(PASS_BITS)
        last_step, last_pass = Signal(), Signal()           # both stand still long before they are asked for
        m.d.sync += [
            last_step.eq(number + 1 == layer["steps"]),
            last_pass.eq(pass_ + 1 == layer["passes"]),
        ]
        base = Signal(self._w.program)
        along = Signal(self._w.block)                       # kc x pass of the layer
        m.d.comb += [
            self.cause.eq(Cause.DRAIN),
            self.block.eq(step["block"] + along),
            self.pool.eq(step["pool"]),
            self.gap.eq(step["gap"]),
        ]
        with m.FSM():
            with m.State("EMPTY"):
                m.d.comb += self._load.eq(self._waiting.any())
                m.d.sync += [
                    pass_.eq(0),
                    along.eq(0),
                ]
                with m.If(self._load):
                    m.next = "LOAD"
            with m.State("LOAD"):
                m.d.sync += self.fresh.eq(self._loaded)
                with m.If(self._loaded):
                    m.d.sync += base.eq(self._step_at)
                    m.next = "WAIT"
            with m.State("WAIT"):
                m.d.sync += [
                    self.fresh.eq(0),
                    number.eq(0),
                ]
                with m.If(self._complete):
                    m.d.comb += self.arrive.eq(layer["exchange"])
                    m.next = "BARRIER"
                    with m.If(~layer["exchange"]):
                        m.next = "BEGIN"
            with m.State("BARRIER"):
                m.d.comb += self.cause.eq(Cause.BARRIER)
                with m.If(self.go):
                    m.next = "BEGIN"
            with m.State("BEGIN"):
                m.d.comb += self._begin.eq(1)
                m.next = "STEP"
            with m.State("STEP"):
                with m.Switch(step["cause"]):
                    for value, cause in CAUSE.items():
                        with m.Case(value):
                            m.d.comb += self.cause.eq(cause)
                with m.If(self._ended):
                    m.d.sync += number.eq(number + 1)
                    m.d.comb += self._begin.eq(~last_step)
                    with m.If(~self._begin):
                        m.d.comb += self.pass_drained.eq(1)
                        m.d.sync += [
                            pass_.eq(pass_ + 1),
                            along.eq(along + layer["kc"]),
                            self._step_at.eq(base),
                        ]
                        m.next = "WAIT"
                        with m.If(last_pass):
                            m.d.comb += [
                                self._next_layer.eq(1),
                                self.finished.eq(self._final),
                            ]
                            m.next = "EMPTY"

    def _pace(self, m):
        """Say in which cycles operations are made, the first one four cycles after the begin, and when a step ends.

        What is known of a step before its operations is in registers from then on.
        """
        step = self._step
        active, running, odd, tail = Signal(), Signal(), Signal(), Signal(range(POST + 2))
        clock_ = Signal(CYCLES_BITS)
        self._tick, self._stop, self._ended = Signal(), Signal(), Signal()
        self._init = delayed(m, self._begin, "init", cycles=3)
        send, clear, some = Signal(), Signal(), Signal()
        self._post, self._gaps, self._hollow = Signal(), Signal(), Signal()     # hollow: without outputs, one cycle per channel
        post = step["kind"] == KINDS["post"]
        m.d.comb += some.eq(step["ny"].any() & step["nx"].any())
        m.d.sync += [
            send.eq(step["kind"] == KINDS["send"]),
            clear.eq(step["kind"] == KINDS["clear"]),
            self._post.eq(post),
            self._gaps.eq(post & step["gap"].any()),
            self._hollow.eq(post & ~some),
        ]
        m.d.comb += self._tick.eq(running & ~(send & odd))
        m.d.sync += [
            clock_.eq(clock_ + 1),
            odd.eq(~odd),
            self._ended.eq(active & Mux(send, clock_ == step["cycles"],
                                        ~running & Mux(clear, tail == 0, tail == POST))),
        ]
        with m.If(self._init):
            m.d.sync += [
                running.eq(step["nk"].any() & (some | post)),
                odd.eq(0),
                active.eq(1),
            ]
        with m.If(self._stop):
            m.d.sync += running.eq(0)
        with m.If(active & ~running):
            m.d.sync += tail.eq(tail + 1)
        with m.If(self._ended):
            m.d.sync += active.eq(0)
        with m.If(self._begin):
            m.d.sync += [
                active.eq(0),
                clock_.eq(2),
                tail.eq(0),
            ]

    def _operations(self, m):
        """Go through the loops of a step; an operation is made in the cycle before it is chosen."""
        step, w = self._step, self._w
        sizes = [step[name] for name in ("wx", "wy", "nx", "ny", "nk")]         # innermost first
        strides = [Const(1, 1), step["wstride"], step["dx"], step["dy"], self._layer["stride"]]
        counts = [Signal(len(size), name=f"count{k}") for k, size in enumerate(sizes)]
        bases = [Signal(w.address, name=f"base{k}") for k in range(len(sizes))]
        last, single = ([Signal(name=f"{name}{k}") for k in range(len(sizes))] for name in ("last", "single"))
        gapped, wrapped = Signal(), Signal()                # wrapped: the operation before was the last one
        make, skip = Signal(), Signal()
        m.d.comb += [
            skip.eq(self._tick & self._hollow),
            make.eq(self._tick & ~gapped & ~self._hollow),
            self.o_valid.eq(make),
            self._stop.eq(self._tick & Mux(self._hollow, last[4],
                                           Mux(gapped, wrapped, Cat(last).all() & ~self._gaps))),
        ]
        with m.If(self._tick):
            m.d.sync += gapped.eq(make & Cat(last[:3]).all() & self._gaps)
        with m.If(make):
            m.d.sync += wrapped.eq(Cat(last).all())
        for k, size in enumerate(sizes):
            inner, following = Cat(last[:k]).all() if k else Const(1, 1), Signal(w.address, name=f"following{k}")
            m.d.comb += following.eq(bases[k] + strides[k])
            with m.If(make & inner | (skip if k == len(sizes) - 1 else 0)):
                m.d.sync += [counts[k].eq(Mux(last[k], 0, counts[k] + 1)),
                             last[k].eq(Mux(last[k], single[k], counts[k] + 2 == size))]
            with m.If(make & inner & (~last[k] if k < len(sizes) - 1 else 1)):
                m.d.sync += [base.eq(following) for base in bases[:k + 1]]
            m.d.sync += single[k].eq(size <= 1)
            with m.If(self._init):
                m.d.sync += last[k].eq(size <= 1)
        with m.If(self._init):
            m.d.sync += [
                *(count.eq(0) for count in counts),
                *(base.eq(step["start"]) for base in bases),
                gapped.eq(0),
                wrapped.eq(0),
            ]
        bank, entry = placed(self._spec, bases[0])
        keep, take = step["keep"], Signal()
        m.d.comb += [
            take.eq(~keep | (step["kind"] == KINDS["clear"])),
            self.o_side.bank.eq(bank),
            self.o_side.entry.eq(entry),
            self.o_side.take.eq(take),
            self.o_side.add.eq(0),
        ]
        self._marks(m, make, skip, gapped, self._post, counts, last, bases[0])

    def _marks(self, m, make, skip, gapped, post, counts, last, address):
        """Say of the operation that is chosen in this cycle what post-processing and links must know."""
        step, mark = self._step, self.o_mark
        sent = step["kind"] == KINDS["send"]
        m.d.sync += [
            self.o_send.eq(make & sent),
            mark.valid.eq(make & post),
            mark.none.eq(skip),
            mark.gap.eq(self._tick & gapped & ~mark.channel_end),
            mark.first.eq(~Cat(counts[:2]).any()),
            mark.last.eq(Cat(last[:2]).all()),
            mark.channel_end.eq(Cat(last[:4]).all() | skip),
            mark.k.eq(counts[4]),
        ]
        own = Signal(self._w.address, name="own")
        m.d.sync += own.eq(address)
        edges = Signal(4)
        place = [delayed(m, count, f"place{k}", cycles=1, reset_less=True) for k, count in enumerate(counts[:2])]
        m.d.sync += edges.eq(Cat(~counts[3].any(), last[3], ~counts[2].any(), last[2]))
        m.d.comb += [
            mark.channel.eq(step["k0"] + mark.k),
            mark.ignored.eq(edges[0] & (place[1] < step["top"]) | edges[1] & (place[1] + step["bottom"] >= step["wy"])
                            | edges[2] & (place[0] < step["left"]) | edges[3] & (place[0] + step["right"] >= step["wx"])),
            self.o_address.eq(own + step["delta"]),
            self.o_direction.eq(step["direction"]),
            self.o_level.eq(step["level"]),
        ]
