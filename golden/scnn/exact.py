"""A whole run, values and times together, with the crossbar product by product; for networks of up to some million products."""

from collections.abc import Sequence

from golden.scnn.crossbar import Crossbars, Queues
from golden.scnn.cycles import Counters, Load, Timeline
from golden.scnn.lanes import turns
from golden.scnn.model import ArrayModel
from golden.scnn.side import Side


def run(model: ArrayModel, layers: Sequence[int] | None = None, *, limited: bool = True,
        crossbars: bool = True, stop: bool = False) -> list[Counters]:
    """Run layers of an array (all of them if not said otherwise) and return their counters; values are in its memories.

    Parameters
    ----------
    model : ArrayModel
        With its input in its memories.
    limited : bool
        Whether weights come through the port of the specification.
    crossbars : bool
        Whether the queues of the crossbar are followed too: about 20,000 cycles of a PE a second.
    stop : bool
        Whether a layer whose outputs overflow is the last; there are no counters then, and no time is followed.
    """
    spec, model.record = model.spec, crossbars
    traces = model.run(layers, stop=stop)
    if stop and model.overflow:
        return []
    lanes = turns(spec, model.weights) if spec.weight_lanes > 1 else None
    timeline = Timeline(spec, limited=limited, turns=lanes)
    side = Side(spec, timeline.drains)

    def port(pe: int):
        return lambda cycle: side.taken(pe, cycle)

    queues = [Queues(spec, port(pe)) for pe in range(spec.pes)]
    for trace in traces:
        load = Load(programs=trace.programs, weights=trace.weights.counts, live_weights=trace.weights.live, acts=trace.counts,
                    live_acts=trace.live)
        timeline.layer(load, Crossbars(spec, trace.offsets, queues) if crossbars else None)
    return timeline.finish()
