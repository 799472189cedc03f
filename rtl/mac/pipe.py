"""A pipeline that balances itself: values remember the stage they were made in and are delayed when used later."""
from amaranth import Cat, Const, Module, Signal, Value


class Late:
    """One value of a `Pipe`: the signal that holds it at each stage from the one it was made in."""

    def __init__(self, signal, stage: int, reset: bool = False, constant: bool = False):
        self.reset, self.constant = reset, constant
        self.taps = {stage: signal}
        self.last = stage


class Pipe:
    """Cuts straight-line logic into stages.

    ``put`` names a value at the current stage, ``pipe[value]`` reads it at the current stage through as many
    registers as there are stages between, and ``cut(name)`` begins the next stage if the target's table lists
    ``name``. One operation enters every cycle; nothing ever waits, so there is no enable.

    Parameters
    ----------
    m : Module
        Where registers go.
    cuts : dict
        Name -> n: every n-th ``cut`` of that name begins a stage; of names not listed, or with 0, none does.
    """

    def __init__(self, m: Module, cuts: dict[str, int]):
        self.m = m
        self.cuts = cuts
        self.stage = 0
        self.met: dict[str, int] = {}
        self.names: dict[str, int] = {}
        self.log: list[tuple[str, int]] = []

    def cut(self, name: str) -> None:
        """Begin the stage ``name`` where the target has it."""
        self.met[name] = self.met.get(name, 0) + 1
        period = self.cuts.get(name, 0)
        taken = int(period > 0 and self.met[name] % period == 0)
        self.log.append((name, taken))
        self.stage += taken

    def wait(self, name: str, stages: int) -> None:
        """Let ``stages`` cycles pass, as a block with registers of its own takes."""
        self.log.append((name, stages))
        self.stage += stages

    def count(self, name: str) -> int:
        """Return how often this was asked of ``name``, here and in the pipes that this one was forked from or into."""
        self.names[name] = self.names.get(name, -1) + 1
        return self.names[name]

    def fork(self) -> "Pipe":
        """Return a second reader that starts at this stage, for logic beside this one."""
        other = Pipe(self.m, self.cuts)
        other.met = dict(self.met)
        other.names = self.names
        other.stage = self.stage
        return other

    def put(self, value, name: str, *, reset: bool = False) -> Late:
        """Name ``value`` at this stage; ``reset`` clears its registers by the domain's reset."""
        value = Value.cast(value)
        if isinstance(value, Const):
            return Late(value, self.stage, constant=True)
        signal = Signal(value.shape(), name=f"{name}_s{self.stage}")
        self.m.d.comb += signal.eq(value)
        return Late(signal, self.stage, reset)

    def differ(self, x: Late, y: Late, name: str) -> Late:
        """Return whether two bits differ, found in the first stage that has both: whoever reads it later has a register."""
        if x.constant and y.constant:
            return self.put(self[x] ^ self[y], name)
        early = self.fork()
        early.stage = max(min(x.taps), min(y.taps))
        return early.put(early[x] ^ early[y], name)

    def widen(self, late: Late, bits: int) -> Late:
        """Return ``late`` as an unsigned number of ``bits`` bits."""
        value = self[late]
        return self.put(Cat(value, Const(0, bits - len(value))), "wide") if len(value) < bits else late

    def __getitem__(self, late: Late):
        """Read ``late`` at this stage."""
        if self.stage < min(late.taps):
            raise ValueError(f"a pipe value must be read at stage {min(late.taps)} or later, not {self.stage}; "
                             f"move the cut")
        if late.constant:
            return late.taps[late.last]
        while late.last < self.stage:
            old = late.taps[late.last]
            late.last += 1
            new = Signal(old.shape(), reset_less=not late.reset, name=f"{old.name.rpartition('_s')[0]}_s{late.last}")
            self.m.d.sync += new.eq(old)
            late.taps[late.last] = new
        return late.taps[self.stage]
