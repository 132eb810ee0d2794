"""The simulator's world with another function."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast

from verification.simulator.clients import SimulatedConnect
from verification.simulator.cloudformation import CloudFormation
from verification.simulator.lambda_service import LambdaEvent, LambdaService
from verification.simulator.timeline import Task
from verification.simulator.wire import Injector
from verification.simulator.world import Options, World

from .peer import Event, Peer, RetryingClient, Tools

if TYPE_CHECKING:
    from mypy_boto3_connect import ConnectClient

_LONGEST_POLLING_SECONDS: Final = 3600.0


class PeerWorld(World):
    """A world around a peer.

    Parameters
    ----------
    make
        Makes the peer.
    """

    def __init__(self, make: Callable[[Tools], Peer], options: Options, injector: Injector | None) -> None:
        super().__init__(options, injector)
        # A peer has no ledger, and counts nothing.
        self.is_ledger_damaged = True
        self._rules: set[str] = set()
        connect = RetryingClient(SimulatedConnect(self), self.timeline.pause, self.emulator.new_client_token)
        peer = make(
            Tools(
                connect=cast("ConnectClient", connect),
                put=self._put,
                pause=self.timeline.pause,
                new_id=self.emulator.new_client_token,
                poll_later=self._poll_later,
                stop_polling=self._rules.discard,
            )
        )
        self.lambda_service = LambdaService(self.timeline, peer.handle, self._crashed)
        self.cloudformation = CloudFormation(self.timeline, self.lambda_service, self.run_until, options.signs_time)

    def _crashed(self, task: Task, problem: BaseException) -> None:
        # A peer may end with an exception: Lambda then retries the invocation.
        pass

    def _poll_later(self, name: str, event: Event, seconds: float) -> None:
        self._rules.add(name)
        until = self.timeline.now + _LONGEST_POLLING_SECONDS
        request = self.cloudformation.requests[name]

        def poll() -> None:
            if name not in self._rules or self.timeline.now > until:
                return
            lambda_event: LambdaEvent = self.lambda_service.invoke(f"poll {request.name()}", event)
            request.lambda_event.invocations.extend(lambda_event.invocations)
            self.timeline.after(seconds, poll)

        self.timeline.after(seconds, poll)
