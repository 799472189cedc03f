"""The page of a run: what every part of a machine did, over time, in one file that needs no other."""

import base64
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from cli.page import render
from cli.text import plain
from cli.write import write_text
from sim.probe import Group
from sim.trace import Trace, most_records

HERE = Path(__file__).parent
CODE = ("data.js", "picture.js", "busy.js", "parts.js", "page.js")         # one script, in this order


def write(path: Path, trace: Trace, names: Sequence[str], figures: dict[str, Any], *, title: str, facts: Sequence[str]) -> None:
    """Write the page of a run, whole or not at all.

    Parameters
    ----------
    path : Path
    trace : Trace
        Of the part of the run that is drawn.
    names : sequence of str
        Of the layers, or other pieces, of the trace in their order.
    figures : dict
        What ``--json`` writes; of ``layers`` the page shows ``name``, ``cycles``, ``busy`` and ``stalls``.
    title : str
    facts : sequence of str
        Sentences about the run.
    """
    trace = trace.coarser(most_records(trace.probe))
    pieces = list(trace.pieces())
    if len(pieces) != len(names):
        raise ValueError(f"trace must have a piece for each of {', '.join(names)}, not {len(pieces)} pieces")
    data = {
        "every": trace.every, "ticks": trace.ticks.tolist(),
        "pieces": [{"name": plain(name), "first": piece.start, "end": piece.stop}
                   for name, piece in zip(names, pieces, strict=True)],
        "work": asdict(trace.probe.work),
        "groups": [_group(trace, group) for group in trace.probe.groups]}
    shown = {"layers": figures["layers"], "causes": list(figures["layers"][0]["stalls"])}
    write_text(path, render(
        HERE / "page.j2", title=plain(title), facts=[plain(fact) for fact in facts], every=trace.every,
        cycles=int(trace.ticks.sum()), data=_json(data), figures=_json(shown), **shown,
        look=_text("page.css"), code=Markup("\n").join(map(_text, CODE))))


def _group(trace: Trace, group: Group) -> dict[str, Any]:
    measures = [{"name": measure.name, "label": measure.label, "scale": measure.scale, "peak": measure.peak,
                 **_packed(trace.values[group.name, measure.name])} for measure in group.measures]
    return {"name": group.name, "title": group.title, "moment": group.moment, "parts": list(group.parts), "measures": measures}


def _packed(values: np.ndarray) -> dict[str, Any]:
    """Return values, record after record, as little-endian words of as few bytes as hold them."""
    most = int(values.max(initial=0))
    size = 1 if most < 1 << 8 else 2 if most < 1 << 16 else 4
    return {"bytes": size, "values": base64.b64encode(values.astype(f"<u{size}").tobytes()).decode()}


def _json(data: Any) -> Markup:
    """Return data as JSON that cannot end the element it stands in."""
    return Markup(json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"))


def _text(name: str) -> Markup:
    return Markup((HERE / name).read_text(encoding="utf-8"))
