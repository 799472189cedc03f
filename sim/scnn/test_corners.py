"""The networks with which faults are looked for, on an array without any: values, flags and slots are golden's."""

from sim.scnn import check, corners
from sim.scnn.test_mutants import SPEC


def test_networks_at_the_limits_of_an_array(tmp_path):
    chosen = list(corners.cases())
    found = [(case.name, faults) for case, answer in zip(chosen, check.run(SPEC, chosen, tmp_path), strict=True)
             if (faults := check.faults(case, *answer))]
    assert not found, found


def test_a_layer_begins_when_the_lookups_of_the_one_before_are_over(tmp_path):
    """A PE that is late with its lookups has all it needs from others: its layer ends before they do."""
    chosen = [case for case in corners.cases() if case.name.startswith(("early", "burst"))]
    for case, answer in zip(chosen, check.run(SPEC, chosen, tmp_path), strict=True):
        assert not (faults := check.faults(case, *answer)), (case.name, faults)
        assert answer[1].result.counters["cycles"] == check.model(case, answer[0])["cycles"], case.name
