"""Matrix read and entry picker: fragments become words, words become one entry per cycle."""
import collections

import cocotb

from rtl.eie.bus import Op
from sim.eie.columns import column, pack, picks, words
from sim.eie.drive import SPEC, Block, crossed, draw, pauses

TO_WORD = 4         # cycles from the take of a fragment to its first marked word
TO_BIAS = 3         # cycles from the BIAS command to its lane


def fragments(rng, count, room=SPEC.entries):
    """Return a memory of at most ``room`` entries and the fragments in it: (start, end), empty ones too where they are kept."""
    memory, found = [], []
    while len(found) < count:
        entries = [] if not SPEC.skip_empty and rng.random() < 0.2 else column(SPEC, rng)
        if len(memory) + len(entries) + 1 > room:
            break
        if entries or not SPEC.skip_empty:
            found.append((len(memory), len(memory) + len(entries)))
        memory += entries
    return memory + [(0, 0)], found


async def load(block, memory):
    """Write the memory, a lane of 32 bits per command."""
    lanes = SPEC.word_bits // 32
    for number, word in enumerate(pack(SPEC, memory)):
        for lane in range(lanes):
            await block.step(cmd_op=Op.WORD, cmd_addr=number * lanes + lane, cmd_data=word >> 32 * lane & 0xFFFFFFFF)
    await block.step(cmd_op=Op.NOP)


def offered(start, end, act):
    """Return the inputs that offer a fragment."""
    last = (end - 1) % SPEC.entries
    single = start // SPEC.word_entries == last // SPEC.word_entries
    empty = {} if SPEC.skip_empty else {"i_empty": start == end}        # a machine that skips them never offers one
    return {"i_valid": 1, "i_start": start, "i_last": last, "i_single": single, "i_act": act, **empty}


@cocotb.test(timeout_time=2, timeout_unit="ms")
@crossed
async def words_are_those_of_the_fragments(dut, idle, stall):
    block, rng, wait, refuse = await Block(dut, "spmat").start(), draw(), pauses(idle), pauses(stall)
    memory, found = fragments(rng, 60)
    ahead = rng.randrange(SPEC.entries - len(memory) + 1)       # so that fragments lie everywhere in the memory
    memory = [(rng.randrange(1 << SPEC.codebook_bits), 0) for _ in range(ahead)] + memory
    found = [(start + ahead, end + ahead) for start, end in found]
    await load(block, memory)
    acts = [rng.getrandbits(SPEC.act_bits) for _ in found]
    wanted = [word for (start, end), act in zip(found, acts, strict=True) for word in words(SPEC, memory, start, end, act)]
    waiting = collections.deque(zip(found, acts, strict=True))
    got = quiet = 0
    held = None
    busy = False
    while got < len(wanted) or quiet < 8:
        if not busy and waiting and not wait():
            busy = True
        (start, end), act = waiting[0] if waiting else ((0, 0), 0)
        ready = not refuse()
        junk = {"i_valid": 0, "i_act": rng.getrandbits(SPEC.act_bits)}
        await block.step(**(offered(start, end, act) if busy else junk), o_ready=ready)
        if busy and block["i_ready"]:
            waiting.popleft()
            busy = False
        now = None
        if block["o_valid"]:
            assert got < len(wanted), "a word too many"
            now = tuple(block[f"o_{name}"] for name in ("word", "mask", "from", "lead", "head", "act"))
            one = wanted[got]
            meant = (one.bits, one.mask, one.first, one.lead, one.head, one.act)
            if one.mask == 0:                                   # an empty fragment: nothing but its time counts
                now, meant = now[1], 0
            assert now == meant, f"word {got}: {now}, expected {meant}; seed {cocotb.RANDOM_SEED}"
            assert not block["idle"]
            got += ready
        assert held is None or now == held, "an offer must stay until it is taken"
        held = None if ready else now
        quiet = quiet + 1 if got == len(wanted) else 0
    assert block["idle"] and not waiting


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_word_a_cycle(dut):
    """The first word comes four cycles after its fragment is taken, and full words follow each other without a bubble."""
    block = await Block(dut, "spmat").start()
    count, total = SPEC.word_entries, 6
    await load(block, [(1, 0)] * (count * (total + 3)))
    await block.step(**offered(0, count * total, 1), o_ready=1)
    assert block["i_ready"]
    seen = []
    for _ in range(TO_WORD + total + 3):
        await block.step(**offered(count * total, count * (total + 1), 2), o_ready=1)
        seen.append(block["o_valid"])
    assert seen[:TO_WORD - 1] == [0] * (TO_WORD - 1) and all(seen[TO_WORD - 1:]), f"{seen}"


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def biases_come_three_cycles_after_their_command(dut):
    block, rng = await Block(dut, "spmat").start(), draw()
    lanes = [rng.getrandbits(32) | 1 for _ in range(4 * (SPEC.word_bits // 32))]
    for address, lane in enumerate(lanes):
        await block.step(cmd_op=Op.WORD, cmd_addr=address, cmd_data=lane)
    await block.step(cmd_op=Op.NOP)
    order = [rng.randrange(len(lanes)) if rng.random() < 0.7 else None for _ in range(60)]
    for cycle in range(len(order) + TO_BIAS):
        asked = order[cycle] if cycle < len(order) else None
        await block.step(cmd_op=Op.NOP if asked is None else Op.BIAS, cmd_addr=asked or 0)
        then = order[cycle - TO_BIAS] if cycle >= TO_BIAS else None
        assert block["bias"] == (0 if then is None else lanes[then]), f"cycle {cycle}"


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def hold_keeps_a_fragment_out(dut):
    block = await Block(dut, "spmat").start()
    await load(block, [(1, 0)] * SPEC.word_entries)
    for _ in range(5):
        await block.step(**offered(0, 1, 3), o_ready=1, hold=1)
        assert not block["i_ready"] and block["idle"]
    await block.step(hold=0)
    assert block["i_ready"]


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(idle=["never", "other", "burst", 0.4])
async def every_marked_entry_is_picked_once_in_order(dut, idle):
    """One entry per cycle: while words are offered, no cycle passes without one (a word with no mark costs one)."""
    block, rng, wait = await Block(dut, "picker").start(), draw(), pauses(idle)
    memory, found = fragments(rng, 400, room=8000)
    acts = [rng.getrandbits(SPEC.act_bits) or 1 for _ in found]
    waiting = collections.deque(word for (start, end), act in zip(found, acts, strict=True)
                                for word in words(SPEC, memory, start, end, act))
    wanted = [pick for (start, end), act in zip(found, acts, strict=True) for pick in picks(SPEC, memory, start, end, act)]
    empties = sum(word.mask == 0 for word in waiting)
    got = real = padding = cycles = quiet = 0
    begun = busy = False
    while quiet < 4:
        if not busy and waiting and not wait():
            busy = True
        word = waiting[0] if waiting else None
        fields = {"i_valid": 0, "i_mask": rng.getrandbits(SPEC.word_entries), "i_act": rng.getrandbits(SPEC.act_bits)}
        if busy:
            fields = {"i_valid": 1, "i_word": word.bits, "i_mask": word.mask, "i_from": word.first, "i_lead": word.lead,
                      "i_head": word.head, "i_act": word.act}
        await block.step(**fields)
        if busy and block["i_ready"]:
            waiting.popleft()
            busy = False
            begun = True
        real += block["pick_real"]
        padding += block["pick_padding"]
        if block["o_valid"]:
            one = wanted[got]
            now = tuple(block[f"o_{name}"] for name in ("code", "run", "head", "act"))
            meant = (one.code, one.run, one.head, one.act)
            assert now == meant, f"pick {got}: {now}, expected {one}; seed {cocotb.RANDOM_SEED}"
            if SPEC.skip_padding:
                assert block["o_skip"] == one.skip, f"pick {got}: skipped {block['o_skip']}, expected {one.skip}"
            got += 1
        else:
            assert block["o_act"] == 0
        cycles += begun and got < len(wanted)
        quiet = quiet + 1 if got == len(wanted) and not waiting else 0
    assert (real, padding) == (sum(one.code != 0 for one in wanted), sum(one.code == 0 for one in wanted)) and block["idle"]
    if idle == "never":
        assert cycles <= len(wanted) + empties + 2, f"{cycles} cycles, {len(wanted)} entries: promised one each"
