"""Every behavior of AWS that the simulator plays, with its source; ``catalog`` writes ``docs/manners.md`` from it."""
