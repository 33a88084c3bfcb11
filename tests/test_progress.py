from itertools import count

from gnomon.progress import followed

RUN = """Building DAG of jobs...
Finished jobid: 1 (Rule: simulate)
1 of 4 steps (25%) done
Finished jobid: 2 (Rule: isr)
2 of 4 steps (50%) done
Finished jobid: 0 (Rule: all)
4 of 4 steps (100%) done
"""


def follow(text, seconds):
    ticks = count(0, seconds)
    return list(followed(text.splitlines(), lambda: next(ticks)))


def test_time_left_is_the_mean_pace_of_the_jobs_done():
    assert follow(RUN, 60) == [
        "    1 of 4 jobs, 3:00 left, last: simulate",
        "    2 of 4 jobs, 2:00 left, last: isr",
        "    4 of 4 jobs, 0:00 left, last: all",
    ]


def test_fast_jobs_share_a_line():
    assert follow(RUN, 1) == ["    4 of 4 jobs, 0:00 left, last: all"]


def test_errors_are_passed_on_with_their_block():
    said = follow("Select jobs\nError in rule isr:\n    log: x.log\n\nquiet again\n", 1)
    assert said == ["Error in rule isr:", "    log: x.log"]


def test_nothing_to_be_done_is_said():
    assert follow("Nothing to be done (all requested files are present and up to date).\n", 1) != []
