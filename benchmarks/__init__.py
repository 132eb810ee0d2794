"""Measurements and comparisons of the handler. Every figure on a page comes from a command of this package."""
