"""The half of a PE that makes products: broadcast weights and activations in their buffers, issue, multipliers, crossbar."""

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Signal

from rtl.parts import delayed, leave_open
from rtl.scnn.buffer import VectorBuffer
from rtl.scnn.bus import Widths, broadcast_layout
from rtl.scnn.crossbar import Crossbar
from rtl.scnn.product import ProductArray


def add_buffer(m, pe, name: str, *, lanes: int, depth: int, slot_log2) -> VectorBuffer:
    """Add the buffer ``name`` of vectors of ``lanes`` lanes and return it; a layer's start empties it."""
    buffer = VectorBuffer(pe.spec, pe.library, lanes=lanes, depth=depth)
    m.submodules[name] = buffer
    m.d.comb += [
        buffer.restart.eq(pe.command.start),
        buffer.slot_log2.eq(slot_log2),
    ]
    return buffer


def receive_broadcast(m, pe, lookup):
    """Return what comes for the PE's set: from one lane at most in a cycle."""
    sent = Signal(broadcast_layout(pe.spec))
    if pe.spec.pes == 1:
        m.d.comb += sent.eq(pe.weights[0])
    else:
        hits = [lane.set == pe.set for lane in pe.weights]
        words = [lane.as_value() & hit.replicate(len(lane.as_value())) for lane, hit in zip(pe.weights, hits, strict=True)]
        m.d.comb += sent.eq(pe.weights[0]) if len(hits) == 1 else sent.as_value().eq(reduce(or_, words))
        m.d.comb += [bit.eq(Cat(lane[name] & hit for lane, hit in zip(pe.weights, hits, strict=True)).any())
                     for name, bit in (("valid", sent.valid), ("bias", sent.bias))]
    m.d.comb += pe.set.eq(lookup.set)
    return sent


def join_issue(m, pe, issue, lookup, drain, weights, acts, sent):
    """Join the issue to its buffers, the layer's fields and the drain; tell the array what it says."""
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
        issue.start.eq(pe.command.start),
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
        pe.weights_released.eq(issue.weight_release),
        pe.idle.eq(issue.idle),
        pe.cause.eq(issue.cause),
    ]
    m.d.comb += [mine.eq(its) for mine, its in zip(pe.slots, issue.slots, strict=True)]


def add_products(m, pe, issue, lookup, weights, acts) -> Crossbar:
    """Add the multipliers and the crossbar after the issue, and return the crossbar."""
    spec, w = pe.spec, Widths(pe.spec)
    m.submodules.products = products = ProductArray(spec, pe.library)
    m.submodules.crossbar = crossbar = Crossbar(
        pe.library, multipliers=spec.products, banks=spec.banks, depth=spec.queue_depth, margin=spec.stop_margin,
        entry_bits=w.entry, product_bits=w.product, blocks=spec.queue_blocks or spec.lean and spec.crossbar_stages == 1,
        stages=spec.crossbar_stages)
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
