"""All probes of a run. Probes of the same stage are in the order in which they run."""

from . import flow_probes, number_probes
from .probes import Probe
from .response_probes import ResponseProbes
from .stack_probes import StackProbes
from .stacks import AcceptanceStacks

CONNECT_PROBES: tuple[Probe, ...] = (*number_probes.PROBES, *flow_probes.PROBES)
"""The probes that need only Connect. The emulator can answer them, too."""


def all_probes(stacks: AcceptanceStacks) -> tuple[Probe, ...]:
    """Return all probes.

    Parameters
    ----------
    stacks : AcceptanceStacks
        The stacks of the run.
    """
    return (*CONNECT_PROBES, *ResponseProbes(stacks).probes(), *StackProbes(stacks).probes())
