"""Say what a network becomes before any work is done: `python -m compress.check model.onnx`."""

import math
import sys
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from cli import command, paths
from cli import design as designs
from cli.table import show
from cli.text import plain
from compress.eie import size
from compress.frontend.assign import Assignment, assignments, refusals
from compress.frontend.file import read_network
from compress.frontend.graph import Dense, Network, Relabel
from compress.frontend.refuse import NetworkRefusedError, Refusal
from compress.scnn.check import Outlook, outlook, pattern
from spec import machines, scnn
from spec.eie import EieSpec
from spec.parameter import highest
from spec.scnn.shape import need_pes


def check(
    spec: Any,
    design: str,
    given: frozenset[str],
    preset: str | None,
    network: Annotated[Path, typer.Argument(help="A network: .onnx, or layers as arrays by name, .npz or .safetensors.")],
    json: Annotated[Path | None, typer.Option(help="Write what is printed to this file.")] = None,
) -> None:
    """Check a network: exit code 0 if every layer has its machine, else one line for each node that has none, and 2.

    A network of dense layers runs on an eie; one with layers over rows and columns is one image for an scnn. With --design
    scnn every network is one for an scnn, of the array that the options describe.

    For example: python -m compress.check model.onnx --pes 64 --json check.json
    """
    paths.check(inputs={"network": network}, outputs={"--json": json})
    found: list[Assignment] = []
    notices: list[str] = []
    try:
        with command.progress(f"reading {network}"):
            graph = read_network(network)
            found, lost, notices = _checked(graph, design, spec, given | ({"preset"} if preset else set()))
    except NetworkRefusedError as error:
        lost = list(error.refusals)
    if found:
        _tell(network, found, spec)
    for notice in notices:
        print(f"notice: {plain(notice)}")
    if json:
        command.write_report(json, {"network": str(network), "layers": [vars(one) for one in found], "notices": notices,
                                  "refused": [vars(line) | {"line": str(line)} for line in lost]})
        print(f"wrote {json}")
    report(lost)


def application(arguments: Sequence[str] | None = None) -> typer.Typer:
    """Return the application; its options of a machine are those of the eie, or with --design scnn those of the scnn."""
    return designs.application(check, "Say which layer of a network runs on which machine, or which node cannot and why.",
                               designs.Only(eie=machines.specification("eie"), scnn=scnn), arguments)


def _checked(graph: Network, design: str, spec: Any, given: Collection[str],
             ) -> tuple[list[Assignment], list[Refusal], list[str]]:
    """Return where the layers run, what has no machine, and what else is to be said."""
    notices = [*graph.notices, *host(graph)]
    if design == "eie" and all(isinstance(layer, Dense | Relabel) for layer in graph.layers):
        _fit(graph, spec, given)
        grown = {name: highest(EieSpec, name) for name in size.free(given)}        # as far as the build would make them larger
        return assignments(graph), refusals(graph, replace(spec, **grown)), notices
    if design == "eie" and given:
        raise ValueError(f"options of an eie must come with a network of dense layers alone, not {sorted(given)[0]} with one "
                         f"for an scnn; add --design scnn for the options of an scnn")
    if design == "scnn":
        need_pes(spec)
    made = outlook(graph, spec, given) if design == "scnn" else outlook(graph, scnn.preset())
    return convolved(graph, made), list(made.refusals), [*notices, *made.notices, *_array(graph, made)]


def _fit(graph: Network, spec: EieSpec, given: Collection[str]) -> None:
    """Refuse a memory that was asked for and holds less of the dense layers than they take at least."""
    dense = [layer for layer in graph.layers if isinstance(layer, Dense)]
    weights = sum(layer.weight.size for layer in dense)
    share = sum(int(np.count_nonzero(layer.weight)) for layer in dense) / max(1, weights)
    need = size.estimate(spec, [graph.size, *(layer.size for layer in dense)], share)
    size.sized(spec, {name: count for name, count in need.items() if name in given}, size.free(given))


def convolved(graph: Network, made: Outlook) -> list[Assignment]:
    """Return the layers of the array that a network becomes; its own layers where one of them is refused."""
    if made.lowered is None:
        return assignments(graph)
    shapes = {"input": made.lowered.shape} | {step.name: step.shape for step in made.lowered.steps}
    found = []
    for number, step in enumerate(made.lowered.steps):
        mapping = None if made.assembly is None else made.assembly.mappings[number]
        depth = sum(shapes[name][0] for name in step.inputs)
        inputs = (depth, *shapes[step.inputs[0]][1:])
        plane = math.prod(pattern(step).plane(*inputs[1:]))         # that of the sums, which a pool takes in
        found.append(Assignment(layer=step.name, machine="scnn", kind=step.kind, inputs=inputs, outputs=step.shape,
                                weights=int(step.weight.size), work=int(step.weight.size) * plane,
                                activation=str(step.activation), nodes=step.nodes,
                                passes=None if mapping is None else mapping.passes))
    return found


def _array(graph: Network, made: Outlook) -> list[str]:
    """Return what is to be said of the array that holds a network."""
    said = []
    if made.assembly is not None:
        spec = made.assembly.spec
        said.append(f"one image for an scnn of {spec.rows} x {spec.cols} PEs holds all layers")
    dense = [layer.name for layer in graph.layers if isinstance(layer, Dense)]
    if dense:
        said.append(f"dense layers run on the scnn as filters as large as their planes: {', '.join(dense)}; an eie runs them "
                    f"faster, as a network of their own")
    return said


def host(graph: Network) -> list[str]:
    """Return what the host has to do, in words."""
    said = [f"{', '.join(graph.host)} is left to the host: the answer is what goes into it"] if graph.host else []
    return said + ([] if graph.order is None else ["the host turns the answer's elements back into the file's order"])


def report(lost: list[Refusal]) -> None:
    """Print one line for each refused node on stderr, and leave with 2 if there is one."""
    for line in lost:
        print(f"refused: {plain(line)}", file=sys.stderr)
    if lost:
        raise typer.Exit(2)


def _tell(network: Path, found: list[Assignment], spec: EieSpec) -> None:
    rows: list[list[Any]] = []
    dense = any(one.machine == "eie" for one in found)
    for one in found:
        room = f"{min(spec.entries * spec.pes / one.weights, 1):.0%}" if one.machine == "eie" else ""
        last = room if dense else ", ".join(node.rpartition(" (")[0] for node in one.nodes)
        rows.append([one.layer, one.machine, one.kind, _shape(one.inputs), _shape(one.outputs), f"{one.weights:,}",
                     f"{one.work:,}", one.activation, "" if one.passes is None else one.passes, last])
    columns = ["layer", "machine", "kind", "inputs", "outputs", "weights", "multiplications", "activation", "passes",
               "densest that fits" if dense else "nodes"]
    if dense:
        rows, columns = [[*row[:8], row[9]] for row in rows], [*columns[:8], columns[9]]
    show(f"{network}: {len(found)} layers", columns, rows)


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


if __name__ == "__main__":
    command.main(application)
