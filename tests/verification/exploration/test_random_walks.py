"""Some random walks; ``make verify`` does many more."""

from verification.exploration.random_walks import Life, walking

TestRandomWalks = Life.TestCase
TestRandomWalks.settings = walking(examples=40, length=20)
