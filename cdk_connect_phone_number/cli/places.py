"""The places that the command reads: each is one Region of one account."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from .pacing import Pacer
from .problems import Problem, explain
from .read_only import allow_only_reads

_USER_AGENT: Final = "connect-phone-numbers"
# The calls to Connect are paced and repeated by ``connect_reads``. All others are left to boto3.
_ONE_TRY: Final = Config(retries={"mode": "standard", "total_max_attempts": 1}, user_agent_extra=_USER_AGENT)
_SOME_TRIES: Final = Config(retries={"mode": "standard", "total_max_attempts": 6}, user_agent_extra=_USER_AGENT)


def _session(profile: str | None) -> boto3.Session:
    return boto3.Session(profile_name=profile)


@dataclass(frozen=True)
class Surroundings:
    """What the command needs of the machine that it runs on. Tests pass in their own.

    Parameters
    ----------
    session
        Returns the session of a profile, or that of the default credentials.
    role_session
        Returns a session with the credentials that ``AssumeRole`` has returned.
    clock
        Returns the time in seconds since the epoch.
    sleep
        Waits for a number of seconds.
    """

    session: Callable[[str | None], boto3.Session] = _session
    role_session: Callable[..., boto3.Session] = boto3.Session
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], object] = time.sleep


@dataclass(frozen=True)
class Selection:
    """Which places and providers the command is to read.

    Parameters
    ----------
    profile
        A profile of the AWS configuration. Default: the default credentials.
    regions
        The Regions. Default: that of the profile or the environment.
    role_arns
        Roles to assume, one for each account. Default: none, and the caller's own account is read.
    providers
        Names, ARNs or provider ids. Default: all providers.
    """

    profile: str | None = None
    regions: tuple[str, ...] = ()
    role_arns: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """One Region of one account, with clients."""

    account: str
    region: str
    session: boto3.Session
    pacer: Pacer
    clock: Callable[[], float]
    _clients: dict[str, Any] = field(default_factory=dict[str, Any])

    def client(self, service: str) -> Any:
        """Return the client of a service, for example ``dynamodb``. It calls only operations that read."""
        if service not in self._clients:
            self._clients[service] = self._new_client(service, frozenset())
        return self._clients[service]

    def releasing_client(self) -> Any:
        """Return a client for Amazon Connect that can also release a number. Only ``release-orphan`` may use it."""
        return self._new_client("connect", frozenset({"ReleasePhoneNumber"}))

    def _new_client(self, service: str, besides: frozenset[str]) -> Any:
        config = _ONE_TRY if service == "connect" else _SOME_TRIES
        # boto3's stubs name a client only for services that are known when this is type-checked.
        client = cast(Any, self.session).client(service, region_name=self.region, config=config)
        allow_only_reads(client, besides)
        return client

    def __str__(self) -> str:
        return f"{self.account} {self.region}"


def open_places(selection: Selection, surroundings: Surroundings) -> list[Place]:
    """Return the places that are to be read, each once.

    Raises
    ------
    Problem
        There are no credentials or no Region, or a role cannot be assumed.
    """
    try:
        base = surroundings.session(selection.profile)
        regions = selection.regions or ((base.region_name,) if base.region_name else ())
        if not regions:
            raise Problem("There is no Region. Name one with --region, for example --region us-east-1.")
        places: dict[tuple[str, str], Place] = {}
        for session in _sessions(base, selection.role_arns, regions[0], surroundings):
            account = _sts(session, regions[0]).get_caller_identity()["Account"]
            for region in regions:
                pacer = Pacer(surroundings.clock, surroundings.sleep)
                place = Place(account, region, session, pacer, surroundings.clock)
                places.setdefault((account, region), place)
    except (ClientError, BotoCoreError) as error:
        raise Problem(explain("sts", error)) from error
    return list(places.values())


def _sessions(
    base: boto3.Session, role_arns: Sequence[str], region: str, surroundings: Surroundings
) -> Iterator[boto3.Session]:
    if not role_arns:
        yield base
        return
    sts = _sts(base, region)
    for role_arn in role_arns:
        try:
            response = sts.assume_role(RoleArn=role_arn, RoleSessionName=_USER_AGENT)
        except ClientError as error:
            raise Problem(f"{role_arn} cannot be assumed: {explain('sts', error)}") from error
        credentials = response["Credentials"]
        yield surroundings.role_session(
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
        )


def _sts(session: boto3.Session, region: str) -> Any:
    return cast(Any, session).client("sts", region_name=region, config=_SOME_TRIES)
