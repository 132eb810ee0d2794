"""Runs MiniStack with features that it lacks: Lambda's retries, dated response URLs, flows, and a record of requests.

* **Retries.** CloudFormation invokes the function behind a custom resource asynchronously: Lambda repeats a failed
  invocation, and sends the last failure to the on-failure destination. MiniStack does so for all other asynchronous
  invocations, but calls custom resources once and directly. This module handles custom resources like the others.
* **Dates.** CloudFormation's response URLs show when they were signed. Nothing else distinguishes a late event from a
  new one. This module adds the dates to MiniStack's URLs.
* **Flows.** MiniStack has no Amazon Connect, and refuses a template with an ``AWS::Connect::ContactFlow``. This module
  lets such a resource create a flow in the emulator of Connect.
* **Record.** MiniStack does not keep the requests that it sends. This module adds each request and each response to a
  file of JSON lines, from which the demo and the tests take the requests that they deliver a second time. The file
  contains response URLs, so only its owner can read it.

The module runs in MiniStack's own environment, so it imports nothing else of this project. It replaces private parts
of MiniStack. Therefore the version is pinned, and a missing name causes an error at the start. What MiniStack does
otherwise than AWS, and its maintainers could change, is in ``upstream`` instead.
"""

# MiniStack has no types, and is not installed in any environment that is type-checked.
# pyright: basic, reportMissingImports=false

import json
import os
import sys
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import boto3
from ministack import app
from ministack.services import lambda_svc
from ministack.services.cloudformation import custom_resource, provisioners

_Event = dict[str, Any]


def _recorder(path: str) -> Callable[[_Event], None]:
    descriptor = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)

    def record(line: _Event) -> None:
        # One write for a whole line, so that lines of several threads do not mix.
        os.write(descriptor, json.dumps(line).encode() + b"\n")

    return record


_sending = ContextVar("_sending", default=False)


def _redeliver_and_record(record: Callable[[_Event], None]) -> None:
    send_request = custom_resource.invoke_custom_resource
    invoke_directly = lambda_svc._execute_function_with_config_scope
    deliver_response = custom_resource.deliver_response
    plain_url = custom_resource._response_url

    def send(*arguments: Any, **named_arguments: Any) -> Any:
        mark = _sending.set(True)
        try:
            return send_request(*arguments, **named_arguments)
        finally:
            _sending.reset(mark)

    def invoke(function: _Event, event: Any) -> Any:
        if not _sending.get():
            return invoke_directly(function, event)
        record({"request": event})
        return lambda_svc.invoke_async_with_retry(function, event)

    def signed_url(token: str) -> str:
        signed = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        return f"{plain_url(token)}?X-Amz-Date={signed}&X-Amz-Expires=7200"

    def deliver(token: str, response: _Event) -> bool:
        counted = deliver_response(token, response)
        record({"token": token, "response": response, "counted": counted})
        return bool(counted)

    custom_resource.invoke_custom_resource = send
    custom_resource.deliver_response = deliver
    custom_resource._response_url = signed_url
    lambda_svc._execute_function_with_config_scope = invoke


def _provide_contact_flows() -> None:
    # The launcher's environment has the emulator's endpoint.
    connect = boto3.client("connect")

    def create(_logical_id: str, properties: _Event, _stack_name: str) -> tuple[str, _Event]:
        # The emulator, unlike Connect, takes no ARN as an id.
        arn = connect.create_contact_flow(
            InstanceId=properties["InstanceArn"].rpartition("/")[2],
            **{name: properties[name] for name in ("Name", "Type", "Content")},
        )["ContactFlowArn"]
        return arn, {"ContactFlowArn": arn}

    def update(arn: str, old: _Event, new: _Event, stack_name: str) -> tuple[str, _Event]:
        if new["InstanceArn"] != old["InstanceArn"]:
            return create("", new, stack_name)
        # The emulator keeps nothing else of a flow.
        return arn, {"ContactFlowArn": arn}

    def delete(arn: str, _properties: _Event) -> None:
        instance_arn, _, flow_id = arn.rpartition("/contact-flow/")
        connect.delete_contact_flow(InstanceId=instance_arn.rpartition("/")[2], ContactFlowId=flow_id)

    handler = {"create": create, "update": update, "delete": delete}
    provisioners._RESOURCE_HANDLERS["AWS::Connect::ContactFlow"] = handler


def main() -> None:
    """Serve until a signal arrives.

    The only argument is the path of the file. MiniStack's own environment variables configure the rest.
    """
    _redeliver_and_record(_recorder(sys.argv.pop(1)))
    _provide_contact_flows()
    app.main()


if __name__ == "__main__":
    main()
