"""Time that runs faster than real time, and is the same in all processes."""

import time
from dataclasses import dataclass


@dataclass
class FastClock:
    """A clock that can also jump ahead.

    Parameters
    ----------
    start
        The initial time, in seconds since the epoch.
    speed
        How many seconds of this clock pass in a real second.
    began
        The machine's monotonic time at the start, which is the same for all processes.
    """

    start: float
    speed: float
    began: float

    def now(self) -> float:
        """Return the time in seconds since the epoch."""
        return self.start + (time.monotonic() - self.began) * self.speed

    def pause(self, seconds: float) -> None:
        """Wait for ``seconds`` of this clock."""
        time.sleep(max(seconds, 0.0) / self.speed)

    def jump(self, seconds: float) -> None:
        """Move the clock ahead at once."""
        self.start += seconds
