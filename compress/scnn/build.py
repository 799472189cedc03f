"""Build an image for an SCNN array: `python -m compress.build --design scnn model.onnx -o net.npz`."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from cli import command, paths
from compress.frontend.file import read_network
from compress.frontend.graph import Network
from compress.frontend.loose import loosened
from compress.network import vectors
from compress.page.array import write as write_page
from compress.page.beside import figures_beside
from compress.scnn import digits
from compress.scnn.digits import NAME as EXAMPLE
from compress.scnn.image import save
from compress.scnn.plan import ACTIVATIONS, RECORDED, WORST
from compress.scnn.size import SIDES, free, smaller
from compress.scnn.source import PRUNE, Made, Request, Trial, build, guesses
from compress.scnn.table import sentences, tables
from compress.source import beside_image, classes
from compress.span import read_range
from compress.tune.stage import read_passes
from spec.scnn import PRESETS, ScnnSpec
from spec.scnn.shape import need_pes


def run(
    spec: ScnnSpec,
    network: Annotated[Path | None, typer.Argument(
        help="A trained network as .onnx, or its layers as arrays by name, .npz or .safetensors.")] = None,
    *,
    example: Annotated[str | None, typer.Option(
        help="Take an example that is trained: digits-cnn, a convolutional network for scikit-learn's digits; on "
             "2 x 2 PEs unless asked.")] = None,
    preset: str | None = None,
    given: frozenset[str] = frozenset(),
    out: Annotated[Path, typer.Option("-o", "--out", help="The image to write.", show_default=False)],
    density: Annotated[float | None, typer.Option(
        help="Most weights to keep, as a share of all: the largest. As they are if not given.")] = None,
    prune: Annotated[str | None, typer.Option(
        help="magnitude: the largest weights of all layers are kept; sensitivity: of each layer as many as the answers to "
             "--data need of it. If not given, sensitivity with --data, else magnitude.")] = None,
    data: Annotated[Path | None, typer.Option(
        "--data", "--calibrate", help="A .npy of inputs by which scales are chosen, one picture or vector each.")] = None,
    labels: Annotated[Path | None, typer.Option(help="A .npy of their classes, for the accuracy after each step.")] = None,
    input_range: Annotated[str | None, typer.Option(
        metavar="LOW,HIGH", help="Least and largest input; those of --data with a margin if not given.")] = None,
    passes: Annotated[str | None, typer.Option(
        metavar="MASKED,SHARED", help="Train the network on, on four of five --data: passes with masks, and with shared "
        "weights where the array has codes, such as 20,0; the fifth is held back.")] = None,
    level: Annotated[str | None, typer.Option(
        help="Split of the array: 0 for tiles of the plane, more for tiles of more PEs that share output channels, fastest for "
             "what the tiler predicts; fastest if not given.")] = None,
    activations: Annotated[str, typer.Option(
        help="worst: the memories hold the activations of every input; recorded: those of --data and a quarter more, and an "
             "input that needs more runs again in parts, layer by layer.")] = WORST,
    report: Annotated[Path | None, typer.Option(
        help="Write a page that tells it all to this .html file, and its figures as .figures.json beside it.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the figures to this file.")] = None,
) -> None:
    """Prune, quantise and lay out a network of convolutions and dense layers as one image for an SCNN array.

    For example: python -m compress.build --design scnn model.onnx -o net.npz --density 0.3 --data x.npy --labels y.npy
    """
    if (network is None) == (example is None):
        raise ValueError(f"source must be a network file or --example {EXAMPLE}, not "
                         f"{'neither' if network is None else 'both'}; name one of them")
    if example not in (None, EXAMPLE):
        raise ValueError(f"example must be {EXAMPLE} for an scnn, not {example!r}; digits is one for --design eie")
    if prune not in (None, *PRUNE):
        raise ValueError(f"prune must be one of {', '.join(PRUNE)}, not {prune!r}")
    if prune == "sensitivity" and data is None:
        raise ValueError("prune must be magnitude without data, not sensitivity, which is measured on them; give --data FILE")
    if activations not in ACTIVATIONS:
        raise ValueError(f"activations must be one of {', '.join(ACTIVATIONS)}, not {activations!r}")
    if activations == RECORDED and network is not None and data is None:
        raise ValueError(f"activations must be {WORST} without data, not {RECORDED}, which is planned from them; "
                         f"give --data FILE")
    need_pes(spec)
    if density is None:
        command.refuse(["prune"], "--density SHARE")
    if network is None:
        command.refuse(["data", "labels", "input_range", "density", "prune", "passes"], f"a file, not with --example {EXAMPLE}")
    beside = {} if network is not None else beside_image(out)
    paths.check(inputs={"network": network, "--data": data, "--labels": labels},
                outputs={"--out": out, **{f"{name} beside --out": path for name, path in beside.items()}, "--json": json,
                         "--report": report, "figures beside --report": report and figures_beside(report)})
    paths.ends("--report", report, ".html")
    if labels is not None and data is None:
        raise ValueError("labels must come with the inputs that they are of, not alone; give these with --data FILE")
    preset = preset or "default"
    request = Request(preset=PRESETS[preset], free=free(given), level=_level(spec, level), density=density,
                      prune=prune or PRUNE[data is not None], tuning=read_passes(passes, data), activations=activations,
                      input_range=None if input_range is None else read_range(input_range))
    if network is None:
        made, arrays = _example(spec, request)
    else:
        graph, arrays = read_network(network), {}
        samples = None if data is None else vectors(data, graph.size, graph.shape)
        graph = loosened(graph, guesses(graph.size, request.input_range) if samples is None else samples)
        made = build(graph, network, spec, request, samples, _classes(labels, graph))
    save(made.image, out)
    for name, array in arrays.items():
        with command.atomic(beside[name]) as draft, draft.open("wb") as file:
            np.save(file, array, allow_pickle=False)
    tell(made, out)
    for name in arrays:
        print(f"wrote {beside[name]}")
    if report is not None:
        with command.progress(f"writing {report}"):
            write_page(report, made, told=sentences(made.facts),
                       arguments=["python", "-m", "compress.build", *map(shlex.quote, sys.argv[1:])])
        print(f"wrote {report}")
    if json:
        command.write_report(json, made.facts)
        print(f"wrote {json}")
    command.warn(made.facts["warnings"])


def _example(spec: ScnnSpec, request: Request) -> tuple[Made, dict[str, np.ndarray]]:
    """Return the example's image, and the pictures and labels that were held back."""
    (seen, _), (held, labels) = digits.images()
    if set(SIDES) <= request.free:
        spec = smaller(spec, digits.SIDE, digits.SIDE, request.free)            # as many PEs as so small pictures keep busy
        need_pes(spec)
    made = build(digits.network(), Path(EXAMPLE), spec, request, seen.reshape(len(seen), -1), before=digits.network("dense"),
                 trial=Trial(inputs=held.reshape(len(held), -1), labels=labels))
    return made, {"inputs": held[:, None], "labels": labels}


def tell(made: Made, out: Path) -> None:
    """Print what an image came to."""
    print(tables(made.facts["layers"]))
    print("\n".join(sentences(made.facts)))
    spec = made.assembly.spec
    count = len(made.assembly.mappings)
    print(f"wrote {out}: {count} layer{'s' * (count != 1)} for {spec.rows} x {spec.cols} PEs, {out.stat().st_size:,} bytes")


def _classes(path: Path | None, network: Network) -> np.ndarray | None:
    return None if path is None else classes(path, network.layers[-1].size)


def _level(spec: ScnnSpec, text: str | None) -> int | None:
    most = len(spec.block_sides) - 1
    if text is None or text == "fastest":
        return None
    if not text.isdecimal() or int(text) > most:
        raise ValueError(f"level must be 0 to {most} on {spec.rows} x {spec.cols} PEs, or fastest, not {text!r}")
    return int(text)
