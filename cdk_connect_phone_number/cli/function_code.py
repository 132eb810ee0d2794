"""The modules of the function's code that the command uses, so that it has no second set of rules.

``cdk_connect_phone_number/function_code.py`` says why they are in two places.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lambda_handlers.connect_phone_number import (
        budget,
        claim,
        configuration,
        contract,
        countries,
        json_types,
        rules,
        timing,
        tokens,
    )
    from lambda_handlers.connect_phone_number.cloudformation import resource_key, stacks
    from lambda_handlers.connect_phone_number.connect import errors, gateway, quotas
    from lambda_handlers.connect_phone_number.hints import hint, pacing
    from lambda_handlers.connect_phone_number.ledger import dynamodb, items, ledger, store, update
    from lambda_handlers.connect_phone_number.lifecycle import context, converging
    from lambda_handlers.connect_phone_number.planning import (
        deployed,
        findings,
        offline,
        plan,
        planner,
        snapshot,
        template,
    )
else:
    try:
        from ..lambda_handlers.connect_phone_number import (
            budget,
            claim,
            configuration,
            contract,
            countries,
            json_types,
            rules,
            timing,
            tokens,
        )
        from ..lambda_handlers.connect_phone_number.cloudformation import resource_key, stacks
        from ..lambda_handlers.connect_phone_number.connect import errors, gateway, quotas
        from ..lambda_handlers.connect_phone_number.hints import hint, pacing
        from ..lambda_handlers.connect_phone_number.ledger import dynamodb, items, ledger, store, update
        from ..lambda_handlers.connect_phone_number.lifecycle import context, converging
        from ..lambda_handlers.connect_phone_number.planning import (
            deployed,
            findings,
            offline,
            plan,
            planner,
            snapshot,
            template,
        )
    except ModuleNotFoundError:
        from lambda_handlers.connect_phone_number import (
            budget,
            claim,
            configuration,
            contract,
            countries,
            json_types,
            rules,
            timing,
            tokens,
        )
        from lambda_handlers.connect_phone_number.cloudformation import resource_key, stacks
        from lambda_handlers.connect_phone_number.connect import errors, gateway, quotas
        from lambda_handlers.connect_phone_number.hints import hint, pacing
        from lambda_handlers.connect_phone_number.ledger import dynamodb, items, ledger, store, update
        from lambda_handlers.connect_phone_number.lifecycle import context, converging
        from lambda_handlers.connect_phone_number.planning import (
            deployed,
            findings,
            offline,
            plan,
            planner,
            snapshot,
            template,
        )

__all__ = [
    "budget",
    "claim",
    "configuration",
    "context",
    "contract",
    "converging",
    "countries",
    "deployed",
    "dynamodb",
    "errors",
    "findings",
    "gateway",
    "hint",
    "items",
    "json_types",
    "ledger",
    "offline",
    "pacing",
    "plan",
    "planner",
    "quotas",
    "resource_key",
    "rules",
    "snapshot",
    "stacks",
    "store",
    "template",
    "timing",
    "tokens",
    "update",
]
