"""Scatter crossbar: the products of a vector find their accumulator banks."""

from functools import reduce
from operator import or_
from types import SimpleNamespace

from amaranth.hdl import Array, Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Submodules
from rtl.parts import delayed, leave_open
from rtl.scnn.arbiter import choice_of, decoded, grant
from rtl.scnn.product_queue import CHOSEN, READ, Queue
from spec.scnn.shape import LINE_DEPTH, LINE_MARGIN, LINE_SEEN, LINES

LINE_BITS = LINES.bit_length() - 1


class Crossbar(wiring.Component):
    """Bring up to ``multipliers`` products per cycle to ``banks`` banks, each of which takes an operation per cycle.

    Every multiplier has two queues, for even and for odd banks. A bank serves the heads of its parity that ask for it: bank b
    prefers the multipliers in the order b / 2, b / 2 + 1, ... modulo their number. An operation of the side port goes first.
    Nothing is lost or doubled, products of one multiplier for one bank stay in order, and banks never refuse. What is chosen
    in one cycle is at its bank `rtl.scnn.product_queue.CHOSEN` cycles later. With ``blocks`` the queues of multipliers keep
    entries and products in block memories.

    With two ``stages`` each four multipliers bring their products to queues of lines first, and a bank chooses among those of
    its line: fewer heads are compared, and a product goes to fewer places. Take 8 multipliers or more.

    Members
    -------
    i_reserve, i_odd : ``In(multipliers)``
        Which products will be pushed two cycles later, and whether to the odd banks.
    i_valid : ``In(multipliers)``; i_bank, i_entry, i_product : ``In`` arrays, one per multiplier; i_buffer : ``In(1)``
        Products pushed in this cycle.
    stop : ``Out(1)``
        From a register: in the cycle before, a level was above ``depth - margin``.
    side_valid, side_bank, side_all : ``In``
        An operation of the side port for a bank, in the next cycle; or for all of them, in this one.
    heads : ``Out(2)``
        Whether a head, or anything in lines or on its way to them, belongs to buffer 0, to buffer 1.
    o_valid, o_side : ``Out(banks)``; o_entry, o_product : ``Out`` arrays, one a bank
        A product's place, and the product `rtl.scnn.accumulator.VALUE` cycles after it; an operation of the side port, whose
        entry and value the side port brings along.
    o_near : ``Out(2 * LINES)``
        With two stages: in the cycle before such an operation, whether it is for banks of a line; the line of a bank is
        :meth:`line_of` it.
    """

    def __init__(self, library: Submodules, *, multipliers: int, banks: int, depth: int, margin: int, entry_bits: int,
                 product_bits: int, blocks: bool = False, stages: int = 1):
        if banks < 4 or banks & (banks - 1):
            raise ValueError(f"banks must be a power of two from 4, not {banks}")
        self._library, self._depth, self._margin = library, depth, margin
        self._banks, self._multipliers, self._high = banks, multipliers, banks.bit_length() - 2
        self._entry_bits, self._product_bits, self._blocks = entry_bits, product_bits, blocks
        self._stages, self._of_a_line = stages, banks // 2 // LINES
        super().__init__({
            "i_reserve": In(multipliers), "i_odd": In(multipliers), "i_valid": In(multipliers), "i_buffer": In(1),
            "i_bank": In(self._high + 1).array(multipliers), "i_entry": In(entry_bits).array(multipliers),
            "i_product": In(product_bits).array(multipliers), "stop": Out(1), "side_valid": In(1),
            "side_bank": In(self._high + 1), "side_all": In(1), "heads": Out(2), "o_valid": Out(banks), "o_side": Out(banks),
            "o_entry": Out(entry_bits + 1).array(banks), "o_product": Out(product_bits).array(banks)}
            | ({"o_near": Out(2 * LINES)} if stages == 2 else {}))

    def elaborate(self, platform):
        m = Module()
        sides = [[self._queue(m, k, parity) for k in range(self._multipliers)] for parity in (0, 1)]
        queues = [queue for side in sides for queue in side]
        m.d.sync += self.stop.eq(delayed(m, Cat(queue.near for queue in queues), "near", cycles=self._stages - 1).any())
        held = Cat(Cat(queue.valid & (queue.buffer == buffer) for queue in queues).any() for buffer in (0, 1))
        if self._stages == 1:
            m.d.comb += self.heads.eq(held)
            for parity, side in enumerate(sides):
                aside, place = self._aside(m, f"{parity}", self.side_valid, self.side_bank[1:], self.side_bank[0] == parity)
                self._serve(m, f"{parity}", side, [2 * high + parity for high in range(self._banks // 2)], place=place,
                            aside=aside)
        else:
            lines = [self._lines(m, parity, side) for parity, side in enumerate(sides)]
            left = [delayed(m, held, "left", cycles=1)]
            for cycle in range(2, 1 + LINE_SEEN):                # until what left a head is seen in a line
                left.append(delayed(m, left[-1], f"left{cycle}", cycles=1))
            m.d.comb += self.heads.eq(reduce(or_, left + lines))
        return m

    def line_of(self, bank: int) -> int:
        """Return the number of a bank's line, with two stages, among those of both parities."""
        return bank % 2 * LINES + (bank // 2 // self._of_a_line ^ bank // 2 % LINES)

    def _queue(self, m, k, parity):
        queue = self._library.instantiate(
            m, f"queue{k}_{parity}",
            lambda: Queue(self._library, depth=self._depth, margin=self._margin, bank_bits=self._high,
                          entry_bits=self._entry_bits, product_bits=self._product_bits, blocks=self._blocks,
                          read=READ if self._stages == 1 else 2),
            module=f"scnn_queue_{self._depth}_{self._high}_{self._entry_bits}_{self._product_bits}")
        m.d.comb += [
            queue.reserve.eq(self.i_reserve[k] & (self.i_odd[k] == parity)),
            queue.push.eq(self.i_valid[k] & (self.i_bank[k][0] == parity)),
            queue.i_bank.eq(self.i_bank[k][1:] if self._stages == 1 else Cat(*self._in_line(self.i_bank[k][1:]))),
            queue.i_buffer.eq(self.i_buffer),
            queue.i_entry.eq(self.i_entry[k]),
            queue.i_product.eq(self.i_product[k]),
        ]
        return queue

    def _lines(self, m, parity, queues):
        """Bring products of each four queues to four lines, those of a line to its banks; return which buffers lines hold."""
        lines = [[] for _ in range(LINES)]
        for first in range(0, len(queues), LINES):
            for line, queue in enumerate(self._four(m, f"{parity}", first, queues[first:first + LINES])):
                lines[line].append(queue)
        place, at = self._in_line(self.side_bank[1:])
        for line, behind in enumerate(lines):
            banks = [2 * ((line ^ low % LINES) * self._of_a_line + low) + parity for low in range(self._of_a_line)]
            aside, near = self._aside(m, f"{parity}_{line}", self.side_valid & (self.side_bank[0] == parity), place, at == line)
            m.d.comb += self.o_near[parity * LINES + line].eq(
                delayed(m, aside | self.side_all, f"near{parity}_{line}", cycles=CHOSEN - 1))
            self._serve(m, f"{parity}_{line}", behind, banks, place=near, aside=aside)
        holds = Signal(2, name=f"holds{parity}")
        m.d.sync += holds.eq(reduce(or_, (queue.holds for line in lines for queue in line)))
        return delayed(m, holds, f"holds{parity}", cycles=1)

    def _four(self, m, label, first, queues):
        """Return the queues of the lines after four queues; a product is in one of them three cycles after its choice."""
        low = self._high - LINE_BITS
        behind = [self._library.instantiate(
            m, f"line{first // LINES}_{label}_{line}",
            lambda: Queue(self._library, depth=LINE_DEPTH, margin=LINE_MARGIN, bank_bits=low, entry_bits=self._entry_bits,
                          product_bits=self._product_bits, blocks=self._blocks, holding=True),
            module=f"scnn_line_{low}_{self._entry_bits}_{self._product_bits}") for line in range(LINES)]
        full = Cat(delayed(m, queue.near, f"full{first}_{label}_{line}", cycles=1) for line, queue in enumerate(behind))
        numbers = list(range(first, first + len(queues)))
        heads = [SimpleNamespace(valid=queue.valid, place=queue.bank[low:], pop=queue.pop) for queue in queues]
        granted = grant(m, label, heads, places=LINES, order=numbers, aside=lambda place: full.bit_select(place, 1))
        kept = [(delayed(m, queue.bank[:low], f"low{number}_{label}", cycles=2, reset_less=True),
                 delayed(m, queue.buffer, f"of{number}_{label}", cycles=1, reset_less=True))
                for number, queue in zip(numbers, queues, strict=True)]
        for line, queue in enumerate(behind):
            name = f"{first}_{label}_{line}"
            leave_open(queue.buffer)
            choice = choice_of(m, name, granted, line)
            m.d.comb += [
                queue.reserve.eq(choice.valid),
                queue.of.eq(Array(of for _, of in kept)[choice.chosen]),
            ]
            valid = delayed(m, choice.valid, f"valid{name}", cycles=1)
            later = delayed(m, choice.chosen, f"choice{name}", cycles=1)
            words = [Cat(queue.entry, low_bits, queue.product) for queue, (low_bits, _) in zip(queues, kept, strict=True)]
            word = delayed(m, self._chosen(m, f"for_line{name}", later, words), f"word{name}", cycles=1, reset_less=True)
            m.d.comb += [
                queue.push.eq(delayed(m, valid, f"moved{name}", cycles=1)),
                Cat(queue.i_entry, queue.i_buffer, queue.i_bank, queue.i_product).eq(word),
            ]
        return behind

    def _aside(self, m, label, valid, place, mine):
        """Keep what the side port asks of some banks in registers of theirs, which may stand by their arbiter."""
        aside, near = Signal(name=f"aside{label}"), Signal(len(place), name=f"aside_place{label}")
        m.d.sync += [
            aside.eq(valid & mine),
            near.eq(place & mine.replicate(len(place))),
        ]
        return aside, near

    def _in_line(self, high):
        """Return a bank's place in its line and the line, of the bits of its number above the parity."""
        low, top = high[:-LINE_BITS], high[-LINE_BITS:]
        return low, top ^ low[:LINE_BITS]

    def _serve(self, m, label, queues, banks, *, place, aside):
        """Give each bank the head that no rival beats; a cycle later choose, a cycle later pass on.

        ``aside`` and ``place`` are the side port's: whether it has one of the banks, and which.
        """
        heads = [SimpleNamespace(valid=queue.valid, place=queue.bank, pop=queue.pop) for queue in queues]
        granted = grant(m, label, heads, places=len(banks), order=list(range(len(queues))),
                        aside=lambda other: aside & (place == other))
        served = decoded(m, f"_side{label}", place, aside, places=len(banks))
        sweep = delayed(m, self.side_all, f"sweep{label}", cycles=1)
        for number, bank in enumerate(banks):
            choice = choice_of(m, f"{bank}", granted, number)
            valid, side = Signal(name=f"valid{bank}"), Signal(name=f"side{bank}")
            chosen = Signal(len(choice.chosen), name=f"choice{bank}")
            m.d.sync += [
                chosen.eq(choice.chosen),
                valid.eq(choice.valid),
                self.o_valid[bank].eq(valid),
                side.eq(served[0][number & 3] & served[1][number >> 2] | sweep),
                self.o_side[bank].eq(side),
                self.o_entry[bank].eq(self._chosen(m, f"entry{bank}", chosen, [queue.entry for queue in queues])),
            ]
            later = delayed(m, chosen, f"choice{bank}", cycles=READ - 2)
            m.d.comb += self.o_product[bank].eq(self._chosen(m, f"product{bank}", later, [queue.product for queue in queues]))

    def _chosen(self, m, name, choice, words):
        width, steps = len(words[0]), len(choice)
        if not steps:
            return words[0]
        word = Signal(width, name=name)
        self._library.cell(m, f"choose_{name}", "nz_choose", p_WIDTH=width, p_STEPS=steps, i_choice=choice, o_word=word,
                           i_words=Cat(*words, *words[:1] * ((1 << steps) - len(words))))
        return word
