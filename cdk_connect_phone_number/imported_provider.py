"""A provider that somebody else deployed: all that is known, and needed, is its service token."""

import re
from collections.abc import Sequence
from typing import Final

from constructs import Construct, IConstruct

from .number_properties import known, refuse

_FUNCTION_ARN: Final = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+(:[A-Za-z0-9_$-]+)?")


class ImportedProvider(Construct):
    """A provider known by its service token; see ``PhoneNumberProvider.from_service_token``."""

    def __init__(self, scope: Construct, id: str, *, service_token: str) -> None:
        super().__init__(scope, id)
        literal = known(service_token)
        if literal is not None and not _FUNCTION_ARN.fullmatch(literal):
            refuse(
                self,
                f"service_token must be the ARN of a provider's function, but is {literal!r}. "
                "Use the provider's service_token, or from_ssm_parameter with the name under which "
                "it is published.",
            )
        self._service_token = service_token

    @property
    def service_token(self) -> str:
        """The function's ARN as it was given."""
        return self._service_token

    @property
    def ready(self) -> IConstruct | None:
        """Nothing: the stack that made the provider sees to it."""
        return None

    @property
    def target_arns(self) -> Sequence[str] | None:
        """Nothing: what a provider serves is known where it is made."""
        return None
