"""Measurements of the handler beside others. Every figure that a page shows comes from a command of this package."""
