"""Single questions to a GPU that nobody has published an answer to, each with the answer golden expects."""
from dataclasses import dataclass

import numpy as np

from golden.gpu.instruction import INSTRUCTIONS, Instruction
from golden.gpu.tile import Runner, golden, in_corner, rows, run
from golden.mac.convert import to_bits

INF = float("inf")
TINY = 2.0**-24


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One dot product that tells two readings of the rule apart.

    Parameters
    ----------
    question : str
        What is asked; the golden model's answer is yes, or the pattern it expects.
    otherwise : str
        What another answer would mean.
    products : tuple of (float, float)
        Operands of the products that are not zero.
    c : float
        The addend.
    fmt, acc, family, satfinite
        Which instruction is asked: of those that the GPU has, the one with the most terms.
    """

    question: str
    otherwise: str
    products: tuple[tuple[float, float], ...]
    c: float = 0.0
    fmt: str = "fp16"
    acc: str = "fp16"
    family: str = "mma.sync"
    satfinite: bool = False

    def instruction(self, device: Runner) -> Instruction | None:
        """The instruction to ask on this device, if it has one."""
        kind = (self.fmt, self.acc, self.family, self.satfinite)
        fits = [i for i in INSTRUCTIONS if (i.fmt, i.acc, i.family, i.satfinite) == kind and device.takes(i)]
        return max((i for i in fits if i.terms >= len(self.products)), key=lambda i: i.terms, default=None)

    def operands(self, terms: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return patterns a, b of shape (1, terms) and c of shape (1,)."""
        pairs = [*self.products, *[(0.0, 0.0)] * (terms - len(self.products))]
        a, b = (to_bits(self.fmt, np.array([side], np.float64)) for side in zip(*pairs, strict=True))
        return a, b, to_bits(self.acc, np.array([self.c]))


def _edge(exponent: int) -> Probe:
    return Probe(question=f"fp16 result: does a product of 2^{exponent} break the tie at 2^-25?",
                 otherwise="a zero counts with another exponent",
                 products=((2.0**-14, 2.0**-11), (TINY, 2.0**(exponent + 24))))


def _bf16(question: str, otherwise: str, *products: tuple[float, float]) -> Probe:
    return Probe(question=question, otherwise=otherwise, products=products, fmt="bf16", acc="fp32")


def _wgmma(question: str, otherwise: str, product: float, c: float) -> Probe:
    return Probe(question=question, otherwise=otherwise, products=((product, 1.0),), c=c, fmt="e4m3", acc="fp32",
                 family="wgmma")


PROBES = (
    *(_edge(exponent) for exponent in range(-42, -48, -1)),
    Probe(question="fp16 result: rounded once?", otherwise="rounded twice",
          products=((1, 1), (1, 2.0**-11), (2.0**-12, 2.0**-13))),
    Probe(question="fp16 result, four terms: rounded once?", otherwise="rounded twice",
          products=((2, 1), (2, 1), (1, 2.0**-9), (2.0**-11, 2.0**-11))),
    _bf16("negative sum below the smallest subnormal?", "-0: its sign survives", (-(2.0**-80), 2.0**-80)),
    _bf16("pattern of NaN?", "another NaN", (INF, 0.0)),
    _bf16("truncated overflow?", "the largest finite number", (2.0**127, 1.0), (2.0**127, 1.0)),
    _wgmma("wgmma e4m3, C = -2^-14: lost in alignment?", "C is added at higher precision", 1.0, -(2.0**-14)),
    _wgmma("wgmma e4m3, C = 2^-13: kept?", "fewer bits are kept", 1.0, 2.0**-13),
    _wgmma("wgmma e4m3, C = -2^-13: kept?", "fewer bits are kept", 1.0, -(2.0**-13)),
    _wgmma("wgmma e4m3, products 0, C = 1 + 2^-23: low 10 bits cut?", "C passes whole", 0.0, 1 + 2.0**-23),
    Probe(question="mma.sync e4m3: is C added last, by itself?", otherwise="native arithmetic", fmt="e4m3",
          acc="fp32", products=((1, 1),), c=-(2.0**-14)),
    Probe(question="clamped int8: does the sum leave and come back?", otherwise="7ffc0fef: clamped on the way",
          fmt="int8", acc="int32", satfinite=True, products=((127, 127),) * 16 + ((-127, 127),) * 16,
          c=2.0**31 - 1),
)


def ask(device: Runner) -> list[dict]:
    """Ask every probe; one row each, empty where the GPU lacks the instruction."""
    answers: list[dict] = []
    for probe in PROBES:
        instruction = probe.instruction(device)
        row: dict = {"question": probe.question, "instruction": None, "golden": None, "gpu": None, "same": None,
                     "otherwise": probe.otherwise}
        if instruction is not None:
            a, b, c = probe.operands(instruction.terms)
            want = int(rows(instruction, device.arch, a, b, c)[0])
            got = int(run(device, instruction, *in_corner(instruction, a, b, c))[0, 0, 0])
            row |= {"instruction": instruction.name, "golden": f"{want:x}", "gpu": f"{got:x}", "same": got == want}
        answers.append(row)
    return answers


def chains(device: Runner, tiles) -> list[dict]:
    """Compare one long instruction with two of half its length, D of the first being C of the second.

    ``tiles`` draws operands for an instruction, as `golden.gpu.tile.draw`. The two agree where the long one is no
    longer than the unit's block times a whole number; one row per pair that the GPU has.
    """
    answers: list[dict] = []
    for long in (i for i in INSTRUCTIONS if device.takes(i) and not i.sparse):
        kind = (long.family, long.rows, long.fmt, long.acc, long.satfinite, long.terms // 2)
        for short in filter(device.takes, INSTRUCTIONS):
            if (short.family, short.rows, short.fmt, short.acc, short.satfinite, short.terms) == kind:
                a, b, c = tiles(long)
                once, twice = run(device, long, a, b, c), c
                for k in (0, short.terms):
                    part = slice(k, k + short.terms)
                    twice = run(device, short, a[..., part], b[..., part], twice)
                answers.append({"long": long.name, "short": short.name, "results": once.size,
                                "same": int((once == twice).sum()),
                                "golden_same": int((_twice(device.arch, long, short, a, b, c)).sum())})
    return answers


def _twice(arch: str, long: Instruction, short: Instruction, a, b, c) -> np.ndarray:
    """Where golden says that the two ways of `chains` agree."""
    half = short.terms
    middle = golden(short, arch, a[..., :half], b[..., :half], c)
    return golden(long, arch, a, b, c) == golden(short, arch, a[..., half:], b[..., half:], middle)
