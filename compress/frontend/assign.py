"""Which machine each layer of a network runs on, and what it must hold; a layer that none can take is refused by name."""

from dataclasses import dataclass
from typing import Any

from compress.frontend.graph import INPUT, Add, Conv, Dense, Network, Relabel
from compress.frontend.refuse import Refusal
from spec.eie import EieSpec


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """Where a layer runs.

    Parameters
    ----------
    layer : str
    machine : str
        ``eie``, ``scnn`` or ``host``.
    kind : str
        Dense, Conv, ...
    inputs, outputs : tuple of int
        Shapes.
    weights : int
    work : int
        Multiplications of one sample if every weight and activation counted.
    activation : str
    nodes : tuple of str
        Nodes of the file that the layer stands for.
    passes : int or None
        Of an scnn over the layer's activations.
    """

    layer: str
    machine: str
    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    weights: int
    work: int
    activation: str
    nodes: tuple[str, ...] = ()
    passes: int | None = None


def assignments(network: Network) -> list[Assignment]:
    """Return where each layer runs: dense ones on the eie, those over rows and columns on the scnn."""
    shapes = {INPUT: network.shape} | {layer.name: layer.shape for layer in network.layers}
    return [_assignment(layer, shapes) for layer in network.layers]


def _assignment(layer: Any, shapes: dict[str, tuple[int, ...]]) -> Assignment:
    weights = int(layer.weight.size) if isinstance(layer, Dense | Conv) else 0
    work = weights
    if isinstance(layer, Conv):
        work *= layer.shape[1] * layer.shape[2]
    machine = "eie" if isinstance(layer, Dense) else "host" if isinstance(layer, Relabel) else "scnn"
    return Assignment(layer=layer.name, machine=machine, kind=type(layer).__name__.lower(), inputs=shapes[layer.inputs[0]],
                      outputs=layer.shape, weights=weights, work=work, activation=str(layer.activation), nodes=layer.nodes)


def refusals(network: Network, spec: EieSpec) -> list[Refusal]:
    """Return one line for each layer that no machine takes; the dense layers are compared with an array of ``spec``."""
    found: list[Refusal] = []
    shapes = {INPUT: network.shape} | {layer.name: layer.shape for layer in network.layers}
    dense = [layer for layer in network.layers if isinstance(layer, Dense)]
    for layer in network.layers:
        what = _fault(layer, network, shapes, spec, len(dense))
        if what is not None:
            name, _, operator = (layer.nodes[0] if layer.nodes else f"{layer.name} ({type(layer).__name__})").rpartition(" (")
            found.append(Refusal(node=name, operator=operator.rstrip(")"), **what))
    return found


def _fault(layer: Any, network: Network, shapes: dict[str, tuple[int, ...]], spec: EieSpec,
           count: int) -> dict[str, str] | None:
    flat = all(len(shapes[name]) == 1 for name in layer.inputs)
    if isinstance(layer, Relabel) and layer.inputs != (INPUT,):
        return {"what": "order of the elements", "rule": "that of channels, rows and columns",
                "value": "another, by a Transpose",
                "way_out": "transpose only at the input, or back again before the next layer"}
    if isinstance(layer, Add) and flat:
        return {"what": "inputs", "rule": "values over rows and columns, which the scnn adds", "value": "two vectors",
                "way_out": "take a network without a skip around dense layers"}
    if isinstance(layer, Dense):
        readers = [other for other in network.layers if layer.name in other.inputs]
        if any(not isinstance(other, Dense | Add) for other in readers):
            return {"what": "layer after a dense layer", "rule": "dense too: the eie is the last part",
                    "value": type(readers[0]).__name__, "way_out": "put dense layers last"}
        for what, size in ("inputs", len(layer.weight[0])), ("outputs", len(layer.weight)):
            if size > spec.activations:
                return {"what": what, "rule": f"at most {spec.activations:,} on {spec.pes} PEs with {spec.slots} slots",
                        "value": f"{size:,}", "way_out": f"take --slots {slots(size, spec.pes)} or more PEs"}
        if count > spec.layers:
            return {"what": "dense layers", "rule": f"at most {spec.layers}", "value": str(count),
                    "way_out": f"take --layers {count}"}
    return None


def slots(size: int, pes: int) -> int:
    """Return the least power of two of slots a PE that hold a vector."""
    return 1 << (-(-size // pes) - 1).bit_length()
