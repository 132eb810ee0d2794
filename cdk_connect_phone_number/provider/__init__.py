"""The parts of a provider, which ``PhoneNumberProvider`` puts together."""
