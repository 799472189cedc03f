"""Weight lane: blocks of the weight stream taken apart, their runs turned into offsets, and sent to a set of PEs."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Submodules
from rtl.parts import clock, delayed
from rtl.scnn.bus import ADDRESS_FIELD_BITS, Widths, vector_layout
from rtl.scnn.items import ItemBuffer
from rtl.scnn.take import Take
from rtl.scnn.transfers import Transfers
from spec.scnn.packet import CODEBOOKS
from spec.scnn.shape import BIAS_BITS, MAX_RUN, VALUE_BITS, ScnnSpec

POSITION_BITS = 20
LATENCY = 5             # cycles from a take to the vector on the output


class WeightLane(wiring.Component):
    """Takes one bias, or up to F entries of a block, per cycle; the vector is on the output five cycles later.

    Members
    -------
    start, start_addr, flush : ``In``
        A layer begins; with the first one of a run what is left of the stream is thrown away.
    i_valid, i_items, i_ready
        Items of a transfer of the weight stream.
    released : ``In``, sets : ``In`` array
        One bit per PE: it has released a block of weights; the set that each PE is in.
    lane_we, tap_we, code_we, load_addr, load_data : ``In``
        Writes of the host: program, taps, four entries of a codebook.
    o_valid, o_set, o_last, o_empty, o_vector, o_bias, o_bias_addr, o_bias_value : ``Out``
    entries, waits : ``Out``
        Entries taken in this cycle; a take waits for the stream alone.
    bad_run, count_mismatch : ``Out(1)``
    """

    def __init__(self, spec: ScnnSpec, library: Submodules, lane: int = 0):
        self._spec, self._library, self._w, self._lane = spec, library, Widths(spec), lane
        super().__init__({
            "start": In(1), "start_addr": In(ADDRESS_FIELD_BITS), "flush": In(1), "i_valid": In(1),
            "i_items": In(spec.transfer_items * spec.item_bits),
            "i_ready": Out(1), "released": In(spec.pes), "sets": In(self._w.set).array(spec.pes), "o_set": Out(self._w.set),
            "lane_we": In(1), "tap_we": In(1), "load_addr": In(16),
            "load_data": In(64), "o_valid": Out(1), "o_last": Out(1), "o_empty": Out(1),
            "o_vector": Out(vector_layout(spec, spec.f)), "o_bias": Out(1), "o_bias_addr": Out(self._w.channel + 2),
            "o_bias_value": Out(BIAS_BITS), "entries": Out(range(spec.f + 1)), "waits": Out(1), "bad_run": Out(1),
            "count_mismatch": Out(1)} | ({"code_we": In(1)} if spec.weight_code_bits else {}))

    def elaborate(self, platform):
        m = Module()
        spec = self._spec
        m.submodules.transfers = transfers = Transfers(spec, self._library)
        m.submodules.buffer = buffer = ItemBuffer(spec)
        m.submodules.take = take = Take(spec, self._library, self._lane)
        m.d.comb += [
            transfers.flush.eq(self.flush),
            transfers.i_valid.eq(self.i_valid),
            transfers.i_items.eq(self.i_items),
            self.i_ready.eq(transfers.i_ready),
            buffer.flush.eq(self.flush),
            buffer.i_valid.eq(transfers.o_valid),
            buffer.i_part.eq(transfers.o_part),
            buffer.i_many.eq(transfers.o_many),
            transfers.o_ready.eq(buffer.i_ready),
            take.items.eq(buffer.items),
            take.count.eq(buffer.count),
            buffer.take.eq(take.take),
            buffer.go.eq(take.go),
            take.start.eq(self.start),
            take.start_addr.eq(self.start_addr),
            take.released.eq(self.released),
            take.we.eq(self.lane_we),
            take.load_addr.eq(self.load_addr),
            take.load_data.eq(self.load_data),
            self.entries.eq(take.entries),
            self.waits.eq(take.waits),
            self.count_mismatch.eq(take.count_mismatch),
        ]
        m.d.comb += [its.eq(mine) for its, mine in zip(take.sets, self.sets, strict=True)]
        m.d.comb += self.o_set.eq(delayed(m, take.o_set, "set", cycles=4, reset_less=True))
        flags = delayed(m, Cat(take.o_valid & ~take.o_bias, take.o_last, take.o_empty, take.o_valid & take.o_bias), "flags",
                        cycles=4)
        m.d.comb += [Cat(self.o_valid, self.o_last, self.o_empty, self.o_bias).eq(flags),
                     self.o_bias_addr.eq(delayed(m, take.o_bias_addr, "bias_addr", cycles=4, reset_less=True)),
                     self.o_bias_value.eq(delayed(m, take.o_items[:BIAS_BITS], "bias", cycles=4, reset_less=True))]
        positions = self._positions(m, take)
        self._offsets(m, take, positions)
        return m

    def _positions(self, m, take):
        """Add up runs: position of an entry in its block, one cycle after the take's registers."""
        spec = self._spec
        following, wrong = Signal(POSITION_BITS), []        # where the next entry is if its run is 0
        start = Signal(POSITION_BITS)
        m.d.comb += start.eq(Mux(take.o_head, 0, following))
        ahead, positions = None, []
        for k in range(spec.f):
            entry = take.o_items[k * spec.entry_bits:(k + 1) * spec.entry_bits]
            run = entry[-4:]
            total, place = Signal(8, name=f"ahead{k}"), Signal(POSITION_BITS, name=f"position{k}")
            m.d.comb += total.eq(run if ahead is None else _sum_and_one(ahead, run))
            m.d.sync += place.eq(start + total)
            ahead = total
            positions.append(place)
            wrong.append(take.o_valid & ~take.o_bias & (k < take.o_few) & ~entry[:-4].any() & (run != MAX_RUN))
        with m.If(take.o_valid):
            m.d.sync += following.eq(_sum_and_one(start, ahead))
        m.d.sync += self.bad_run.eq(Cat(wrong).any())
        return positions

    def _offsets(self, m, take, positions):
        """Split a position into tap and channel; look up the tap while the channel is multiplied with its stride."""
        spec, w = self._spec, self._w
        tap_bits = spec.taps.bit_length() - 1
        stride = Signal(w.address + 1)
        m.d.comb += stride.eq(take.stride)
        tap = delayed(m, take.o_tap, "tap", cycles=1, reset_less=True)
        offset = delayed(m, take.o_offset, "offset", cycles=3, reset_less=True)
        few = delayed(m, take.o_few, "few", cycles=3, reset_less=True)
        mask = Signal(w.channel + 1)
        m.d.comb += mask.eq((Const(1, 1) << take.kp_log2) - 1)
        for k, place in enumerate(positions):
            address, channel = Signal(tap_bits, name=f"tap_addr{k}"), Signal(w.channel + 1, name=f"channel{k}")
            m.d.comb += [
                address.eq(tap + (place >> take.kp_log2)),
                channel.eq(place[:w.channel + 1] & mask),
            ]
            product, found = Signal(signed(w.channel + w.address + 3), name=f"along{k}"), Signal(w.address, name=f"found{k}")
            self._library.cell(m, f"channel_multiplier{k}", "nz_mult", p_A_BITS=w.channel + 2, p_B_BITS=w.address + 1,
                               i_clk=clock(), i_ce=1, i_a=Cat(channel, Const(0, 1)).as_signed(), i_b=stride.as_signed(),
                               o_p=product)
            self._library.cell(m, f"taps{k}", "nz_ram", p_WIDTH=w.address, p_DEPTH=spec.taps, p_LANES=1, p_ADDR_BITS=tap_bits,
                               i_clk=clock(), i_we=self.tap_we, i_waddr=self.load_addr[:tap_bits],
                               i_wdata=self.load_data[:w.address], i_re=1, i_oe=1, i_raddr=address, o_rdata=found)
            value = delayed(m, self._value(m, take, k), f"value{k}", cycles=3, reset_less=True)
            lane, here = self.o_vector[k], k < few
            m.d.sync += [
                lane.value.eq(value),
                lane.offset.eq(found + product[:w.address] + offset),
                lane.live.eq(here & value.any()),
                lane.tail.eq(~here),
            ]

    def _value(self, m, take, k):
        spec = self._spec
        entry = take.o_items[k * spec.entry_bits:(k + 1) * spec.entry_bits]
        if not spec.weight_code_bits:
            return entry[:VALUE_BITS]
        count = 1 << spec.weight_code_bits
        value = Signal(VALUE_BITS, name=f"decoded{k}")
        words = Signal(4 * VALUE_BITS, name=f"decoded_word{k}")
        code = entry[:spec.weight_code_bits]
        depth = CODEBOOKS * count // 4
        bits = depth.bit_length() - 1
        self._library.cell(m, f"codebook{k}", "nz_regfile", p_WIDTH=4 * VALUE_BITS, p_DEPTH=depth, p_ADDR_BITS=bits,
                           i_clk=clock(), i_we=self.code_we, i_waddr=self.load_addr[:bits], i_wdata=self.load_data,
                           i_raddr=Cat(code[2:], take.codebook), o_rdata=words)
        m.d.comb += value.eq(words.word_select(code[:2], VALUE_BITS))
        return value


def _sum_and_one(a, b):
    """Return a + b + 1 in one carry chain: the lowest bits, both 1, make the carry."""
    return (Cat(Const(1, 1), a) + Cat(Const(1, 1), b))[1:]
