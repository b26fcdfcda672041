"""clock: the machine's time, by its two clocks."""

import time

from headgate.bootstrap.clock import SystemClock


def test_it_tells_the_time_of_day_and_what_has_passed():
    clock = SystemClock()
    before, passed = time.time(), time.monotonic()
    assert before <= clock.time() <= time.time()
    assert passed <= clock.monotonic() <= time.monotonic()
