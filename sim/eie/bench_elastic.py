"""Matrix read, cycle by cycle: in which cycle each stage of the page holds a word, whatever the pauses on both sides."""
import collections
from dataclasses import dataclass

import cocotb

from sim.eie.bench_words import fragments, load, offered
from sim.eie.columns import pack
from sim.eie.drive import SPEC, Block, crossed, draw, pauses


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word on its way: the number of its fragment, its mask, and whether it ends in S2."""

    fragment: int
    mask: int
    vanishes: bool


def words_of(memory, number, start, end):
    """Return the words that a fragment sends one after another, those of padding alone too."""
    count, skip = SPEC.word_entries, SPEC.skip_padding and SPEC.max_skip > 0
    if start == end:
        return collections.deque([Word(fragment=number, mask=0, vanishes=False)])
    found = collections.deque()
    for word in range(start // count, (end - 1) // count + 1):
        inside = [k for k in range(count) if start <= word * count + k < end]
        mask = sum(1 << k for k in inside if memory[word * count + k][0] or not skip)
        found.append(Word(fragment=number, mask=mask, vanishes=not mask))
    return found


class Stages:
    """F, S1, S2 and S3 of ``docs/eie/pipeline.md``: each takes a word when it is empty or is emptied in the same cycle."""

    def __init__(self):
        self.f = collections.deque()
        self.s1 = self.s2 = self.s3 = None
        self.second = False                                     # the word in S2 is there for its second cycle or a later one

    @property
    def idle(self):
        return not self.f and self.s1 is self.s2 is self.s3 is None

    def moves(self, o_ready, hold):
        """Return which of S2, S1 and F pass a word on in this cycle, and whether a fragment may come."""
        free = self.s3 is None or o_ready
        from_s2 = self.s2 is not None and (free or (self.s2.vanishes and self.second))
        from_s1 = self.s1 is not None and (self.s2 is None or from_s2)
        from_f = bool(self.f) and (self.s1 is None or from_s1)
        ready = (not self.f or (from_f and len(self.f) == 1)) and not hold
        return free, from_s2, from_s1, from_f, ready

    def step(self, o_ready, hold, fragment):
        """Go to the next cycle; ``fragment`` is taken if one may come."""
        free, from_s2, from_s1, from_f, ready = self.moves(o_ready, hold)
        if free:
            self.s3 = self.s2 if from_s2 and not self.s2.vanishes else None
        self.second = self.s2 is not None and not from_s2
        if from_s2:
            self.s2 = None
        if from_s1:
            self.s2, self.s1 = self.s1, None
        if from_f:
            self.s1 = self.f.popleft()
        if ready and fragment is not None:
            self.f = fragment


@cocotb.test(timeout_time=4, timeout_unit="ms")
@crossed
async def every_stage_is_elastic(dut, idle, stall):
    """A bubble anywhere is closed as soon as the word ahead of it waits, and a word of padding alone never holds a word up."""
    block, rng, wait, refuse = await Block(dut, "spmat").start(), draw(), pauses(idle), pauses(stall)
    memory, found = fragments(rng, 40)
    await load(block, memory)
    assert len(pack(SPEC, memory)) <= SPEC.words
    stages, waiting, busy = Stages(), collections.deque(enumerate(found)), False
    cycle = quiet = 0
    while quiet < 6:
        busy = busy or (bool(waiting) and not wait())
        number, (start, end) = waiting[0] if waiting else (0, (0, 0))
        ready, hold = not refuse(), rng.random() < 0.1
        inputs = offered(start, end, number) if busy else {"i_valid": 0}
        await block.step(**inputs, o_ready=ready, hold=hold)
        *_, may_come = stages.moves(ready, hold)
        seen = {"o_valid": block["o_valid"], "idle": block["idle"], "i_ready": block["i_ready"]}
        meant = {"o_valid": int(stages.s3 is not None), "idle": int(stages.idle), "i_ready": int(may_come)}
        assert seen == meant, f"cycle {cycle}: {seen}, expected {meant}; seed {cocotb.RANDOM_SEED}"
        if stages.s3 is not None:
            assert (block["o_mask"], block["o_act"]) == (stages.s3.mask, stages.s3.fragment), f"cycle {cycle}"
        stages.step(ready, hold, words_of(memory, number, start, end) if busy else None)
        if busy and may_come:
            waiting.popleft()
            busy = False
        cycle += 1
        quiet = quiet + 1 if stages.idle and not waiting else 0
