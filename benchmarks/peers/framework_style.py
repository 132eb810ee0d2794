"""A handler in the style of the CDK's provider framework, with a small imitation of that framework around it.

https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.custom_resources-readme.html#provider-framework

As in the framework, ``onEvent`` begins the work, an exception becomes a FAILED response, and a state machine then calls
``isComplete`` every five seconds. The id of a resource is the request's unless the handler gives one.
"""

from typing import Final

from .peer import Event
from .polling import PollingPeer

_POLL_SECONDS: Final = 5.0


class FrameworkStylePeer(PollingPeer):
    """The handler."""

    poll_seconds = _POLL_SECONDS

    def new_id(self, event: Event) -> str:
        """Return the id of the request."""
        return str(event["RequestId"])
