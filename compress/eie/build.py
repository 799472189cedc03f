"""Build an image for an EIE array: `python -m compress.build --example digits -o digits.npz`."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from cli import command, paths
from compress.eie.image import save
from compress.eie.order import PRESET_ORDERS
from compress.eie.size import free
from compress.made import Request
from compress.page.beside import figures_beside
from compress.page.write import write as write_page
from compress.pruner import KINDS
from compress.report import sentences, tables
from compress.source import beside_image, from_digits, from_file
from compress.span import read_range
from compress.train import Recipe
from compress.tune.stage import read_passes
from spec.eie import PRESETS, EieSpec
from spec.eie.image import ORDERS

PASSES = "60,100,20"        # over the digits

def run(
    spec: EieSpec,
    network: Annotated[Path | None, typer.Argument(
        help="A trained network as .onnx, or dense layers: a .npz or .safetensors file with arrays NAME.weight (outputs x "
             "inputs) and, where there is a bias, NAME.bias; layers in the natural order of NAME.")] = None,
    *,
    preset: str | None = None,
    given: frozenset[str] = frozenset(),
    out: Annotated[Path, typer.Option("-o", "--out", help="The image to write.", show_default=False)],
    example: Annotated[str | None, typer.Option(help="Train an example instead: digits.")] = None,
    order: Annotated[str | None, typer.Option(
        help="Rows to PEs: balanced or modulo; modulo for preset paper, balanced for others.")] = None,
    density: Annotated[float | None, typer.Option(
        help="Most weights to keep, as a share of all; digits 0.1 if not given, a file as it is.")] = None,
    prune: Annotated[str, typer.Option(
        help="How a file is pruned: magnitude; balanced, the same number of weights of a layer for every PE; sensitivity, of "
             "each layer as many as the answers to --data need of it.")] = "magnitude",
    calibrate: Annotated[Path | None, typer.Option(
        "--calibrate", "--data", help="A .npy of input vectors by which to choose a file's scales.")] = None,
    labels: Annotated[Path | None, typer.Option(
        help="A .npy of the classes of these vectors, for the accuracy after each step.")] = None,
    input_range: Annotated[str | None, typer.Option(
        metavar="LOW,HIGH", help="Least and largest input of a file's network; those of --calibrate if not given.")] = None,
    bound: Annotated[str | None, typer.Option(
        help="What accumulators must hold: data, twice the largest sum of the vectors given, or worst, that of any input; "
             "data if there are vectors.")] = None,
    layers: Annotated[str | None, typer.Option(
        metavar="A,B,C", help="The file's layers in their order; all in the natural order of their names if not given. "
                              "A whole number is that of the layers that the machine keeps.",
        )] = None,
    relu_last: Annotated[bool, typer.Option(
        "--relu-last", help="The file's last layer has a ReLU.")] = False,
    hidden: Annotated[str, typer.Option(help="Sizes of the hidden layers of the digits.")] = "256,128",
    passes: Annotated[str | None, typer.Option(
        help="Train a file's network on, on four of five --data: passes with masks, with shared weights, such as 20,5; the "
             "fifth is held back. Of the digits: dense, with masks, with shared weights, 60,100,20 if not given.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the digits.")] = 0,
    folds: Annotated[int, typer.Option(
        help="How many of 5 parts of the digits to hold back in turn; the image is that of the first.")] = 1,
    reference: Annotated[bool, typer.Option(
        help="Keep the float network in the image, up to 64 MiB, with which sim.run states the error.")] = True,
    report: Annotated[Path | None, typer.Option(
        help="Write a page that tells it all to this .html file, and its figures as .figures.json beside it.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the figures to this file.")] = None,
) -> None:
    """Prune, share and encode a file of dense layers, or an example that is trained here, into an image for an EIE array.

    For example: python -m compress.build --example digits -o digits.npz --json digits.json
    """
    if network is not None:
        command.refuse(["hidden", "seed", "folds"], "--example, not with a file")
    else:
        names = ["layers"] if layers is not None else []        # a whole number there is the machine's
        command.refuse(["calibrate", "labels", "prune", "input_range", "relu_last", *names], "a file, not with --example")
    beside = {f"{name} beside --out": path for name, path in beside_image(out).items()} if network is None else {}
    paths.check(inputs={"network": network, "--calibrate": calibrate, "--labels": labels},
                outputs={"--out": out, **beside, "--json": json, "--report": report,
                         "figures beside --report": None if report is None else figures_beside(report)})
    paths.ends("--report", report, ".html")
    preset = preset or "default"
    order = order or PRESET_ORDERS.get(preset, ORDERS[0])
    if order not in ORDERS:
        raise ValueError(f"order must be one of {', '.join(ORDERS)}, not {order!r}")
    request = Request(order=order, preset=PRESETS[preset], free=free(given), reference=reference,
                      example=network is None, density=density, calibrate=calibrate, labels=labels, relu_last=relu_last,
                      prune=prune, tuning=None if network is None else read_passes(passes, calibrate), bound=bound,
                       input_range=None if input_range is None else read_range(input_range),
                      layers=None if layers is None else tuple(layers.split(",")))
    if prune not in KINDS:
        raise ValueError(f"prune must be one of {', '.join(KINDS)}, not {prune!r}")
    if prune == "sensitivity" and calibrate is None:
        raise ValueError("prune must be magnitude without data, not sensitivity, which is measured on them; give --data FILE")
    if example not in (None, "digits"):
        raise ValueError(f"example must be digits for an eie, not {example!r}; digits-cnn is one for --design scnn")
    if example is not None and network is None:
        steps = _numbers("passes", passes or PASSES)
        if len(steps) != 3:
            raise ValueError(f"passes must be 3 numbers: dense, with masks, with shared weights, "
                             f"not {passes!r}")
        recipe = Recipe(hidden=_numbers("hidden", hidden), seed=seed, density=0.1 if density is None else density,
                        dense_passes=steps[0], prune_passes=steps[1], share_passes=steps[2])
        made = from_digits(recipe, spec, request, count=folds, out=out)
    elif example is None and network is not None:
        try:
            with np.errstate(over="raise"):
                made = from_file(network, spec, request)
        except FloatingPointError as error:
            raise ValueError(f"weights of {network}, and inputs, must be small enough for their sums of squares to be numbers, "
                             f"not so large that these overflow; scale them down") from error
    else:
        raise ValueError(f"source must be a network file or --example digits, not "
                         f"{'neither' if network is None else 'both'}; name one of them")
    save(made.image, out)
    for path, array in made.beside.items():
        with command.atomic(path) as draft, draft.open("wb") as file:
            np.save(file, array, allow_pickle=False)
    print(tables([*made.facts["layers"], made.facts["network"]]))
    print("\n".join(sentences(made.facts)))
    for path in made.beside:
        print(f"wrote {path}")
    size = f"{_count(len(made.image.layers), 'layer')} for {_count(spec.pes, 'PE')}, {out.stat().st_size:,} bytes"
    print(f"wrote {out}: {size}; python -m rtl.build --image {out} writes its machine")
    if report is not None:
        with command.progress(f"writing {report}"):
            write_page(report, out, made.image, made.facts, made.samples, told=sentences(made.facts),
                       arguments=["python", "-m", "compress.build", *map(shlex.quote, sys.argv[1:])])
        print(f"wrote {report}")
    if json:
        command.write_report(json, made.facts)
        print(f"wrote {json}")
    command.warn(made.facts["warnings"])


def _count(number: int, name: str) -> str:
    return f"{number} {name}{'s' * (number != 1)}"


def _numbers(name: str, text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not all(part.strip().isdecimal() for part in parts):
        raise ValueError(f"{name} must be whole numbers with commas between, such as 256,128, not {text!r}")
    return tuple(map(int, parts))
