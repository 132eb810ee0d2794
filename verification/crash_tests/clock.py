"""Time that runs faster than real time, and is the same in all processes."""

import time
from dataclasses import dataclass


@dataclass
class FastClock:
    """A clock that can also jump while nobody looks at it.

    Parameters
    ----------
    start
        What it shows at first, in seconds since the epoch.
    speed
        How many of its seconds pass in a real one.
    began
        The machine's monotonic time at that moment, which is the same for all processes.
    """

    start: float
    speed: float
    began: float

    def now(self) -> float:
        """Return the time in seconds since the epoch."""
        return self.start + (time.monotonic() - self.began) * self.speed

    def pause(self, seconds: float) -> None:
        """Wait for so many seconds of this clock."""
        time.sleep(max(seconds, 0.0) / self.speed)

    def jump(self, seconds: float) -> None:
        """Be later at once."""
        self.start += seconds
