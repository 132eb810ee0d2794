"""The checks of one provider: its function, and everything that the function needs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Final

from .checks import Check, NotRead, Result, ask, checked, ok, problem, warning
from .connect_reads import ConnectReads
from .connect_reads import NotRead as NotReadFromConnect
from .deployed_code import check_code
from .function_code import contract, timing
from .ledgers import LedgerContents, read_ledger
from .output import counted, day
from .places import Place
from .problems import Finding
from .providers import Provider
from .role_checks import check_role

OLDEST_DUE_SECONDS: Final = 3600
"""Work that has been due for longer needs a person. The alarm SweeperBehind has the same limit."""
RECOVERABLE_DAYS: Final = 180
"""For so long, AWS Support can perhaps recover a released number, for which the log is needed."""
METRICS: Final = (
    "BudgetUsedPercent",
    "ClaimsStuck",
    "OldestDueSeconds",
    "ReleasesFailing",
    "SweepErrors",
)
"""The provider's own metrics for which there should be an alarm, besides one each for its schedule and its queue."""
_DAY_SECONDS: Final = 86_400
_WAITING: Final = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
)
_NOT_THERE: Final = ("ResourceNotFoundException",)
_AGAIN: Final = "Deploy the provider again."


@dataclass
class ProviderChecks:
    """The checks of one provider. What several of them need is read once."""

    place: Place
    provider: Provider

    def __iter__(self) -> Iterator[Check]:
        """Perform the checks."""
        checks: list[tuple[str, Callable[[], Result]]] = [
            ("function", self._function),
            ("code", partial(check_code, self.place, self.provider)),
            ("failure queue", self._queue),
            ("schedule", self._schedule),
            ("alarms", self._alarms),
            ("logs", self._logs),
            ("ledger's table", self._table),
            ("ledger's recovery", self._recovery),
            ("ledger's items", self._items),
            ("due work", self._due),
            ("role", self._role),
            ("targets", self._targets),
            ("budget", self._budget),
        ]
        return checked(self.place, self.provider.name, checks)

    # --- The function ---

    @cached_property
    def _configuration(self) -> dict[str, Any]:
        found = ask(
            self.place,
            "lambda",
            "get_function_configuration",
            unknown=_NOT_THERE,
            FunctionName=self.provider.arn,
        )
        if found is None:
            raise NotRead("The function is gone: it was deleted meanwhile.")
        configuration: dict[str, Any] = found
        return configuration

    def _function(self) -> Result:
        state = self._configuration.get("State", "")
        update = self._configuration.get("LastUpdateStatus", "")
        runtime = self._configuration.get("Runtime", "")
        if state != "Active":
            reason = self._configuration.get("StateReason", "") or "no reason given"
            return problem(f"The function is {state or 'in no known state'} ({reason}). {_AGAIN}")
        if update == "Failed":
            reason = self._configuration.get("LastUpdateStatusReason", "") or "no reason given"
            return problem(f"The last update of the function has failed ({reason}). {_AGAIN}")
        return ok(f"The function is active, with {runtime}.")

    # --- What calls it ---

    @cached_property
    def _queue_arn(self) -> str:
        found: dict[str, Any] | None = ask(
            self.place,
            "lambda",
            "get_function_event_invoke_config",
            unknown=_NOT_THERE,
            FunctionName=self.provider.arn,
        )
        if found is None:
            return ""
        return str(found.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", ""))

    def _queue(self) -> Result:
        if not self._queue_arn:
            return problem(f"Events that the function gives up go nowhere, so a Delete can be lost. {_AGAIN}")
        mappings = ask(
            self.place,
            "lambda",
            "list_event_source_mappings",
            FunctionName=self.provider.arn,
            EventSourceArn=self._queue_arn,
        )["EventSourceMappings"]
        if not any(mapping.get("State") == "Enabled" for mapping in mappings):
            return problem(f"The function does not take events from its queue {self._queue_arn}. {_AGAIN}")
        _, _, _, _, account, name = self._queue_arn.split(":", 5)
        there = ask(
            self.place,
            "sqs",
            "get_queue_url",
            unknown=("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"),
            QueueName=name,
            QueueOwnerAWSAccountId=account,
        )
        if there is None:
            return problem(f"The queue {self._queue_arn} does not exist, so a Delete can be lost. {_AGAIN}")
        attributes = ask(
            self.place, "sqs", "get_queue_attributes", QueueUrl=there["QueueUrl"], AttributeNames=list(_WAITING)
        )["Attributes"]
        waiting = sum(int(attributes.get(attribute, 0)) for attribute in _WAITING)
        if waiting:
            return warning(
                f"{counted(waiting, 'failed event')} in the queue {name}. The function takes them again. Its log says "
                "why it has failed."
            )
        return ok("The queue of failed events is wired, and empty.")

    @cached_property
    def _rules(self) -> list[dict[str, Any]]:
        names = ask(self.place, "events", "list_rule_names_by_target", TargetArn=self.provider.arn)["RuleNames"]
        return [ask(self.place, "events", "describe_rule", Name=name) for name in names]

    def _schedule(self) -> Result:
        schedules = [rule for rule in self._rules if rule.get("ScheduleExpression")]
        if not schedules:
            return problem(
                f"No schedule starts the sweeps, so what CloudFormation abandons is never finished. {_AGAIN}"
            )
        enabled = [rule for rule in schedules if rule.get("State") == "ENABLED"]
        if not enabled:
            name = schedules[0]["Name"]
            return problem(f"The schedule is disabled. Enable it: aws events enable-rule --name {name}")
        return ok(f"The schedule is enabled: {enabled[0]['ScheduleExpression']}.")

    # --- What watches it ---

    def _alarms(self) -> Result:
        alarms = ask(self.place, "cloudwatch", "describe_alarms", AlarmTypes=["MetricAlarm"])["MetricAlarms"]
        own = [(name, alarm) for alarm in alarms if (name := self._watched(alarm))]
        wanted = {*METRICS, "schedule", "failure queue"}
        if not own:
            return warning("There are no alarms, so nobody hears of a release that fails. Set the alarm_topic.")
        missing = sorted(wanted - {name for name, _ in own})
        if missing:
            return warning(f"There is no alarm for {', '.join(missing)}. {_AGAIN}")
        silent = [alarm["AlarmName"] for _, alarm in own if not alarm.get("AlarmActions")]
        silent += [alarm["AlarmName"] for _, alarm in own if alarm.get("ActionsEnabled") is False]
        if silent:
            return problem(
                f"Nobody hears of these alarms, as they have no actions: {', '.join(dict.fromkeys(silent))}."
            )
        ringing = [f"{alarm['AlarmName']} ({name})" for name, alarm in own if alarm.get("StateValue") == "ALARM"]
        if ringing:
            return problem(f"Alarms have gone off: {', '.join(ringing)}. The function's log says why.")
        return ok(f"{counted(len(own), 'alarm')} with actions.")

    def _watched(self, alarm: dict[str, Any]) -> str:
        """Return what of this provider an alarm watches, or an empty text."""
        metric = alarm.get("MetricName", "")
        dimensions = {dimension["Name"]: dimension["Value"] for dimension in alarm.get("Dimensions", [])}
        if alarm.get("Namespace") == contract.METRIC_NAMESPACE:
            return metric if dimensions.get(contract.PROVIDER_DIMENSION) == self.provider.id else ""
        if alarm.get("Namespace") == "AWS/Events":
            return "schedule" if dimensions.get("RuleName") in [rule["Name"] for rule in self._rules] else ""
        queue = self._queue_arn.rpartition(":")[2]
        is_of_queue = alarm.get("Namespace") == "AWS/SQS" and dimensions.get("QueueName") == queue != ""
        return "failure queue" if is_of_queue else ""

    @property
    def _log_group_name(self) -> str:
        named = self._configuration.get("LoggingConfig", {}).get("LogGroup", "")
        return str(named) or f"/aws/lambda/{self.provider.name}"

    def _logs(self) -> Result:
        name = self._log_group_name
        groups = ask(self.place, "logs", "describe_log_groups", logGroupNamePrefix=name)["logGroups"]
        group = next((group for group in groups if group["logGroupName"] == name), None)
        if group is None:
            return problem(f"The log group {name} does not exist, so the function leaves no log. {_AGAIN}")
        days = group.get("retentionInDays")
        if days is not None and days < RECOVERABLE_DAYS:
            return warning(
                f"The log is kept for {days} days, shorter than the {RECOVERABLE_DAYS} days in which AWS Support can "
                "perhaps recover a number. Set log_retention."
            )
        return ok(f"The log is kept {'for ever' if days is None else f'for {days} days'}.")

    # --- The ledger ---

    def _table(self) -> Result:
        name = self.provider.configuration.ledger_table_name
        found = ask(self.place, "dynamodb", "describe_table", unknown=_NOT_THERE, TableName=name)
        if found is None:
            return problem(
                f"There is no table {name}. Do not deploy numbers: restore it from a backup, or deploy the provider "
                "again."
            )
        table = found["Table"]
        if table.get("TableStatus") != "ACTIVE":
            return problem(f"The table {name} is {table.get('TableStatus')}. Wait until it is ACTIVE.")
        # A local AWS has indexes without a status.
        indexes = {
            index["IndexName"]: index.get("IndexStatus", "ACTIVE") for index in table.get("GlobalSecondaryIndexes", [])
        }
        if indexes.get(contract.DUE_INDEX) != "ACTIVE":
            status = indexes.get(contract.DUE_INDEX, "missing")
            return problem(f"The index {contract.DUE_INDEX} of {name} is {status}, so no sweep finds work. {_AGAIN}")
        if not table.get("DeletionProtectionEnabled"):
            return warning(f"Nothing keeps {name} from being deleted. Set ledger_deletion_protection.")
        return ok("The table and its index are active, and protected from deletion.")

    def _recovery(self) -> Result:
        name = self.provider.configuration.ledger_table_name
        found = ask(self.place, "dynamodb", "describe_continuous_backups", TableName=name)[
            "ContinuousBackupsDescription"
        ]
        status = found.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
        if status != "ENABLED":
            return problem(f"Point-in-time recovery of {name} is off: a ledger that is lost is lost. {_AGAIN}")
        return ok("Point-in-time recovery is on.")

    @cached_property
    def contents(self) -> LedgerContents | None:
        """The ledger, or ``None`` if it cannot be read."""
        return read_ledger(self.place, self.provider, self._ledger_findings)

    @cached_property
    def _ledger_findings(self) -> list[Finding]:
        return []

    @property
    def _ledger(self) -> LedgerContents:
        if self.contents is None:
            raise NotRead(self._ledger_findings[0].text)
        return self.contents

    def _items(self) -> Result:
        unreadable = self._ledger.unreadable
        if unreadable:
            return problem(
                f"{counted(len(unreadable), 'unreadable item')}, the first is {unreadable[0].key} "
                f"({unreadable[0].problem}). Use the version of this command that belongs to the provider. If it reads "
                "them, deploy that version."
            )
        return ok(f"The ledger is readable: {counted(len(self._ledger.claims), 'claim')}.")

    def _due(self) -> Result:
        now = int(self.place.clock())
        waiting = [(now - one.due_since, one) for one in self._ledger.unfinished() if one.due_since <= now]
        if not waiting:
            return ok("No work is due.")
        seconds, oldest = max(waiting, key=lambda each: each[0])
        name = oldest.phone_number or oldest.candidate or oldest.id
        error = f" ({oldest.last_error.rstrip('. ')})" if oldest.last_error else ""
        since = timing.date_of(oldest.due_since)
        text = f"{counted(len(waiting), 'claim')} to finish, the oldest is {name}, due since {since}{error}."
        if seconds > OLDEST_DUE_SECONDS:
            return problem(f"{text} The function's log says what stops it: remove the cause.")
        return ok(text)

    # --- What it was told ---

    def _role(self) -> Result:
        return check_role(self.place, self.provider, self._configuration["Role"], self._queue_arn, self._log_group_name)

    def _targets(self) -> Result:
        told = self.provider.configuration.target_arns
        if not told:
            return ok("The provider serves all targets of the account and Region.")
        connect = ConnectReads(self.place.client("connect"), self.place.pacer)
        try:
            missing = [arn for arn in told if not connect.has_target(arn)]
        except NotReadFromConnect as reason:
            raise NotRead(str(reason)) from reason
        if missing:
            return problem(f"There is no {', '.join(missing)}. Correct the provider's target_arns.")
        return ok(f"{counted(len(told), 'target')}, all there.")

    def _budget(self) -> Result:
        now = self.place.clock()
        try:
            allowance = self._ledger.allowance(now)
            returns = allowance.returns()
        except ValueError as error:
            return problem(f"The baseline of the budget has a date that is none ({error}). Write it as 2026-11-01.")
        policy = allowance.policy
        later = [date for date in policy.baseline if date > day(now)]
        if later:
            return warning(f"The baseline of the budget has dates in the future: {', '.join(later)}. Correct them.")
        if policy.reserve is not None and policy.reserve >= allowance.allowed:
            return problem(
                f"The budget's reserve of {policy.reserve} is all of the {allowance.allowed} claims and releases, so "
                "no number can be claimed. Lower it."
            )
        if allowance.is_estimate:
            return warning(
                f"The quota is not known, so {allowance.quota} is assumed and claims are not refused. Set the budget's "
                "quota."
            )
        if not policy.refuses:
            return warning("The budget only warns, and refuses no claim. Set its refuses, or watch its alarm.")
        if not allowance.permits_claim:
            first = f" {returns[0][1]} are free again on {returns[0][0]}." if returns else ""
            return warning(
                f"No number can be claimed: {allowance.used} of {allowance.allowed} claims and releases are used, and "
                f"{allowance.budget.held} numbers are held.{first}"
            )
        return ok(f"{allowance.left} of {allowance.allowed} claims and releases are left.")
