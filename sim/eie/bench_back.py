"""Arithmetic, rounding and the activation memory against plain integers, with latencies as numbers."""
import itertools
from fractions import Fraction

import cocotb

from rtl.eie.bus import Op
from sim.eie.drive import SPEC, Block, draw, pauses, signed

TO_DRAIN = 4        # cycles from a DRAIN command to its value
TO_BIAS = 3         # cycles from a BIAS command to the cycle in which its lane is added
TO_ROUNDED = 4      # cycles from an accumulator's value to the output that it becomes
TO_FLAG = 3         # cycles from an entry in E1 to the flag of its saturated sum
TOP = (1 << SPEC.acc_bits - 1) - 1


def clip(value, bits):
    return max(-(1 << bits - 1), min((1 << bits - 1) - 1, value))


def corners(bits):
    """Signed values of a width at whose ends and middle things go wrong."""
    top = (1 << bits - 1) - 1
    return (0, 1, -1, top, -top - 1, top - 1, -top)


async def drain(block, slots, sums, *, gap=lambda: False):
    """Drain slots and compare the values with the sums, each exactly ``TO_DRAIN`` cycles after its command."""
    due = {}
    cycle = number = 0
    while number < len(slots) or due:
        slot = slots[number] if number < len(slots) and not gap() else None
        await block.step(cmd_op=Op.NOP if slot is None else Op.DRAIN, cmd_data=slot or 0, i_valid=0, i_act=0)
        if slot is not None:
            due[cycle + TO_DRAIN] = slot
            number += 1
        then = due.pop(cycle, None)
        assert block["o_valid"] == (then is not None)
        if then is not None:
            got = block.signed("o_value")
            assert (block["o_slot"], got) == (then, sums[then]), f"slot {block['o_slot']}: {got}, expected {then}: {sums[then]}"
            sums[then] = 0
        cycle += 1


@cocotb.test(timeout_time=4, timeout_unit="ms")
@cocotb.parametrize(rows=[1, 2, 3, SPEC.slots], idle=["never", "other", 0.4])
async def sums_saturate_at_every_addition(dut, rows, idle):
    """Entries follow each other on the same few rows in any cycle; every sum is forwarded right and no cycle is lost."""
    block, rng, pause = await Block(dut, "arithmetic").start(), draw(), pauses(idle)
    book = [rng.choice((*corners(SPEC.weight_bits), rng.randrange(-99, 99))) for _ in range(1 << SPEC.codebook_bits)]
    book[0] = 0
    for code, weight in enumerate(book):
        await block.step(cmd_op=Op.CODE, cmd_addr=code, cmd_data=weight & 0xFFFF)
    sums = [0] * SPEC.slots
    for slot in range(SPEC.slots):                              # what a machine does after a reset
        await block.step(cmd_op=Op.DRAIN, cmd_data=slot)
    await block.step(cmd_op=Op.NOP)
    for _ in range(TO_DRAIN):
        await block.step()
    for turn in range(3):
        await biases(block, rng, sums)
        wanted = flagged = 0
        row = SPEC.slots                                        # the first entry is a column's head
        near = min(SPEC.slots, SPEC.max_run + 1) if turn == 1 else SPEC.slots   # one entry goes to these, so they come in a row
        chosen = [rng.randrange(near) for _ in range(rows)]
        for _ in range(400):
            if pause():
                await block.step(i_valid=0, i_act=0, i_code=rng.randrange(1 << SPEC.codebook_bits))
                flagged += block["saturated"]
                continue
            target = rng.choice(chosen)
            head = target <= row or rng.random() < 0.3
            ahead = target if head else target - row - 1
            skip, run = divmod(ahead, SPEC.max_run + 1)
            while skip and not SPEC.skip_padding:               # padding takes cycles of its own
                await block.step(i_valid=1, i_code=0, i_run=SPEC.max_run, i_head=head, i_act=rng.randrange(99))
                flagged += block["saturated"]
                head, skip = False, skip - 1
            code, act = rng.randrange(1, 1 << SPEC.codebook_bits), rng.choice((*corners(SPEC.act_bits), rng.randrange(-9, 9)))
            await block.step(i_valid=1, i_code=code, i_run=run, i_skip=skip, i_head=head, i_act=act)
            flagged += block["saturated"]
            row = target
            exact = sums[target] + book[code] * act
            sums[target] = clip(exact, SPEC.acc_bits)
            wanted += exact != sums[target]
        for _ in range(TO_FLAG):
            await block.step(i_valid=0, i_act=0)
            flagged += block["saturated"]
        assert flagged == wanted, f"{flagged} sums flagged as saturated, {wanted} did"
        if SPEC.acc_bits == SPEC.act_bits + SPEC.weight_bits and rows <= 3:
            assert wanted, "the bench must saturate"
        again = [slot - back for slot in range(SPEC.slots) for back in (0, turn) if slot >= back]       # some are 0 by then
        await drain(block, again, sums, gap=pause if turn == 1 else lambda: False)
        assert sums == [0] * SPEC.slots


async def biases(block, rng, sums):
    """Preload all slots, one command per cycle, each lane given in the cycle in which the matrix read would."""
    values = [rng.choice(corners(SPEC.acc_bits)) for _ in range(SPEC.slots)]
    for cycle in range(SPEC.slots + TO_BIAS + 2):
        asked = {"cmd_op": Op.BIAS, "cmd_data": cycle} if cycle < SPEC.slots else {"cmd_op": Op.NOP}
        lane = values[cycle - TO_BIAS] if TO_BIAS <= cycle < SPEC.slots + TO_BIAS else 0
        await block.step(**asked, bias=lane, i_valid=0, i_act=0)
    sums[:] = values


def rounded(value, shift, relu):
    out = clip(round(Fraction(value, 1 << shift)), SPEC.act_bits)
    return max(out, 0) if relu else out


def telling(shift):
    """Return values around every power of two, every limit of the output, and exact halves at both signs.

    A half with one more bit set, whichever, is no half: it is rounded away from the even number below.
    """
    values = {sign * (1 << k) + near for k in range(SPEC.acc_bits) for sign in (1, -1) for near in (-1, 0, 1)}
    for out in (*corners(SPEC.act_bits), 2, 3, -2, -3):
        values |= {(out << shift) + (1 << shift >> 1) + near for near in (-1, 0, 1)}
    values |= {(out << shift) + (1 << shift >> 1) + (1 << bit) for out in (2, -4) for bit in range(shift - 1)}
    return {value for value in values if -TOP - 1 <= value <= TOP}


@cocotb.test(timeout_time=4, timeout_unit="ms")
@cocotb.parametrize(relu=[0, 1])
async def every_shift_rounds_and_saturates(dut, relu):
    """All shifts, values around every half, every power of two and both limits; one value per cycle, four cycles later."""
    block, rng = await Block(dut, "requantiser").start(), draw()
    for shift in range(1 << SPEC.shift_bits):
        values = telling(shift)
        values |= {rng.randrange(-TOP - 1, TOP + 1) >> rng.randrange(SPEC.acc_bits) for _ in range(60)}
        order = [value for value in values if -TOP - 1 <= value <= TOP]
        rng.shuffle(order)
        for cycle, value in enumerate(itertools.chain(order, [0] * TO_ROUNDED)):
            await block.step(i=value, shift=shift, relu=relu)
            if cycle >= TO_ROUNDED:
                given = order[cycle - TO_ROUNDED]
                got = block.signed("o")
                assert got == rounded(given, shift, relu), f"{given} >> {shift}: {got}, expected {rounded(given, shift, relu)}"


@cocotb.test(timeout_time=4, timeout_unit="ms")
@cocotb.parametrize(relu=[0, 1])
async def outputs_are_rounded_and_saturate(dut, relu):
    """Every telling value under a few shifts, through the memory."""
    block, rng = await Block(dut, "actrw").start(), draw()
    for shift in {0, 1, SPEC.act_bits // 2, (1 << SPEC.shift_bits) - 1, *range(6, min(1 << SPEC.shift_bits, SPEC.acc_bits), 4)}:
        values = sorted(telling(shift))
        block.set(cfg_source=0, cfg_shift=shift, cfg_relu=relu)
        for at in range(0, len(values), SPEC.slots):
            part = (values[at:at + SPEC.slots] + values)[:SPEC.slots]
            for slot, value in enumerate(part):
                await block.step(i_valid=1, i_slot=slot, i_value=value)
            for _ in range(TO_ROUNDED):
                await block.step(i_valid=0)
            block.set(cfg_source=1)
            await scanned(block, rng, [rounded(value, shift, relu) & (1 << SPEC.act_bits) - 1 for value in part])
            block.set(cfg_source=0)


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(source=[0, 1])
async def outputs_go_to_the_other_region(dut, source):
    """Loads and scans see the source region; write-back fills the other, four cycles after a value came, one per cycle."""
    block, rng = await Block(dut, "actrw").start(), draw()
    for shift in (3, 0, 4, 8, *range(1, 1 << SPEC.shift_bits, 2)):
        relu = shift & 2
        block.set(cfg_source=source, cfg_shift=shift, cfg_relu=relu != 0)
        loaded = [rng.choice((0, rng.getrandbits(SPEC.act_bits))) for _ in range(SPEC.slots)]
        for slot, value in enumerate(loaded):
            await block.step(cmd_op=Op.ACT, cmd_addr=slot, cmd_data=value)
        for other in Op:                                        # of other blocks, on the same bus
            if other is not Op.ACT:
                await block.step(cmd_op=other, cmd_addr=rng.randrange(SPEC.slots), cmd_data=rng.getrandbits(SPEC.act_bits))
        block.set(cmd_op=Op.NOP)
        most = [min(SPEC.acc_bits, SPEC.act_bits + shift + more) for more in (0, 0, 1, 2, 3)]   # in range, at its ends, beyond
        values = [clip(around(rng, rng.choice(most)), SPEC.acc_bits) for _ in range(SPEC.slots)]
        for slot, value in enumerate(values):
            await block.step(i_valid=1, i_slot=slot, i_value=value)
        for _ in range(TO_ROUNDED):
            await block.step(i_valid=0, i_value=rng.getrandbits(8), i_slot=rng.randrange(SPEC.slots))
        await scanned(block, rng, loaded)
        block.set(cfg_source=1 - source)
        await scanned(block, rng, [rounded(value, shift, relu) & (1 << SPEC.act_bits) - 1 for value in values])


def around(rng, bits):
    """Return a value within a width, one next to its corners, or any."""
    within = rng.randrange(-1 << bits - 1, 1 << bits - 1)
    return rng.choice((within, rng.choice(corners(bits)) + rng.randrange(-9, 9), rng.randrange(-TOP - 1, TOP + 1)))


async def scanned(block, rng, wanted):
    """Scan all slots, with pauses of both steps, and compare what is read with what is wanted."""
    await block.step(scan_addr=0, scan_read=1, scan_load=0)
    for slot, value in enumerate(wanted):
        following = min(slot + 1, len(wanted) - 1)
        while rng.random() < 0.3:                               # the first register keeps the value while neither is enabled
            await block.step(scan_addr=following, scan_read=0, scan_load=0)
        await block.step(scan_addr=following, scan_read=1, scan_load=1)
        await block.step(scan_read=0, scan_load=0)
        assert block["act"] == value and block["nonzero"] == (value != 0), f"slot {slot}"
        assert signed(value, SPEC.act_bits) == block.signed("act")
