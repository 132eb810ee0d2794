"""What happens to stacks, each scenario with its variants; ``catalog`` has them all."""
