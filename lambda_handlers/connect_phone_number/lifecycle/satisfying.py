"""Whether a number that is held already is what a specification asks for."""

from ..ledger.items import Claim, Specification


def satisfies(claim: Claim, wanted: Specification) -> bool:
    """Return whether the claim's number is one that ``wanted`` could have brought.

    A claim that has no number yet satisfies only the specification it was opened for.
    """
    if wanted.digest in claim.satisfies:
        return True
    if not claim.arn:
        return False
    if wanted.source_phone_number_arn:
        return claim.specification.source_phone_number_arn == wanted.source_phone_number_arn
    if wanted.phone_number:
        return claim.phone_number == wanted.phone_number
    return (
        claim.country_code == wanted.country_code
        and claim.type == wanted.type
        and claim.phone_number.startswith(wanted.prefix)
    )
