"""A handler in the style of crhelper, with a small imitation of that library around it.

https://github.com/aws-cloudformation/custom-resource-helper

As in the library, exceptions become FAILED responses, a response that cannot be sent is sent again, and a long creation
is polled: a rule calls the function every two minutes, with the same event and the results so far, until it is done.
The imitation has neither the library's log nor its timer that answers FAILED just before Lambda's time limit.
"""

from typing import Final

from .peer import Event
from .polling import PollingPeer

_POLL_SECONDS: Final = 120.0


class HelperStylePeer(PollingPeer):
    """The handler."""

    poll_seconds = _POLL_SECONDS

    def new_id(self, event: Event) -> str:
        """Return an id as the library generates it."""
        return f"{event['StackId'].split('/')[1]}_{event['LogicalResourceId']}_{self._tools.new_id()[:8]}"
