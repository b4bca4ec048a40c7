"""Demo data: invented people who live through a month, made by the real flows with a clock in hand.

Everything comes from a seed: who they are, when they read, what they do then. Nothing is inserted beside
the flows, nothing leaves the house (their mails go to a sink of this package), and all of it is marked.
"""
