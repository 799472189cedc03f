"""Processing element: supply, buffers, issue, multipliers, crossbar, accumulators, drain and post-processing."""

from types import SimpleNamespace

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Submodules
from rtl.parts import delayed
from rtl.scnn.bus import Widths, broadcast_layout, command_layout, load_layout
from rtl.scnn.collect import add_accumulators, add_output, join_drain
from rtl.scnn.drain import Drain
from rtl.scnn.issue import Cause, Issue
from rtl.scnn.link import LEVEL_BITS, ways
from rtl.scnn.lookup import Lookup
from rtl.scnn.memory import join_supply, release_layer
from rtl.scnn.multiply import add_buffer, add_products, join_issue, receive_broadcast
from rtl.scnn.records import LAYERS_BITS
from rtl.scnn.side import link_layout
from rtl.scnn.supply import Supply
from rtl.scnn.tree import tree_ports
from spec.scnn.shape import ScnnSpec

RECEIVED = ("command", "load", "load_valid", "reading", "read_addr", "i_bus", "i_did")
"""What has its last register in each PE of an array whose PEs are far from each other."""


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
    layer_ring : ``Out``
        Number, since the reset and modulo 4, of the layer whose outputs are written.
    swept : ``Out(1)``
        Its accumulators have been cleared since the reset.
    """

    def __init__(self, spec: ScnnSpec, library: Submodules):
        self.spec, self.library = spec, library
        w, many = Widths(spec), len(ways(spec))
        super().__init__(tree_ports(spec) | {
            "command": In(command_layout(spec)), "weights": In(broadcast_layout(spec)).array(spec.weight_lanes),
            "places": In(8).array(len(spec.block_sides)), "set": Out(w.set), "arrive_level": Out(LEVEL_BITS),
            "load": In(load_layout(spec)),
            "load_valid": In(1), "reading": In(1), "read_addr": In(16), "o_table": Out(w.word + w.count),
            "o_word": Out(w.act_word), "i_link": In(link_layout(spec)).array(many), "i_sum": In(w.sum).array(many),
            "o_link": Out(link_layout(spec)), "o_sum": Out(w.sum), "go": In(1), "arrive": Out(1), "weights_released": Out(1),
            "layer_released": Out(1), "finished": Out(1), "slots": Out(w.slots).array(4), "idle": Out(1), "cause": Out(Cause),
            "saturated": Out(1), "overflow": Out(1), "layer_ring": Out(LAYERS_BITS), "bad_run": Out(1), "swept": Out(1)})

    def elaborate(self, platform):
        m = Module()
        spec, library = self.spec, self.library
        pe = self._received(m)
        m.submodules.issue = issue = Issue(spec)
        m.submodules.lookup = lookup = Lookup(spec, library)
        m.submodules.supply = supply = Supply(spec, library)
        m.submodules.drain = drain = Drain(spec, library)
        weights = add_buffer(m, pe, "weights", lanes=spec.f, depth=spec.weight_words, slot_log2=lookup.weight_slot_log2)
        acts = add_buffer(m, pe, "acts", lanes=spec.i, depth=spec.act_words, slot_log2=lookup.act_slot_log2)
        sent = delayed(m, receive_broadcast(m, pe, lookup), "sent", cycles=int(spec.far))
        join_issue(m, pe, issue, lookup, drain, weights, acts, sent)
        crossbar = add_products(m, pe, issue, lookup, weights, acts)
        side = add_accumulators(m, pe, crossbar)
        join_drain(m, pe, drain, crossbar, issue, side)
        compressor = add_output(m, pe, drain, side, sent)
        join_supply(m, pe, lookup=lookup, supply=supply, acts=acts, drain=drain, compressor=compressor, issue=issue)
        release_layer(m, pe, issue, lookup, supply)
        return m

    def _received(self, m):
        """Return the members; those that are sent to all PEs come from registers if a PE has the last ones of their way.

        The weights' is after the choice of the set.
        """
        members = SimpleNamespace(spec=self.spec, library=self.library,
                                  **{name: getattr(self, name) for name in self.signature.members})
        if self.spec.far:
            for name in RECEIVED:
                setattr(members, name, delayed(m, getattr(self, name), f"{name}_here", cycles=1))
        return members
