"""What sharing and whole numbers cost a network: layer by layer, row by row, and in words where it is much."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from compress.eie.quantised import Quantised
from compress.eie.scale import scale
from compress.network import Dense, forward, rms
from compress.share import Shared, share
from spec.eie import EieSpec

SUFFERS = 0.5       # a row whose outputs sharing changes by more than this share of their size
NAMED = 8           # rows named in one warning
FAR = 0.5           # whole numbers cost much if what they change is more than this share of what sharing changes,
LEAST = 0.005       # and more than this share of the outputs' size
NOTHING = 0.001     # a codebook that layers share costs nothing if no layer's weights are further off by this
LEAST_BITS = 8      # of activations, to be advised
PROBE = 256         # vectors on which other machines are tried


@dataclass(frozen=True, kw_only=True)
class Loss:
    """What each step costs one layer, as a share of the size of what it changes.

    Parameters
    ----------
    name : str
    weights : float
        Change of the layer's weights by sharing, each weighed by the mean square of its input.
    shared : float
        Change of the layer's outputs by the sharing of its own weights and of those before it.
    integer : float
        The same with whole numbers too.
    """

    name: str
    weights: float
    shared: float
    integer: float


def losses(layers: Sequence[Dense], pruned: Sequence[Dense], shared: Shared, quantised: Quantised, samples: np.ndarray,
           importance: Sequence[np.ndarray]) -> list[Loss]:
    """Return the loss of every layer on vectors: against the network as it was, and for ``weights`` against the pruned one."""
    found = []
    wanted, have = forward(layers, samples), forward(shared.network(layers), samples)
    whole = quantised.outputs(samples)
    for number, layer in enumerate(pruned):
        size = rms(wanted[number]) or 1.0
        found.append(Loss(name=layer.name, weights=_whole(shared, number, layer, importance[number]),
                          shared=rms(have[number] - wanted[number]) / size,
                          integer=rms(whole[number] - wanted[number]) / size))
    return found


def _whole(shared: Shared, number: int, layer: Dense, importance: np.ndarray) -> float:
    """Return the change of all rows of a layer together."""
    mass = np.square(layer.weight) @ importance
    change = shared.row_errors(number, layer.weight, importance)
    return float(np.sqrt((change ** 2 * mass).sum() / mass.sum())) if mass.any() else 0.0


def warnings(pruned: Sequence[Dense], shared: Shared, quantised: Quantised, spec: EieSpec, samples: np.ndarray,
             importance: Sequence[np.ndarray], found: Sequence[Loss]) -> list[str]:
    """Return a sentence for each row set that suffers, for layers that share a codebook, for coarse whole numbers."""
    said = quantised.warnings()
    for number, layer in enumerate(pruned):
        rows = np.flatnonzero(shared.row_errors(number, layer.weight, importance[number]) > SUFFERS)
        if len(rows):
            names = ", ".join(map(str, rows[:NAMED])) + (", ..." if len(rows) > NAMED else "")
            said.append(f"{layer.name}: sharing changes {len(rows)} of {len(layer.weight)} rows by more than "
                        f"{100 * SUFFERS:.0f} % of their size: {names}; "
                        f"their weights are far smaller than others of the layer; "
                        f"take --codebook-bits {min(spec.codebook_bits + 1, 8)} or more")
    said += _coarse_outputs(pruned, shared, quantised, samples)
    for group in shared.partners():
        said += _partners(group, pruned, shared, spec, importance, found)
    if quantised.error[-1] > max(FAR * found[-1].shared, LEAST):
        said.append(f"whole numbers change the outputs by {100 * quantised.error[-1]:.2f} %, and sharing by "
                    f"{100 * found[-1].shared:.2f} %; {_advice(pruned, shared, quantised, spec, samples)}")
    return said


def _coarse_outputs(pruned: Sequence[Dense], shared: Shared, quantised: Quantised, samples: np.ndarray) -> list[str]:
    """Return a sentence on outputs of the network that whole numbers destroy: they are far smaller than others."""
    wanted = forward(shared.network(pruned), samples[:PROBE])[-1]
    change = quantised.outputs(samples[:PROBE])[-1] - wanted
    size, lost = (np.sqrt(np.mean(np.square(part), axis=0)) for part in (wanted, change))
    rows = np.flatnonzero(lost > SUFFERS * size)
    if not len(rows):
        return []
    names = ", ".join(map(str, rows[:NAMED])) + (", ..." if len(rows) > NAMED else "")
    said = (f"{pruned[-1].name}: whole numbers change {len(rows)} of {len(size)} outputs by more than {100 * SUFFERS:.0f} % of "
            f"their size: {names}; they are far smaller than others of the layer; scale them up in the network")
    return [said]


def _partners(group: list[int], pruned: Sequence[Dense], shared: Shared, spec: EieSpec, importance: Sequence[np.ndarray],
              found: Sequence[Loss]) -> list[str]:
    """Return what it costs layers to have one codebook together, if it costs something."""
    own = []
    for number in group:
        alone = share([pruned[number].weight], bits=spec.codebook_bits, codebooks=1, importance=[importance[number]])
        own.append(_whole(alone, 0, pruned[number], importance[number]))
    together = [found[number].weights for number in group]
    if max(cost - alone for cost, alone in zip(together, own, strict=True)) < NOTHING:
        return []
    names = ", ".join(found[number].name for number in group)
    said = (f"{names} share a codebook, which puts their weights {_shares(together)} off; a codebook for each would put them "
            f"{_shares(own)} off; take --codebooks {len(found)}, at most 16")
    return [said]


def _shares(errors: Sequence[float]) -> str:
    return ", ".join(f"{100 * error:.1f} %" for error in errors)


def _advice(pruned: Sequence[Dense], shared: Shared, quantised: Quantised, spec: EieSpec, samples: np.ndarray) -> str:
    """Return the option that helps most: another bound, or fewer bits for activations, which leave the codebook more."""
    if quantised.bound == "data":
        return "take a machine with larger act_bits, weight_bits or acc_bits"
    if not quantised.guessed:
        return "leave out --bound worst: the bound from the vectors given leaves the codebook more steps"
    tried = {bits: scale(pruned, shared, replace(spec, act_bits=bits), samples[:PROBE], bound="worst",
                         input_range=quantised.input_range).error[-1] for bits in range(spec.act_bits, LEAST_BITS - 1, -1)}
    best = min(tried, key=lambda bits: tried[bits])
    fewer = f", or take --act-bits {best}, with which it is {100 * tried[best]:.2f} %" if best != spec.act_bits else ""
    return f"give vectors with --calibrate FILE, whose bound leaves the codebook more steps{fewer}"
