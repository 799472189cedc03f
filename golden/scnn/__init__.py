"""What the SCNN array computes and how long it takes: dense layers, the machine that runs programs, the model of time."""

from golden.scnn.cycles import Counters
from golden.scnn.image import Image, Run, load, run

__all__ = ["Counters", "Image", "Run", "load", "run"]
