"""All probes of a run, in the order in which those of one stage are carried out."""

from . import flow_probes, number_probes
from .probes import Probe
from .response_probes import ResponseProbes
from .stack_probes import StackProbes
from .stacks import AcceptanceStacks

CONNECT_PROBES: tuple[Probe, ...] = (*number_probes.PROBES, *flow_probes.PROBES)
"""Those that need nothing but Connect: the emulator can be asked the same."""


def all_probes(stacks: AcceptanceStacks) -> tuple[Probe, ...]:
    """Return all probes.

    Parameters
    ----------
    stacks : AcceptanceStacks
        The stacks of the run.
    """
    return (*CONNECT_PROBES, *ResponseProbes(stacks).probes(), *StackProbes(stacks).probes())
