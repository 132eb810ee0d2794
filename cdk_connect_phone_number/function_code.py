"""Where the function's code is: beside the library in the repository, inside it in an installed package.

A package named ``lambda_handlers`` beside the installed library would collide with the ``lambda_handlers`` of an app
that installs it. So the code is searched for inside the library first, and an installed library has it only there.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from lambda_handlers.connect_phone_number import contract, properties, rules
    from lambda_handlers.connect_phone_number.planning import plan
else:
    try:
        from .lambda_handlers.connect_phone_number import contract, properties, rules
        from .lambda_handlers.connect_phone_number.planning import plan
    except ModuleNotFoundError:
        from lambda_handlers.connect_phone_number import contract, properties, rules
        from lambda_handlers.connect_phone_number.planning import plan

__all__ = ["ASSET", "contract", "plan", "properties", "rules"]

ASSET: Final = Path(contract.__file__).resolve().parent.parent
"""The folder that is the function's asset."""
