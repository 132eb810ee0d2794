"""The parts that both peers share: Amazon Connect calls for a number, and boto3's usual retries."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from verification.simulator.lambda_service import Context

if TYPE_CHECKING:
    from mypy_boto3_connect import ConnectClient

Event = Mapping[str, Any]

_RETRIES: Final = 4
"""The number of retries that boto3 makes by default."""
_PASSING: Final = frozenset(
    {"ThrottlingException", "TooManyRequestsException", "InternalServiceException", "ServiceUnavailableException"}
)
_WITH_TOKEN: Final = frozenset(
    {
        "claim_phone_number",
        "import_phone_number",
        "release_phone_number",
        "update_phone_number",
        "update_phone_number_metadata",
    }
)
_SPECIFICATION: Final = ("CountryCode", "Type", "Prefix", "PhoneNumber")


@dataclass(frozen=True)
class Tools:
    """A peer's access to the outside world.

    Parameters
    ----------
    put
        Sends a response to a presigned URL and returns the HTTP status.
    pause
        Waits for a number of seconds.
    new_id
        Returns a new UUID, as ``uuid4`` does.
    poll_later
        Calls the function again with an event every so many seconds, until ``stop_polling``.
    """

    connect: "ConnectClient"
    put: Callable[[str, bytes], int]
    pause: Callable[[float], None]
    new_id: Callable[[], str]
    poll_later: Callable[[str, Event, float], None]
    stop_polling: Callable[[str], None]


class Peer(Protocol):
    """A function's handler."""

    def handle(self, event: Event, context: Context) -> None:
        """Handle one event from Lambda."""
        ...


class RetryingClient:
    """boto3's client with its defaults: it generates a client token for each call, and retries transient errors.

    Parameters
    ----------
    client
        Makes one call.
    """

    def __init__(self, client: Any, pause: Callable[[float], None], new_id: Callable[[], str]) -> None:
        self._client = client
        self._pause = pause
        self._new_id = new_id

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def call(**parameters: Any) -> Any:
            if method in _WITH_TOKEN:
                parameters.setdefault("ClientToken", self._new_id())
            for retry in range(_RETRIES):
                try:
                    return getattr(self._client, method)(**parameters)
                except ClientError as error:
                    if error.response.get("Error", {}).get("Code") not in _PASSING:
                        raise
                except BotoCoreError:
                    pass
                self._pause(2.0**retry)
            return getattr(self._client, method)(**parameters)

        return call


class Numbers:
    """The steps in the life of a number."""

    def __init__(self, connect: "ConnectClient") -> None:
        self._connect = connect

    def claim(self, properties: Mapping[str, Any]) -> str:
        """Claim the chosen number, or the first number that a search finds, and return its ARN.

        Raises
        ------
        RuntimeError
            If there is no such number.
        """
        phone_number: str = properties.get("PhoneNumber", "")
        if not phone_number:
            wanted = {"PhoneNumberPrefix": properties["Prefix"]} if properties.get("Prefix") else {}
            found = self._connect.search_available_phone_numbers(
                TargetArn=properties["TargetArn"],
                PhoneNumberCountryCode=properties["CountryCode"],
                PhoneNumberType=properties["Type"],
                **wanted,
            )["AvailableNumbersList"]
            if not found:
                raise RuntimeError("no numbers available")
            phone_number = str(found[0].get("PhoneNumber"))
        parameters: dict[str, Any] = {
            "TargetArn": properties["TargetArn"],
            "PhoneNumber": phone_number,
            "PhoneNumberDescription": properties.get("Description", ""),
        }
        if _tags(properties):
            parameters["Tags"] = _tags(properties)
        return self._connect.claim_phone_number(**parameters)["PhoneNumberArn"]

    def status(self, arn: str) -> str:
        """Return the number's status.

        Raises
        ------
        RuntimeError
            If Connect could not provide the number.
        """
        summary = self._summary(arn)
        status = summary["PhoneNumberStatus"]
        if status["Status"] == "FAILED":
            raise RuntimeError(status.get("Message", "the claim failed"))
        return str(status["Status"])

    def associate(self, arn: str, properties: Mapping[str, Any]) -> None:
        """Associate the flow, if the properties name one."""
        flow_arn: str = properties.get("ContactFlowArn", "")
        if flow_arn:
            instance, _, flow = flow_arn.partition("/contact-flow/")
            self._connect.associate_phone_number_contact_flow(
                PhoneNumberId=_id(arn), InstanceId=instance.rpartition("/")[2], ContactFlowId=flow
            )

    def change(self, arn: str, new: Mapping[str, Any], old: Mapping[str, Any]) -> None:
        """Change the properties that can be changed in place."""
        if new["TargetArn"] != old["TargetArn"]:
            self._connect.update_phone_number(PhoneNumberId=_id(arn), TargetArn=new["TargetArn"])
        if new.get("Description") != old.get("Description"):
            self._connect.update_phone_number_metadata(
                PhoneNumberId=_id(arn), PhoneNumberDescription=new.get("Description", "")
            )
        gone = [key for key in _tags(old) if key not in _tags(new)]
        if gone:
            self._connect.untag_resource(resourceArn=arn, tagKeys=gone)
        if _tags(new) and _tags(new) != _tags(old):
            self._connect.tag_resource(resourceArn=arn, tags=_tags(new))
        if old.get("ContactFlowArn") and not new.get("ContactFlowArn"):
            instance = old["ContactFlowArn"].partition("/contact-flow/")[0].rpartition("/")[2]
            self._connect.disassociate_phone_number_contact_flow(PhoneNumberId=_id(arn), InstanceId=instance)
        elif new.get("ContactFlowArn") != old.get("ContactFlowArn"):
            self.associate(arn, new)

    def release(self, arn: str) -> None:
        """Release a number. It is not an error if the number is already gone."""
        try:
            self._connect.release_phone_number(PhoneNumberId=_id(arn))
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ResourceNotFoundException":
                raise

    def _summary(self, arn: str) -> Any:
        return self._connect.describe_phone_number(PhoneNumberId=_id(arn))["ClaimedPhoneNumberSummary"]

    def data(self, arn: str) -> dict[str, str]:
        """Return the attributes that ``Fn::GetAtt`` can read."""
        return {"PhoneNumberArn": arn, "PhoneNumber": self._summary(arn)["PhoneNumber"]}


def is_number(physical_id: str) -> bool:
    """Return whether a physical id is that of a number."""
    return ":phone-number/" in physical_id


def is_replacement(event: Event) -> bool:
    """Return whether an Update requires another number."""
    new, old = event["ResourceProperties"], event["OldResourceProperties"]
    return any(new.get(name) != old.get(name) for name in _SPECIFICATION)


def _tags(properties: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}


def _id(arn: str) -> str:
    return arn.rpartition("/")[2]
