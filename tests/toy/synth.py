"""synth.toy: features and fitted numbers of the estimate."""
FITTED = ("one", "bits")
SHOWN = ("bits",)


def features(spec):
    return {"one": 1, "bits": spec.bits, "dsp": 0, "bram": 0}
