"""What the EIE array computes and how long it takes: values, cycles and the patterns to try them on."""

from golden.eie.cycles import Counters
from golden.eie.image import Image, load
from golden.eie.layer import Layer
from golden.eie.network import Run, run

__all__ = ["Counters", "Image", "Layer", "Run", "load", "run"]
