"""Scatter crossbar: the products of a vector find their accumulator banks."""

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Submodules
from rtl.parts import delayed
from rtl.scnn.product_queue import READ, Queue


class Crossbar(wiring.Component):
    """Bring up to ``multipliers`` products per cycle to ``banks`` banks, each of which takes an operation per cycle.

    Every multiplier has two queues, for even and for odd banks. A bank serves the heads of its parity that ask for it: bank b
    prefers the multipliers in the order b / 2, b / 2 + 1, ... modulo their number. An operation of the side port goes first.
    Nothing is lost or doubled, products of one multiplier for one bank stay in order, and banks never refuse. What is chosen
    in one cycle is at its bank `rtl.scnn.product_queue.CHOSEN` cycles later. With ``blocks`` the queues keep entries and
    products in block memories.

    Members
    -------
    i_reserve, i_odd : ``In(multipliers)``
        Which products will be pushed two cycles later, and whether to the odd banks.
    i_valid : ``In(multipliers)``; i_bank, i_entry, i_product : ``In`` arrays, one per multiplier; i_buffer : ``In(1)``
        Products pushed in this cycle.
    stop : ``Out(1)``
        From a register: in the cycle before, a level was above ``depth - margin``.
    side_valid, side_bank, side_all : ``In``
        An operation of the side port for a bank, or for all of them.
    heads : ``Out(2)``
        Whether a head belongs to buffer 0, to buffer 1.
    o_valid, o_side : ``Out(banks)``; o_entry, o_product : ``Out`` arrays, one a bank
        A product's place, and the product `rtl.scnn.accumulator.VALUE` cycles behind it; an operation of the side port, whose
        entry and value the side port brings along.
    """

    def __init__(self, library: Submodules, *, multipliers: int, banks: int, depth: int, margin: int, entry_bits: int,
                 product_bits: int, blocks: bool = False):
        if banks < 4 or banks & (banks - 1):
            raise ValueError(f"banks must be a power of two from 4, not {banks}")
        self._library, self._depth, self._margin = library, depth, margin
        self._banks, self._multipliers, self._high = banks, multipliers, banks.bit_length() - 2
        self._entry_bits, self._product_bits, self._blocks = entry_bits, product_bits, blocks
        super().__init__({
            "i_reserve": In(multipliers), "i_odd": In(multipliers), "i_valid": In(multipliers), "i_buffer": In(1),
            "i_bank": In(self._high + 1).array(multipliers), "i_entry": In(entry_bits).array(multipliers),
            "i_product": In(product_bits).array(multipliers), "stop": Out(1), "side_valid": In(1),
            "side_bank": In(self._high + 1), "side_all": In(1), "heads": Out(2), "o_valid": Out(banks), "o_side": Out(banks),
            "o_entry": Out(entry_bits + 1).array(banks), "o_product": Out(product_bits).array(banks)})

    def elaborate(self, platform):
        m = Module()
        sides = [[self._queue(m, k, parity) for k in range(self._multipliers)] for parity in (0, 1)]
        queues = [queue for side in sides for queue in side]
        m.d.sync += self.stop.eq(Cat(queue.near for queue in queues).any())
        m.d.comb += self.heads.eq(Cat(Cat(queue.valid & (queue.buffer == buffer) for queue in queues).any()
                                      for buffer in (0, 1)))
        for parity, side in enumerate(sides):
            self._side(m, parity, side)
        return m

    def _queue(self, m, k, parity):
        queue = self._library.instantiate(
            m, f"queue{k}_{parity}",
            lambda: Queue(self._library, depth=self._depth, margin=self._margin, bank_bits=self._high,
                          entry_bits=self._entry_bits, product_bits=self._product_bits, blocks=self._blocks),
            module=f"scnn_queue_{self._depth}_{self._high}_{self._entry_bits}_{self._product_bits}")
        m.d.comb += [
            queue.reserve.eq(self.i_reserve[k] & (self.i_odd[k] == parity)),
            queue.push.eq(self.i_valid[k] & (self.i_bank[k][0] == parity)),
            queue.i_bank.eq(self.i_bank[k][1:]),
            queue.i_buffer.eq(self.i_buffer),
            queue.i_entry.eq(self.i_entry[k]),
            queue.i_product.eq(self.i_product[k]),
        ]
        return queue

    def _side(self, m, parity, queues):
        """Pop the heads that no rival beats; a cycle later choose, a cycle later pass on.

        Heads are compared in pairs, so that no priority passes through a bank.
        """
        aside = Signal(name=f"aside{parity}")
        m.d.comb += aside.eq(self.side_valid & (self.side_bank[0] == parity))
        granted = []
        rivals = self._rivals(m, parity, queues)
        for k, queue in enumerate(queues):
            beaten = Signal(name=f"beaten{k}_{parity}")
            m.d.comb += [beaten.eq(Cat(rivals[k]).any() | aside & (self.side_bank[1:] == queue.bank)),
                         queue.pop.eq(queue.valid & ~beaten)]
            granted.append(self._decoded(m, f"{k}_{parity}", queue.bank, queue.pop))
        served = self._decoded(m, f"_side{parity}", self.side_bank[1:], aside)
        sweep = delayed(m, self.side_all, f"sweep{parity}", cycles=1)
        for place in range(self._banks // 2):
            bank = 2 * place + parity
            hits = [which[place & 3] & rest[place >> 2] for which, rest in granted]
            steps = (len(queues) - 1).bit_length()
            choice = Signal(steps, name=f"choice{bank}")
            valid, side = Signal(name=f"valid{bank}"), Signal(name=f"side{bank}")
            chosen = Signal(steps, name=f"chosen{bank}")
            m.d.comb += chosen.eq(Cat(reduce(or_, (hit for k, hit in enumerate(hits) if k >> step & 1))
                                      for step in range(steps)))
            m.d.sync += [
                choice.eq(chosen),
                valid.eq(chosen.any() | hits[0]),
                self.o_valid[bank].eq(valid),
                side.eq(served[0][place & 3] & served[1][place >> 2] | sweep),
                self.o_side[bank].eq(side),
                self.o_entry[bank].eq(self._chosen(m, f"entry{bank}", choice, [queue.entry for queue in queues])),
            ]
            later = delayed(m, choice, f"choice{bank}", cycles=READ - 2)
            m.d.comb += self.o_product[bank].eq(self._chosen(m, f"product{bank}", later, [queue.product for queue in queues]))

    def _chosen(self, m, name, choice, words):
        width, steps = len(words[0]), len(choice)
        if not steps:
            return words[0]
        word = Signal(width, name=name)
        self._library.cell(m, f"choose_{name}", "nz_choose", p_WIDTH=width, p_STEPS=steps, i_choice=choice, o_word=word,
                           i_words=Cat(*words, *words[:1] * ((1 << steps) - len(words))))
        return word

    def _rivals(self, m, parity, queues):
        """Return for each queue which heads want its bank and come before it there; each pair is compared once."""
        rivals = [[] for _ in queues]
        for k, queue in enumerate(queues):
            for j, other in enumerate(queues[:k]):
                same, first = Signal(name=f"same{j}_{k}_{parity}"), Signal(name=f"first{j}_{k}_{parity}")
                m.d.comb += [
                    same.eq(other.bank == queue.bank),
                    first.eq(self._beats(j, k, queue.bank)),
                ]
                rivals[k].append(other.valid & same & first)
                rivals[j].append(queue.valid & same & ~first)
        return rivals

    def _beats(self, j, k, high_bits):
        """Whether multiplier j comes before k in the order of the bank with these high bits."""
        count = self._multipliers
        before = [place for place in range(self._banks // 2) if (j - place) % count < (k - place) % count]
        return Cat(high_bits == place for place in before).any() if len(before) <= len(range(self._banks // 4)) else \
            ~Cat(high_bits == place for place in range(self._banks // 2) if place not in before).any()

    def _decoded(self, m, name, bank, valid):
        """Return a bank's high bits as two one-hot registers: of the two low ones and, all 0 unless valid, of the rest."""
        low = min(4, self._banks // 2)
        which = Signal(low, name=f"which{name}")
        rest = Signal(max(1, self._banks // 8), name=f"rest{name}")
        m.d.sync += [which.eq(Cat(bank[:2] == value for value in range(low))),
                     rest.eq(Cat(valid & ((bank[2:] == value) if len(bank) > 2 else 1) for value in range(len(rest))))]
        return which, rest
