"""Story 8: a program is played through in memory, with leads of the base or invented ones."""
