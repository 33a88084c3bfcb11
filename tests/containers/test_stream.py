from gnomon.containers.stream import Stream, each


def test_parts_are_made_when_asked_for_and_each_time_anew():
    asked = []
    parts = Stream(3, lambda k: asked.append(k) or k * 10)
    assert len(parts) == 3
    assert asked == []
    assert list(parts) == [0, 10, 20]
    assert parts[-1] == 20
    assert asked == [0, 1, 2, 2]


def test_a_slice_is_a_stream():
    assert list(each(range(5), lambda v: v + 1)[1:3]) == [2, 3]
