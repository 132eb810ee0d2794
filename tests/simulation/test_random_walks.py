"""Some random walks; ``make verify`` does many more."""

from .walks import Life, walking

TestRandomWalks = Life.TestCase
TestRandomWalks.settings = walking(examples=40, length=20)
