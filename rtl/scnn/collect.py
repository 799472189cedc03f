"""The half of a PE that keeps sums: accumulators, their side port, drain, post-processing and the compressor."""

from types import SimpleNamespace

from amaranth.hdl import Mux, Signal, signed

from rtl.parts import delayed
from rtl.scnn.accumulator import VALUE, Bank
from rtl.scnn.bus import Widths, bank_and_entry
from rtl.scnn.compressor import Compressor
from rtl.scnn.link import ways
from rtl.scnn.memory import Program, load_program
from rtl.scnn.post import PostProcessing
from rtl.scnn.side import SidePort
from spec.scnn.shape import BANK


def add_accumulators(m, pe, crossbar) -> SidePort:
    """Add the banks after the crossbar and their side port, and return the side port."""
    spec, w = pe.spec, Widths(pe.spec)
    m.submodules.side = side = SidePort(spec)
    m.d.comb += [
        crossbar.side_valid.eq(side.side_valid),
        crossbar.side_bank.eq(side.side_bank),
        crossbar.side_all.eq(side.side_all),
    ]
    asked = [side] * spec.banks if spec.crossbar_stages == 1 else _per_line(m, crossbar, side, spec.banks)
    for k in range(spec.banks):
        bank = pe.library.instantiate(
            m, f"bank{k}",
            lambda: Bank(pe.library, entries=spec.bank_entries, product_bits=w.product, word_bits=w.sum, lean=spec.lean),
            module=f"scnn_bank_{spec.bank_entries}_{w.product}_{w.sum}")
        m.d.comb += [
            bank.i_valid.eq(crossbar.o_valid[k]),
            bank.i_place.eq(crossbar.o_entry[k]),
            bank.i_product.eq(crossbar.o_product[k].as_signed()),
            bank.i_side.eq(crossbar.o_side[k]),
            bank.side_place.eq(asked[k].place),
            bank.side_value.eq(asked[k].value),
            bank.side_take.eq(asked[k].take),
            bank.side_add.eq(asked[k].add),
            side.old[k].eq(bank.o_value),
        ]
    return side


def _per_line(m, crossbar, side, banks):
    """Return for each bank what the side port asks, from registers of its line that are 0 while the line is not asked."""
    lines = []
    for line, near in enumerate(crossbar.o_near):
        mine = SimpleNamespace()
        for name, cycles in (("place", 0), ("take", 0), ("add", 0), ("value", VALUE)):
            word = getattr(side, name)
            held = Signal.like(word, name=f"{name}_of_line{line}", reset_less=True)
            m.d.sync += held.eq(Mux(delayed(m, near, f"near_{name}{line}", cycles=cycles), word, 0))
            setattr(mine, name, held)
        lines.append(mine)
    return [lines[crossbar.line_of(bank)] for bank in range(banks)]


def join_drain(m, pe, drain, crossbar, issue, side) -> None:
    """Join the drain to the command, the issue, the side port and the neighbours."""
    command = pe.command
    m.submodules.ram_drain = nested = Program(pe.spec, pe.library)
    load_program(m, pe, nested, "drain", drain)
    bank, entry = bank_and_entry(pe.spec, drain.o_address)
    m.d.comb += [
        drain.start.eq(command.start),
        drain.start_addr.eq(command.drain),
        drain.start_final.eq(command.final),
        drain.pass_issued.eq(issue.pass_issued),
        drain.heads.eq(delayed(m, crossbar.heads, "heads", cycles=int(pe.spec.far))),
        drain.go.eq(pe.go),
        pe.arrive.eq(drain.arrive),
        pe.finished.eq(drain.finished),
        side.i_valid.eq(drain.o_valid),
        side.i_side.eq(drain.o_side),
        side.buffer.eq(drain.buffer),
        side.i_send.eq(drain.o_send),
        side.i_direction.eq(drain.o_direction),
        side.i_level.eq(drain.o_level),
        side.i_bank.eq(bank),
        side.i_entry.eq(entry),
        pe.o_link.eq(side.o_link),
        pe.o_sum.eq(side.o_value),
        pe.swept.eq(side.swept),
    ]
    m.d.comb += pe.arrive_level.eq(drain.layer_level)
    for way in range(len(ways(pe.spec))):
        m.d.comb += [
            side.i_link[way].eq(pe.i_link[way]),
            side.i_sum[way].eq(pe.i_sum[way]),
        ]


def _own_value(m, side, valid):
    """Return what the side port shows, from a register of post-processing: that of the links may stand far away."""
    own = Signal(signed(len(side.o_next)), name="own_value", reset_less=True)
    m.d.sync += own.eq(Mux(valid, side.o_next, 0))
    return own


def add_output(m, pe, drain, side, sent) -> Compressor:
    """Add post-processing and the compressor after the side port, and return the compressor."""
    m.submodules.post = post = PostProcessing(pe.spec, pe.library)
    m.submodules.compressor = compressor = Compressor(pe.spec)
    ahead = delayed(m, drain.o_mark.as_value(), "mark", cycles=BANK)
    mark = delayed(m, ahead, "mark_late", cycles=1)
    wide = Signal(drain.o_mark.shape())
    m.d.comb += wide.as_value().eq(ahead)
    m.d.comb += [
        post.i_value.eq(side.o_value if not pe.spec.own_value else _own_value(m, side, wide.valid)),
        post.i_mark.as_value().eq(mark),
        post.i_ahead.eq(wide.channel),
        post.pool.eq(drain.pool),
        post.shift.eq(drain.layer_shift),
        post.relu.eq(drain.layer_relu),
        post.bias.eq(drain.layer_bias),
        post.ring.eq(drain.ring),
        post.bias_we.eq(sent.bias),
        post.bias_addr.eq(sent.bias_addr),
        post.bias_value.eq(sent.bias_value),
        pe.saturated.eq(post.saturated),
        compressor.restart.eq(drain.fresh),
        compressor.word.eq(drain.layer_word),
        compressor.limit.eq(drain.layer_limit),
        compressor.revive.eq(pe.command.start & pe.command.first),
        compressor.i_value.eq(post.o_value),
        compressor.i_valid.eq(post.o_valid),
        compressor.i_gap.eq(post.o_gap),
        compressor.i_none.eq(post.o_none),
        compressor.i_end.eq(post.o_end),
        compressor.i_block.eq(drain.block + post.o_channel),
        compressor.gap.eq(drain.gap),
        pe.overflow.eq(compressor.overflow),
        pe.layer_ring.eq(drain.layer_ring),
    ]
    return compressor
