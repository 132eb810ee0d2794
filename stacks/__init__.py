"""The example app's stacks: one for the provider, one for numbers that use it."""
