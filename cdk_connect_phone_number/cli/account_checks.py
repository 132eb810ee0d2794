"""The checks of what the providers assume of their account and Region."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from .checks import Check, NotRead, Result, checked, ok, problem, warning
from .connect_reads import ListedNumber
from .function_code import quotas, rules
from .inventory import list_numbers
from .ledgers import LedgerContents
from .output import counted
from .places import Place
from .problems import Finding
from .providers import Providers


@dataclass
class AccountChecks:
    """The checks of one account and Region.

    Parameters
    ----------
    providers
        Its providers.
    ledgers
        The ledgers that could be read.
    """

    place: Place
    providers: Providers
    ledgers: Sequence[LedgerContents]

    def __iter__(self) -> Iterator[Check]:
        """Perform the checks."""
        checks: list[tuple[str, Callable[[], Result]]] = [
            ("providers", self._providers),
            ("Amazon Connect", self._connect),
            ("Service Quotas", self._quotas),
            ("other numbers", self._others),
        ]
        return checked(self.place, "", checks)

    def _providers(self) -> Result:
        if not self.providers.is_complete:
            raise NotRead("Not all providers of this account and Region could be read.")
        count = len(self.providers.selected) + len(self.providers.others)
        if count == 0:
            return problem("There is no provider in this account and Region. Deploy one, or name another Region.")
        if count > 1:
            return warning(
                f"{count} providers share what Amazon Connect allows, and each counts its own claims and releases "
                "only. Tell each of them a quota of its own, so that all quotas together are the account's."
            )
        return ok("There is one provider.")

    @cached_property
    def _numbers(self) -> tuple[ListedNumber, ...]:
        findings: list[Finding] = []
        numbers = list_numbers(self.place, findings)
        if findings:
            raise NotRead(findings[0].text)
        return numbers

    def _connect(self) -> Result:
        return ok(f"Amazon Connect is reachable, and lists {counted(len(self._numbers), 'number')}.")

    def _quotas(self) -> Result:
        targets = {number.target_arn for number in self._numbers}
        for provider in self.providers.selected:
            targets.update(provider.configuration.target_arns)
        instances = sorted(target for target in targets if rules.instance_id_of(target))
        if not instances:
            raise NotRead("No instance is known here, for which Service Quotas could be asked.")
        service = quotas.ServiceQuotas(self.place.client("service-quotas"))
        told = {instance: service.phone_numbers(instance) for instance in instances}
        silent = [instance for instance, quota in told.items() if quota is None]
        if silent:
            raise NotRead(
                f"Service Quotas does not tell how many numbers {silent[0]} may have. Allow "
                "servicequotas:GetServiceQuota to the caller. If no provider can ask either, set their budgets' quota."
            )
        texts = [f"{quota} for {instance.rpartition('/')[2]}" for instance, quota in told.items()]
        return ok(f"The quota of phone numbers is {', '.join(texts)}.")

    def _others(self) -> Result:
        if len(self.ledgers) < len(self.providers.selected) or self.providers.others:
            raise NotRead("Not all ledgers were read, so the owners of the numbers are not known.")
        held = {arn for contents in self.ledgers for one in contents.claims for arn in one.held_arns}
        others = [number for number in self._numbers if number.arn not in held]
        if not others:
            return ok("All numbers that Amazon Connect lists are the providers'.")
        text = f"Of {counted(len(self._numbers), 'number')}, {len(others)} are not the providers': list says whose."
        if any(contents.provider.configuration.budget.baseline for contents in self.ledgers):
            return ok(f"{text} A budget has a baseline.")
        return warning(
            f"{text} What was claimed and released of them within 180 days counts as well. Tell the providers, in the "
            "baseline of their budgets."
        )
