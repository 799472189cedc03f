"""What a network becomes on an SCNN array, before any work is done: steps, the array that holds them, or why there is none."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from compress.frontend.graph import Network
from compress.frontend.refuse import Refusal
from compress.scnn.assemble import Assembly
from compress.scnn.lower import attempt
from compress.scnn.real import Lowered, Step
from compress.scnn.size import few, free, sized
from compress.scnn.suit import suited
from golden.scnn.layer import Layer
from spec.scnn import ScnnSpec


@dataclass(frozen=True, kw_only=True, eq=False)
class Outlook:
    """What a network becomes.

    Parameters
    ----------
    lowered : Lowered or None
        Its steps, None if a layer is refused.
    assembly : Assembly or None
        How they lie in the array, None if they fit none.
    refusals : tuple of Refusal
    notices : tuple of str
    """

    lowered: Lowered | None = None
    assembly: Assembly | None = None
    refusals: tuple[Refusal, ...] = ()
    notices: tuple[str, ...] = ()


def outlook(network: Network, spec: ScnnSpec, given: Collection[str] = ()) -> Outlook:
    """Return what a network becomes on an array whose sides and memories may be changed, but for the parameters ``given``."""
    lowered, lost = attempt(suited(network))
    if lowered is None:
        return Outlook(refusals=tuple(lost))
    try:
        few(len(lowered.steps))
        made, faults = sized(spec, [pattern(step) for step in lowered.steps], lowered.shape, density={},
                             level=None, free=free(given), weights=spec.weight_memory > 0)
    except ValueError as error:
        named = next((step for step in lowered.steps if str(error).startswith(step.name)), lowered.steps[-1])
        node, _, operator = (named.nodes[0] if named.nodes else f"{named.name} (layer)").rpartition(" (")
        return Outlook(lowered=lowered, refusals=(Refusal(
            node=node, operator=operator.rstrip(")"), what="layer", rule=f"one that fits an array of at most {spec.rows} x "
            f"{spec.cols} PEs", value=f"such that {error}", way_out="change the array or the network"),))
    return Outlook(lowered=lowered, assembly=made, notices=tuple(faults))


def pattern(step: Step) -> Layer:
    """Return a layer with a 1 for each weight: what an arrangement depends on."""
    return Layer(name=step.name, inputs=step.inputs, weight=(step.weight != 0).astype(np.int16),
                 bias=None if step.bias is None else np.zeros(len(step.bias), np.int32), stride=step.stride, pad=step.pad,
                 groups=step.groups, relu=step.activation.relu, pool=step.pool,
                 residual=None if step.residual is None else (step.residual, 0))
