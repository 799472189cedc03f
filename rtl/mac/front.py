"""What the two kinds of dot unit share: the addend that enters, the sum that leaves their fronts."""
from dataclasses import dataclass

from rtl.mac.pipe import Late, Pipe


@dataclass(frozen=True)
class Addend:
    """C, decoded."""

    neg: Late
    x: Late
    sig: Late


@dataclass(frozen=True)
class Sum:
    """A sum waiting for its normalisation, and what an integer operation needs of the way there.

    Parameters
    ----------
    mag, neg : Late
    limit : Late
        Largest left shift of ``mag`` before it is a subnormal.
    products : list of Late
        Signed products of all lanes.
    after : Pipe
        The pipe after the multipliers.
    """

    mag: Late
    neg: Late
    limit: Late
    products: list[Late]
    after: Pipe
