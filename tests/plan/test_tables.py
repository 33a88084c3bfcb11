from gnomon.plan.changes import Rerun
from gnomon.plan.quanta import quanta
from gnomon.plan.slices import cut
from gnomon.plan.tables import by_slice, by_step, longest_chain, reruns, size_text, text_table


def test_the_sum_of_the_steps_is_the_last_line(steps, survey):
    counted = quanta(steps, survey.units, cut(steps, survey.units))
    lines = by_step(counted, steps).splitlines()
    assert len(lines) == 1 + len(steps) + 2
    jobs = sum(int(line.split()[1]) for line in lines[1:-2])
    assert lines[-2].split()[:2] == ["all", str(jobs)]


def test_every_slice_has_its_line(steps, survey):
    slices = cut(steps, survey.units, 60)
    lines = by_slice(quanta(steps, survey.units, slices)).splitlines()
    assert [line.split()[0] for line in lines[1:]] == sorted(slices.names)


def test_the_longest_chain_is_at_least_its_longest_link(steps, survey):
    counted = quanta(steps, survey.units, cut(steps, survey.units))
    report = counted.take(counted["step"] == "report")
    assert longest_chain(counted, steps) > float(report["cpu_s"].sum())
    assert longest_chain(counted, steps) < float(counted["cpu_s"].sum())


def test_reruns_are_summed():
    text = reruns([Rerun("a", 2, 1, 5, "x"), Rerun("b", 3, 0, 5, "it reads a")])
    assert text.splitlines()[-1].split() == ["all", "5", "1", "10"]
    assert reruns([]) == "nothing would run again"


def test_numbers_stand_to_the_right():
    assert text_table(["a", "n"], [["x", "5"], ["yy", "12"]]).splitlines() == ["a   n", "x    5", "yy  12"]


def test_sizes_have_three_digits():
    assert [size_text(m) for m in (0.0001, 1.5, 2345.0, 3e6)] == ["0.1 kB", "1.5 MB", "2.35 GB", "3 TB"]
