"""Processing element: supply, buffers, issue, multipliers, crossbar, accumulators, drain and post-processing."""

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Submodules
from rtl.parts import clock, delayed, leave_open
from rtl.scnn.accumulator import Bank
from rtl.scnn.buffer import VectorBuffer
from rtl.scnn.bus import ADDRESS_FIELD_BITS, Widths, placed, vector_layout
from rtl.scnn.compressor import COUNT_BITS, Compressor
from rtl.scnn.crossbar import Crossbar
from rtl.scnn.drain import Drain
from rtl.scnn.issue import Cause, Issue
from rtl.scnn.link import LEVEL_BITS, ways
from rtl.scnn.lookup import Lookup
from rtl.scnn.post import PostProcessing
from rtl.scnn.product import ProductArray
from rtl.scnn.side import SidePort, link_layout
from rtl.scnn.supply import Supply
from rtl.scnn.tree import own_place, tree_ports
from spec.framing import WORD_BITS
from spec.scnn.shape import BANK, BIAS_BITS, ScnnSpec

LOADS = ("supply", "drain", "blocks", "activations")


def command_layout(spec: ScnnSpec) -> data.StructLayout:
    """Return the start of a layer: where its records begin, whether it is the run's first and its last."""
    return data.StructLayout({"start": 1, "supply": ADDRESS_FIELD_BITS, "drain": ADDRESS_FIELD_BITS, "first": 1, "final": 1})


def broadcast_layout(spec: ScnnSpec) -> data.StructLayout:
    """Return what a weight lane sends to a set: a vector of a block, or a bias with its place in the ring."""
    return data.StructLayout({
        "valid": 1, "set": Widths(spec).set, "last": 1, "empty": 1, "vector": vector_layout(spec, spec.f), "bias": 1,
        "bias_addr": Widths(spec).channel + 2, "bias_value": BIAS_BITS})


def load_layout(spec: ScnnSpec) -> data.StructLayout:
    """Return a write of the host to a memory of a PE."""
    return data.StructLayout({"kind": len(LOADS), "addr": 16, "data": max(WORD_BITS, Widths(spec).act_word)})


class Pe(wiring.Component):
    """One SCNN processing element; its stages and their timing are in ``docs/scnn/pipeline.md``.

    Members
    -------
    command : ``In``, weights : ``In`` array
        Start of a layer; broadcasts of the weight lanes.
    places : ``In`` array
        Its place in its block, for each level.
    i_bus, o_bus, i_did, o_did, level
        The tree that joins the PEs of a block.
    set : ``Out``
        The weight set that it is in.
    load : ``In``, load_valid : ``In(1)``
        A write to one of its memories while it does not run.
    read_addr : ``In``, reading : ``In(1)``, o_table, o_word : ``Out``
        With ``reading``, the block table and the activation memory at this address, two cycles later.
    i_link, i_sum : ``In``, o_link, o_sum : ``Out``
        Sums from and to the neighbours.
    go : ``In(1)``, arrive_level : ``Out``, arrive, weights_released, layer_released, finished : ``Out(1)``
        All PEs are ready to drain; this one is; it released a block, the last one of a layer; its last pass was drained.
    slots, idle, cause, saturated, overflow, bad_run : ``Out``
        For counters and flags.
    swept : ``Out(1)``
        Its accumulators have been cleared since the reset.
    """

    def __init__(self, spec: ScnnSpec, library: Submodules):
        self._spec, self._library, self._w = spec, library, Widths(spec)
        w, many = self._w, len(ways(spec))
        super().__init__(tree_ports(spec) | {
            "command": In(command_layout(spec)), "weights": In(broadcast_layout(spec)).array(spec.weight_lanes),
            "places": In(8).array(len(spec.block_sides)), "set": Out(w.set), "arrive_level": Out(LEVEL_BITS),
            "load": In(load_layout(spec)),
            "load_valid": In(1), "reading": In(1), "read_addr": In(16), "o_table": Out(w.word + COUNT_BITS),
            "o_word": Out(w.act_word), "i_link": In(link_layout(spec)).array(many), "i_sum": In(w.sum).array(many),
            "o_link": Out(link_layout(spec)), "o_sum": Out(w.sum), "go": In(1), "arrive": Out(1), "weights_released": Out(1),
            "layer_released": Out(1), "finished": Out(1), "slots": Out(w.slots).array(4), "idle": Out(1), "cause": Out(Cause),
            "saturated": Out(1), "overflow": Out(1), "bad_run": Out(1), "swept": Out(1)})

    def elaborate(self, platform):
        m = Module()
        spec, library = self._spec, self._library
        m.submodules.issue = issue = Issue(spec)
        m.submodules.lookup = lookup = Lookup(spec)
        m.submodules.supply = supply = Supply(spec, library)
        m.submodules.drain = drain = Drain(spec, library)
        weights = self._buffer(m, "weights", spec.f, spec.weight_words, lookup.weight_slot_log2)
        acts = self._buffer(m, "acts", spec.i, spec.act_words, lookup.act_slot_log2)
        self._issue(m, issue, lookup, drain, weights, acts, self._weights(m, lookup))
        crossbar = self._products(m, issue, lookup, weights, acts)
        side = self._accumulate(m, crossbar, drain)
        self._drain(m, drain, crossbar, issue, side)
        compressor = self._post(m, drain, side)
        self._supply(m, lookup, supply, acts, drain, compressor, issue)
        return m

    def _buffer(self, m, name, lanes, depth, slot_log2):
        buffer = VectorBuffer(self._spec, self._library, lanes=lanes, depth=depth)
        m.submodules[name] = buffer
        m.d.comb += [
            buffer.restart.eq(self.command.start),
            buffer.slot_log2.eq(slot_log2),
        ]
        return buffer

    def _weights(self, m, lookup):
        """Return what comes for the PE's set: from one lane at most in a cycle."""
        spec, sent = self._spec, Signal(broadcast_layout(self._spec))
        if spec.pes == 1:
            m.d.comb += sent.eq(self.weights[0])
        else:
            hits = [lane.as_value() & (lane.set == self.set).replicate(len(lane.as_value())) for lane in self.weights]
            m.d.comb += sent.as_value().eq(reduce(or_, hits))
        m.d.comb += self.set.eq(lookup.set)
        self._sent = sent
        return sent

    def _issue(self, m, issue, lookup, drain, weights, acts, sent):
        m.d.comb += [
            weights.i_valid.eq(sent.valid),
            weights.i_vector.eq(sent.vector),
            weights.i_last.eq(sent.last),
            weights.i_empty.eq(sent.empty),
            acts.rewind.eq(0),
            weights.rewind.eq(issue.weight_rewind),
        ]
        for name, buffer in (("weight", weights), ("act", acts)):
            m.d.comb += [getattr(issue, f"{name}_{port}").eq(getattr(buffer, port)) for port in ("ready", "last", "empty")]
            m.d.comb += [getattr(buffer, port).eq(getattr(issue, f"{name}_{port}")) for port in ("advance", "release")]
        m.d.comb += [
            issue.start.eq(self.command.start),
            issue.loaded.eq(lookup.loaded),
            issue.passes.eq(lookup.passes),
            issue.pairs.eq(lookup.pairs),
            issue.gather.eq(lookup.gather),
            issue.gated.eq(lookup.gated),
            issue.pass_drained.eq(drain.pass_drained),
            issue.drain_cause.eq(drain.cause),
            issue.draining.eq(drain.draining),
            issue.weights.eq(weights.vector),
            issue.acts.eq(acts.vector),
            self.weights_released.eq(issue.weight_release),
            self.layer_released.eq(issue.layer_released),
            self.idle.eq(issue.idle),
            self.cause.eq(issue.cause),
        ]
        m.d.comb += [mine.eq(its) for mine, its in zip(self.slots, issue.slots, strict=True)]

    def _products(self, m, issue, lookup, weights, acts):
        spec, w = self._spec, self._w
        m.submodules.products = products = ProductArray(spec, self._library)
        m.submodules.crossbar = crossbar = Crossbar(
            self._library, multipliers=spec.products, banks=spec.banks, depth=spec.queue_depth, margin=spec.stop_margin,
            entry_bits=w.entry, product_bits=w.product, blocks=spec.lean)
        m.d.comb += [
            products.i_valid.eq(delayed(m, issue.o_valid, "issued", cycles=2)),
            products.i_buffer.eq(delayed(m, issue.o_buffer, "issued_buffer", cycles=2, reset_less=True)),
            products.weights.eq(weights.vector),
            products.acts.eq(acts.vector),
            issue.stop.eq(crossbar.stop),
            crossbar.i_reserve.eq(products.reserve),
            crossbar.i_odd.eq(products.odd),
            crossbar.i_valid.eq(products.o_valid),
            crossbar.i_buffer.eq(products.o_buffer),
        ]
        if spec.product_shift_bits:
            m.d.comb += products.shift.eq(lookup.product_shift)
        else:
            leave_open(lookup.product_shift)
        for name in ("bank", "entry", "product"):
            m.d.comb += [its.eq(mine) for its, mine in zip(
                getattr(crossbar, f"i_{name}"), getattr(products, f"o_{name}"), strict=True)]
        return crossbar

    def _accumulate(self, m, crossbar, drain):
        spec, w = self._spec, self._w
        m.submodules.side = side = SidePort(spec)
        m.d.comb += [
            crossbar.side_valid.eq(side.side_valid),
            crossbar.side_bank.eq(side.side_bank),
            crossbar.side_all.eq(side.side_all),
        ]
        for k in range(spec.banks):
            bank = self._library.place(
                m, f"bank{k}",
                lambda: Bank(self._library, entries=spec.bank_entries, product_bits=w.product, word_bits=w.sum, lean=spec.lean),
                module=f"scnn_bank_{spec.bank_entries}_{w.product}_{w.sum}")
            m.d.comb += [
                bank.i_valid.eq(crossbar.o_valid[k]),
                bank.i_place.eq(crossbar.o_entry[k]),
                bank.i_product.eq(crossbar.o_product[k].as_signed()),
                bank.i_side.eq(crossbar.o_side[k]),
                bank.side_place.eq(side.place),
                bank.side_value.eq(side.value),
                bank.side_take.eq(side.take),
                bank.side_add.eq(side.add),
                side.old[k].eq(bank.o_value),
            ]
        return side

    def _drain(self, m, drain, crossbar, issue, side):
        command = self.command
        m.submodules.ram_drain = nested = _Program(self._spec, self._library)
        self._load_program(m, nested, "drain", drain)
        bank, entry = placed(self._spec, drain.o_address)
        m.d.comb += [
            drain.start.eq(command.start),
            drain.start_addr.eq(command.drain),
            drain.start_final.eq(command.final),
            drain.pass_issued.eq(issue.pass_issued),
            drain.heads.eq(crossbar.heads),
            drain.go.eq(self.go),
            self.arrive.eq(drain.arrive),
            self.finished.eq(drain.finished),
            side.i_valid.eq(drain.o_valid),
            side.i_side.eq(drain.o_side),
            side.buffer.eq(drain.buffer),
            side.i_send.eq(drain.o_send),
            side.i_direction.eq(drain.o_direction),
            side.i_level.eq(drain.o_level),
            side.i_bank.eq(bank),
            side.i_entry.eq(entry),
            self.o_link.eq(side.o_link),
            self.o_sum.eq(side.o_value),
            self.swept.eq(side.swept),
        ]
        m.d.comb += self.arrive_level.eq(drain.layer_level)
        for way in range(len(ways(self._spec))):
            m.d.comb += [
                side.i_link[way].eq(self.i_link[way]),
                side.i_sum[way].eq(self.i_sum[way]),
            ]

    def _load_program(self, m, program, name, unit):
        place = LOADS.index(name)
        m.d.comb += [
            program.we.eq(self.load_valid & self.load.kind[place]),
            program.waddr.eq(self.load.addr[:self._w.program]),
            program.wdata.eq(self.load.data[:WORD_BITS]),
            program.raddr.eq(unit.program_addr),
            unit.program.eq(program.rdata),
        ]

    def _post(self, m, drain, side):
        spec = self._spec
        m.submodules.post = post = PostProcessing(spec, self._library)
        m.submodules.compressor = compressor = Compressor(spec)
        ahead = delayed(m, drain.o_mark.as_value(), "mark", cycles=BANK)
        mark = delayed(m, ahead, "mark_late", cycles=1)
        wide = Signal(drain.o_mark.shape())
        m.d.comb += wide.as_value().eq(ahead)
        m.d.comb += [
            post.i_value.eq(side.o_value),
            post.i_mark.as_value().eq(mark),
            post.i_ahead.eq(wide.channel),
            post.pool.eq(drain.pool),
            post.shift.eq(drain.layer_shift),
            post.relu.eq(drain.layer_relu),
            post.bias.eq(drain.layer_bias),
            post.ring.eq(drain.ring),
            post.bias_we.eq(self._sent.bias),
            post.bias_addr.eq(self._sent.bias_addr),
            post.bias_value.eq(self._sent.bias_value),
            self.saturated.eq(post.saturated),
            compressor.restart.eq(drain.fresh),
            compressor.word.eq(drain.layer_word),
            compressor.limit.eq(drain.layer_limit),
            compressor.revive.eq(self.command.start & self.command.first),
            compressor.i_value.eq(post.o_value),
            compressor.i_valid.eq(post.o_valid),
            compressor.i_gap.eq(post.o_gap),
            compressor.i_none.eq(post.o_none),
            compressor.i_end.eq(post.o_end),
            compressor.i_block.eq(drain.block + post.o_channel),
            compressor.gap.eq(drain.gap),
            self.overflow.eq(compressor.overflow),
        ]
        return compressor

    def _supply(self, m, lookup, supply, acts, drain, compressor, issue):
        w, library = self._w, self._library
        m.submodules.ram_supply = nested = _Program(self._spec, library)
        self._load_program(m, nested, "supply", lookup)
        table, memory = self.load_valid & self.load.kind[2], self.load_valid & self.load.kind[3]
        data_ = self.load.data
        library.cell(
            m, "table", "nz_ram", p_WIDTH=w.word + COUNT_BITS, p_DEPTH=self._spec.blocks, p_LANES=1, p_ADDR_BITS=w.block,
            i_clk=clock(), i_we=table | compressor.table_we,
            i_waddr=Mux(table, self.load.addr[:w.block], compressor.table_addr),
            i_wdata=Mux(table, Cat(data_[:w.word], data_[32:32 + COUNT_BITS]), compressor.table_data), i_re=1, i_oe=1,
            i_raddr=Mux(self.reading, self.read_addr[:w.block], lookup.o_block), o_rdata=self.o_table)
        library.cell(
            m, "memory", "nz_ram", p_WIDTH=w.act_word, p_DEPTH=self._spec.memory_words, p_LANES=1, p_ADDR_BITS=w.word,
            i_clk=clock(), i_we=memory | compressor.we, i_waddr=Mux(memory, self.load.addr[:w.word], compressor.waddr),
            i_wdata=Mux(memory, data_[:w.act_word], compressor.wdata), i_re=1, i_oe=1,
            i_raddr=Mux(self.reading, self.read_addr[:w.word], supply.memory_addr), o_rdata=self.o_word)
        m.d.comb += [
            lookup.start.eq(self.command.start),
            lookup.start_addr.eq(self.command.supply),
            lookup.drained.eq(drain.drained),
            lookup.pass_drained.eq(drain.pass_drained),
            lookup.room.eq(supply.room),
            supply.i_valid.eq(lookup.o_valid),
            supply.i_base.eq(lookup.o_base),
            lookup.place.eq(own_place(self.places, lookup.level, len(self._spec.block_sides))),
            supply.level.eq(lookup.level),
            self.level.eq(lookup.level),
            supply.i_mine.eq(lookup.o_mine),
            supply.i_local.eq(lookup.o_local),
            supply.i_bus.eq(self.i_bus),
            self.o_bus.eq(supply.o_bus),
            supply.i_did.eq(self.i_did),
            self.o_did.eq(supply.o_did),
            supply.i_first.eq(lookup.o_first),
            supply.i_last.eq(lookup.o_last),
            supply.restart.eq(lookup.fresh),
            supply.slot_log2.eq(lookup.act_slot_log2),
            supply.released.eq(issue.act_release),
            supply.table.eq(self.o_table),
            supply.memory.eq(self.o_word),
            acts.i_valid.eq(supply.o_valid),
            acts.i_vector.eq(supply.o_vector),
            acts.i_last.eq(supply.o_last),
            acts.i_empty.eq(supply.o_empty),
            self.bad_run.eq(supply.bad_run),
        ]


class _Program(wiring.Component):
    """A program memory of 64-bit words, read in two cycles."""

    def __init__(self, spec: ScnnSpec, library: Submodules):
        self._spec, self._library = spec, library
        bits = Widths(spec).program
        super().__init__({"we": In(1), "waddr": In(bits), "wdata": In(WORD_BITS), "raddr": In(bits), "rdata": Out(WORD_BITS)})

    def elaborate(self, platform):
        m = Module()
        self._library.cell(m, "memory", "nz_ram", p_WIDTH=WORD_BITS, p_DEPTH=self._spec.program, p_LANES=1,
                           p_ADDR_BITS=len(self.raddr), i_clk=clock(), i_we=self.we, i_waddr=self.waddr, i_wdata=self.wdata,
                           i_re=1, i_oe=1, i_raddr=self.raddr, o_rdata=self.rdata)
        return m
