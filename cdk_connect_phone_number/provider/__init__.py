"""The parts of a provider, which ``PhoneNumberProvider`` combines."""
