"""One operand format into one accumulator: which arithmetic sums it, and how many terms at a time."""
from golden.mac import block, exact, integer, lns
from golden.mac.operand import Terms, decode
from spec.mac import MacSpec
from spec.mac.generation import ARCHS, RULES, Rule
from spec.mac.number import FORMATS

LOGARITHMS = Rule(terms=None, frac=None, round="lns", keep=16, e_zero=None)
"""Stands where a generation's rule would: the logarithmic lane follows `spec.mac.lns`."""


class Arithmetic:
    """Sums of products of one format, as a build or a whole generation does them.

    Parameters
    ----------
    spec : MacSpec or str
        A build, whose operations sum `MacSpec.terms` products; or the name of a generation, whose blocks are
        as long as the real unit's (`spec.mac.generation.RULES`), for ``"exact"`` as long as the whole dot
        product.
    fmt : str
        Operand format.
    acc : str, optional
        Accumulator format where ``spec`` is a name: ``"fp32"``, or ``"int32"`` for integers, when left out.
    rule : Rule, optional
        Replaces the generation's rule, block length included: for experiments.
    """

    def __init__(self, spec: MacSpec | str, fmt: str, acc: str | None = None, *, rule: Rule | None = None):
        self.fmt, self.spec = fmt, spec if isinstance(spec, MacSpec) else MacSpec()
        self.terms: int | None
        if isinstance(spec, MacSpec):
            spec.code(fmt)                                      # refuses a format the build does not hold
            self.acc, self.terms = spec.acc_of(fmt), spec.terms(fmt)
            if acc not in (None, self.acc):
                raise ValueError(f"acc must be {self.acc} for {fmt} in this build, not {acc}; leave it out")
            self.rule = LOGARITHMS if fmt == "lns" else spec.rule(fmt)
        else:
            self.acc = acc or ("int32" if fmt in FORMATS and not FORMATS[fmt].is_float else "fp32")
            self.rule = _generation(spec, fmt, self.acc)
            self.terms = self.rule.terms
        if rule is not None:
            self.rule, self.terms = rule, rule.terms

    @property
    def random(self) -> bool:
        """Whether results are rounded with random words."""
        return self.spec.stochastic and FORMATS[self.fmt].is_float

    def prepare(self, bits):
        """Return operand patterns in the form `run` takes."""
        if self.rule.round == "lns":
            return bits
        return integer.signed(self.fmt, bits) if self.rule.round == "int" else decode(self.fmt, bits)

    def steps(self, length: int) -> int:
        """Count the operations that a dot product of ``length`` terms takes."""
        return -(-length // self.terms) if self.terms else 1

    def run(self, a, b, c, random=None):
        """Chain operations over the first axis of prepared operands, from patterns ``c``.

        ``random`` holds, for each operation in order, the words its results are rounded with.
        """
        if self.rule.round == "lns":
            spec = self.spec
            return lns.dot(a, b, c, frac=spec.lns_frac, step=spec.lns_step, kahan=spec.kahan)[0]
        length = len(a if self.rule.round == "int" else a.sig)
        for n in range(self.steps(length)):
            at = slice(n * self.terms, (n + 1) * self.terms) if self.terms else slice(None)
            if self.rule.round == "int":
                c = integer.block(a[at], b[at], c, overflow=self.spec.overflow)
            else:
                c = self._floats(Terms(a.sig[at], a.exp[at]), Terms(b.sig[at], b.exp[at]), c,
                                 None if random is None else random[n])
        return c

    def _floats(self, a: Terms, b: Terms, c, random):
        if self.rule.frac is None:
            return exact.block(a, b, c, fmt=self.fmt, acc=self.acc, random=random)
        return block.block(a, b, c, fmt=self.fmt, acc=self.acc, rule=self.rule, random=random)


def _generation(arch: str, fmt: str, acc: str) -> Rule:
    if arch not in ARCHS:
        raise ValueError(f"arch must be one of {', '.join(ARCHS)}, not {arch!r}; choose one of those")
    if (arch, fmt, acc) not in RULES:
        pairs = ", ".join(f"{f}->{c}" for a, f, c in RULES if a == arch)
        raise ValueError(f"format must be one that {arch} multiplies into its accumulator, not {fmt}->{acc}; "
                         f"{arch} offers {pairs}")
    return RULES[arch, fmt, acc]
