"""`python -m nurture`: the same as the command `nurture`."""

from nurture.cli import main

main()
