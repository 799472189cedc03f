"""Pointer read and activation queue against small models, cycle by cycle."""
import collections

import cocotb

from rtl.eie.bus import Op
from sim.eie.drive import SPEC, Block, crossed, draw, pauses

READ = 3            # cycles from a broadcast to its fragment
COUNTED = 2         # cycles from a take to the first in which the level is lower
DROPPED = 5         # cycles from an arrival to the first in which a dropped column no longer counts


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(idle=["never", "other", "burst", 0.4])
async def pointers_give_the_fragment_three_cycles_later(dut, idle):
    """A column a cycle, answered in exactly three; the first column of a layer starts at the layer's base."""
    block, rng, pause = await Block(dut, "pointer").start(), draw(), pauses(idle)
    mask = (1 << SPEC.pointer_bits) - 1
    ends = [rng.choice((0, 1, mask, mask - 1, rng.getrandbits(SPEC.pointer_bits))) for _ in range(SPEC.columns)]
    for column in range(1, SPEC.columns, 5):                    # some columns are empty
        ends[column] = ends[column - 1]
    for column, end in enumerate(ends):
        await block.step(cmd_op=Op.POINTER, cmd_data=end, cmd_addr=column, bc_column=rng.randrange(SPEC.columns))
    base = rng.randrange(SPEC.words)
    words = SPEC.word_entries
    pipe = collections.deque([None] * READ)
    await block.step(cmd_op=Op.NOP, cfg_base=base)
    for cycle in range(400):
        column, first, act = rng.randrange(1, SPEC.columns), rng.random() < 0.2, rng.getrandbits(SPEC.act_bits)
        valid = not pause()
        await block.step(bc_valid=valid, bc_column=column, bc_first=first, bc_act=act)
        wanted = pipe.popleft()
        assert block["o_valid"] == (wanted is not None), f"cycle {cycle}"
        if wanted is not None:
            start, end, act_then = wanted
            assert (block["o_start"], block["o_act"]) == (start, act_then), f"cycle {cycle}"
            assert block["o_empty"] == (start == end), f"cycle {cycle}: {start} to {end}"
            if start != end:
                last = (end - 1) & mask
                assert (block["o_last"], block["o_single"]) == (last, last // words == start // words), f"cycle {cycle}"
        pipe.append(((base * words) & mask if first else ends[column - 1], ends[column], act) if valid else None)


@cocotb.test(timeout_time=1, timeout_unit="ms")
@crossed
async def queue_keeps_order_and_stops_in_time(dut, idle, stall):
    """A sender that sees a stop ``broadcast_latency`` cycles late never overflows it; level, stop and idle are exact."""
    block, rng, wait, refuse = await Block(dut, "queue").start(), draw(), pauses(idle), pauses(stall)
    delay, depth = SPEC.broadcast_latency, SPEC.queue_depth
    stops = collections.deque([False] * delay)                  # on their way to the sender
    flights = collections.deque([None] * delay)                 # broadcasts on their way here
    reads = collections.deque([None] * READ)                    # columns in the pointer read
    kept: collections.deque = collections.deque()
    level_at: collections.Counter = collections.Counter()       # changes of the level by cycle
    level = most = taken = 0
    for cycle in range(1500):
        level += level_at.pop(cycle, 0)
        most = max(most, level)
        assert 0 <= level <= depth
        stops.append(level >= depth - 2 * delay)
        sent = None
        if not stops.popleft() and not wait() and cycle < 1400:
            empty = rng.random() < 0.25
            widths = {"act": SPEC.act_bits, "start": SPEC.pointer_bits, "last": SPEC.pointer_bits, "single": 1}
            sent = {"empty": empty} | {name: rng.getrandbits(bits) for name, bits in widths.items()}
        flights.append(sent)
        arriving = flights.popleft()
        reads.append(arriving)
        if arriving is not None:
            level_at[cycle + 1] += 1
        read = reads.popleft()
        ready = not refuse()
        await block.step(arrive=arriving is not None, o_ready=ready, i_valid=read is not None,
                         **{f"i_{name}": value for name, value in (read or {}).items()})
        assert block["stop"] == (level >= depth - 2 * delay), f"cycle {cycle}: level {level}"
        assert block["idle"] == (level == 0), f"cycle {cycle}: level {level}"
        assert block["o_valid"] == bool(kept), f"cycle {cycle}: {len(kept)} kept"
        if kept and ready:
            wanted = kept.popleft()
            names = ["act", "start", "last", "single"] + ([] if SPEC.skip_empty else ["empty"])
            for name in names:
                assert block[f"o_{name}"] == wanted[name], f"cycle {cycle}: {name}"
            level_at[cycle + COUNTED] -= 1
            taken += 1
        if read is not None and read["empty"] and SPEC.skip_empty:
            level_at[cycle - READ + DROPPED] -= 1
        elif read is not None:
            kept.append(read)
    assert not kept and level == 0
    assert taken > 100
    if stall == "burst" and idle == "never":
        assert most > depth - 2 * delay - (delay == 0), "the room for what is on its way was needed"


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def queue_passes_a_column_a_cycle(dut):
    """With a taker that is always ready every fragment leaves in the cycle after it came."""
    block = await Block(dut, "queue").start()
    for cycle in range(50):
        await block.step(arrive=cycle < 40, i_valid=READ <= cycle < 40 + READ, i_act=cycle & 0xFF, o_ready=1, i_empty=0)
        assert block["o_valid"] == (READ < cycle <= 40 + READ)
        if block["o_valid"]:
            assert block["o_act"] == cycle - 1 & 0xFF
