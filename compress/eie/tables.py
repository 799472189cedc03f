"""What a program on a processor beside the array must know of an image besides its packets."""

import numpy as np

from compress.eie.actions import lane_bits, stream_words
from compress.eie.image import Image
from compress.eie.stream import activation_packet
from compress.ends import open_to


def tables(image: Image) -> dict[str, int | float | np.ndarray]:
    """Return numbers and tables by name: ``order`` is where in the results each output of the network is.

    Every whole number of an input must be at least ``input_low`` and at most ``input_high``; the program sees to it.
    """
    last, spec = image.layers[-1], image.spec
    order = np.zeros(last.outputs, np.int32)
    present = np.flatnonzero(last.rows >= 0)
    order[last.rows[present]] = present
    inputs, (low, high) = image.layers[0].inputs, open_to(image.input_bounds, spec.act_bits)
    return {
        "inputs": inputs, "input_words": len(activation_packet(np.zeros(inputs, np.int16), spec)) - 1,
        "input_scale": image.input_scale, "input_low": low, "input_high": high, "layers": len(image.layers),
        "outputs": last.outputs,
        "output_words": stream_words(spec.pes * last.out_slots, spec), "output_bits": lane_bits(spec),
        "output_scale": image.output_scale, "order": order}
