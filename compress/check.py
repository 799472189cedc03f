"""Say what a network becomes before any work is done: `python -m compress.check model.onnx`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import command, paths
from cli import design as designs
from cli.table import show
from cli.text import plain
from compress.frontend.file import read_network
from compress.frontend.graph import Network
from compress.frontend.place import Place, places, refusals
from compress.frontend.refuse import NetworkRefusedError, Refusal
from spec import machines
from spec.eie import EieSpec


def check(
    spec: EieSpec,
    network: Annotated[Path, typer.Argument(help="A network: .onnx, or dense layers as .npz or .safetensors.")],
    json: Annotated[Path | None, typer.Option(help="Write what is printed to this file.")] = None,
) -> None:
    """Check a network: exit code 0 if every layer has its machine, else one line for each node that has none, and 2.

    For example: python -m compress.check model.onnx --pes 64 --json check.json
    """
    paths.check(inputs={"network": network}, outputs={"--json": json})
    try:
        with command.progress(f"reading {network}"):
            graph = read_network(network)
        found, lost = places(graph), refusals(graph, spec)
        notices = [*graph.notices, *host(graph), *missing(found)]
    except NetworkRefusedError as error:
        found, lost, notices, graph = [], list(error.refusals), [], None
    if found:
        _tell(network, found, spec)
    for notice in notices:
        print(f"notice: {plain(notice)}")
    if json:
        command.write_report(json, {"network": str(network), "layers": [vars(place) for place in found], "notices": notices,
                                  "refused": [vars(line) | {"line": str(line)} for line in lost]})
        print(f"wrote {json}")
    report(lost)


def application(arguments: Sequence[str] | None = None) -> typer.Typer:
    """Return the application; its options of a machine are those of the eie."""
    return designs.application(check, "Say which layer of a network runs on which machine, or which node cannot and why.",
                               designs.Only("eie", machines.specification("eie")), arguments)


def host(graph: Network) -> list[str]:
    """Return what the host has to do, in words."""
    said = [f"{', '.join(graph.host)} is left to the host: the answer is what goes into it"] if graph.host else []
    return said + ([] if graph.order is None else ["the host turns the answer's elements back into the file's order"])


def missing(found: list[Place]) -> list[str]:
    """Return a sentence for each machine that this version cannot build yet."""
    wanted = sorted({place.machine for place in found} - {"host", *machines.MACHINES})
    return [f"machine {name} is not in this version: its layers are checked here, and compress.build refuses them"
            for name in wanted]


def report(lost: list[Refusal]) -> None:
    """Print one line for each refused node on stderr, and leave with 2 if there is one."""
    for line in lost:
        print(f"refused: {plain(line)}", file=sys.stderr)
    if lost:
        raise typer.Exit(2)


def _tell(network: Path, found: list[Place], spec: EieSpec) -> None:
    rows: list[list[Any]] = []
    for place in found:
        room = f"{min(spec.entries * spec.pes / place.weights, 1):.0%}" if place.machine == "eie" else ""
        rows.append([place.layer, place.machine, place.kind, _shape(place.inputs), _shape(place.outputs), f"{place.weights:,}",
                     f"{place.work:,}", place.activation, room])
    show(f"{network}: {len(found)} layers", ["layer", "machine", "kind", "inputs", "outputs", "weights", "multiplications",
                                             "activation", "densest that fits"], rows)


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


if __name__ == "__main__":
    command.main(application)
