"""The steps that run an image on the machine: layer by layer with everything read back, or all layers in one start."""

from compress.eie.image import Image
from compress.eie.stream import activation_packet, image_packets
from golden.eie import Run
from sim.eie.job import Step

SLACK = 10_000          # cycles beyond twice those of the model after which a run counts as hung


def layer_by_layer(image: Image, golden: Run) -> list[Step]:
    """Return a step for each layer of each vector; the image is loaded first, each vector before its first layer."""
    steps: list[Step] = []
    for vector, counters in zip(golden.inputs, golden.counters, strict=True):
        for number, layer in enumerate(counters):
            packets = image_packets(image) if not steps else []
            if number == 0:
                packets.append(activation_packet(vector, image.spec))
            steps.append(Step(packets=packets, first=number, limit=2 * layer.cycles + SLACK))
    return steps


def together(image: Image, golden: Run) -> list[Step]:
    """Return a step for each vector, which runs all layers in one start; the image is loaded first."""
    return [Step(packets=[*([] if number else image_packets(image)), activation_packet(vector, image.spec)], first=0,
                 count=len(image.layers), limit=2 * sum(layer.cycles for layer in golden.counters[number]) + SLACK)
            for number, vector in enumerate(golden.inputs)]
