"""How many bits does a network need? `python -m compress.precision model.onnx --data x.npy`."""

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from cli import command, paths
from cli.table import show
from compress.dense import read
from compress.eie.quantised import Quantised
from compress.eie.scale import scale
from compress.frontend import rounding
from compress.frontend.chain import chain
from compress.frontend.file import read_network
from compress.frontend.graph import INPUT, Network
from compress.frontend.graph import Dense as Flat
from compress.frontend.loose import loosened
from compress.network import Dense, forward, importance, rms, vectors
from compress.share import Shared, share
from spec.eie import EieSpec, preset

app = command.application("Say how many bits the activations and weights of a network need.")
BITS = range(4, 17)
MOST_VECTORS = 256
GUESSES = 32        # random inputs that stand in where there are no data
CODEBOOK_BITS = 8


@app.command(epilog="For example: python -m compress.precision model.onnx --data x.npy --plot precision.svg")
def precision(
    network: Annotated[Path, typer.Argument(help="A network as .onnx, or layers as .npz, .safetensors or .pt.")],
    data: Annotated[Path | None, typer.Option(
        help="A .npy of input vectors or pictures; the first 256 are taken. Random ones of 0 to 1 if not given.")] = None,
    error: Annotated[float, typer.Option(
        help="Most that whole numbers may change the outputs, as a share of their size.")] = 0.01,
    plot: Annotated[Path | None, typer.Option(help="Draw errors and bounds into this .svg or .png.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the figures to this file.")] = None,
) -> None:
    """Print, for each layer and number of bits, the largest error that rounding can cause and the one measured, and a width.

    Of dense layers that follow each other weights are shared with codebooks of 8 bits first, so that rounding alone is
    measured, and the values are those of the whole numbers that golden and the Verilog compute. Of other networks inputs,
    weights and outputs of every layer are rounded; an scnn has 16 bits.
    """
    paths.check(inputs={"network": network, "--data": data}, outputs={"--plot": plot, "--json": json})
    if not 0 < error < 1:
        raise ValueError(f"error must be above 0 and below 1, not {error}; 0.01 is one per cent")
    paths.ends("--plot", plot, ".svg", ".png")
    graph = read_network(network)
    samples = _samples(data, graph)
    samples = samples if graph.bounds is None else np.clip(samples, *graph.bounds)
    graph = loosened(graph, samples)
    dense = all(isinstance(layer, Flat) for layer in graph.layers) and \
        all(layer.inputs == (before,) for before, layer in zip((INPUT, *(one.name for one in graph.layers)), graph.layers,
                                                               strict=False))
    with command.progress("measuring", len(BITS)) as bar:
        found = []
        for line in _chained(graph, network, samples) if dense else rounding.measure(graph, samples, BITS):
            found.append(line)
            bar.advance(1)
    names = [layer.name for layer in graph.layers]
    show("error of each layer's outputs, measured, as a share of their size", ["bits", *names],
         [[line["bits"], *(f"{share:.4%}" for share in line["measured"])] for line in found])
    print()
    show("largest that rounding can cause: product of layer norms times half a step", ["bits", *names],
         [[line["bits"], *(f"{bound:.2%}" for bound in line["bound"])] for line in found])
    enough = [line["bits"] for line in found if line["measured"][-1] <= error]
    print(_advice(enough, error, dense=dense))
    if plot is not None:
        draw(found, names, plot)
        print(f"wrote {plot}")
    if json is not None:
        command.write_report(json, {"network": str(network), "layers": names, "widths": found, "error": error,
                                  "recommended": enough[0] if enough else None})
        print(f"wrote {json}")


def _samples(data: Path | None, graph: Network) -> np.ndarray:
    """Return the inputs on which errors are measured."""
    if data is not None:
        return vectors(data, graph.size, graph.shape)[:MOST_VECTORS]
    command.warn([f"errors were measured on {GUESSES} random inputs of 0 to 1 for want of data; give inputs with --data FILE"])
    return np.random.default_rng(0).uniform(size=(GUESSES, graph.size))


def _chained(graph: Network, path: Path, samples: np.ndarray) -> Iterator[dict[str, Any]]:
    """Yield the errors of dense layers that follow each other, in the whole numbers of an eie."""
    machine = preset("default", codebook_bits=CODEBOOK_BITS, codebooks=16, slots=1024, columns=1 << 16, entries=1 << 20,
                     layers=64)
    layers = chain(graph, machine, path) if path.suffix == ".onnx" else read(path)
    return measure(layers, machine, samples)


def _advice(enough: list[int], error: float, *, dense: bool) -> str:
    """Return which width to take."""
    if not enough:
        return f"no width up to 16 bits keeps the change of the outputs within {error:.2%}; prune more, or less deep"
    width = enough[0]
    what = f"take --act-bits {width} --weight-bits {width}" if dense else f"{width} bits are enough, of the 16 of an scnn"
    return f"{what}: whole numbers then change the outputs by at most {error:.2%}"


def measure(layers: list[Dense], machine: EieSpec, samples: np.ndarray) -> Iterator[dict[str, Any]]:
    """Yield for each number of bits the measured error of each layer's outputs, and its bound."""
    shared = share([layer.weight for layer in layers], bits=machine.codebook_bits, codebooks=machine.codebooks,
                   importance=importance(layers, samples), given=[layer.given for layer in layers])
    network = shared.network(layers)
    reals = [np.asarray(samples, np.float64), *forward(network, samples)]
    norms = [norm(layer.weight) for layer in network]
    for bits in BITS:
        spec = replace(machine, act_bits=bits, weight_bits=bits)
        quantised = scale(layers, shared, spec, samples)
        yield {"bits": bits, "measured": quantised.error, "bound": bounds(quantised, shared, network, reals, norms)}


def bounds(quantised: Quantised, shared: Shared, network: list[Dense], reals: list[np.ndarray], norms: list[float],
           ) -> list[float]:
    """Return the most that rounding can change each layer's outputs, as a share of their size.

    A change of the inputs grows at most by the layer's norm; to it come half a step of every weight, bias and output.
    """
    count = len(reals[0])
    change, found, step = 0.5 * quantised.input_scale * math.sqrt(reals[0].shape[1]), [], quantised.input_scale
    for number, (layer, after) in enumerate(zip(network, quantised.steps, strict=True)):
        unit = after / (1 << quantised.layers[number].shift)
        outputs = layer.weight.shape[0]
        weights = 0.5 * unit / step * math.sqrt(shared.codes[number].nnz)
        largest = float(np.sqrt(np.square(reals[number]).sum(1)).max())
        change = (norms[number] + weights) * change + weights * largest + 0.5 * (unit + after) * math.sqrt(outputs)
        found.append(change / (rms(reals[number + 1]) * math.sqrt(outputs) or 1.0) if count else 0.0)
        step = after
    return found


def norm(weight: Any) -> float:
    """Return the largest factor by which a matrix can lengthen a vector."""
    return float(np.linalg.norm(np.asarray(weight.todense()), 2))


def draw(found: list[dict[str, Any]], names: list[str], path: Path) -> None:
    """Draw the measured errors, and the bound of the last layer, over the bits."""
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.5), layout="constrained")
    bits = [line["bits"] for line in found]
    for number, name in enumerate(names):
        last = number == len(names) - 1
        axes.semilogy(bits, [max(line["measured"][number], 1e-9) for line in found],
                      label=name if last or len(names) <= 6 else None, color="#0a6" if last else "#999",
                      linewidth=2 if last else 1)
    axes.semilogy(bits, [line["bound"][-1] for line in found], "--", color="#0a6", label=f"bound of {names[-1]}")
    axes.set_xlabel("bits of activations and codebook entries")
    axes.set_ylabel("change of outputs, share of their size")
    axes.legend()
    with command.atomic(path) as draft:
        figure.savefig(draft, metadata={"Date": None} if path.suffix == ".svg" else None)
    pyplot.close(figure)


if __name__ == "__main__":
    command.main(app)
