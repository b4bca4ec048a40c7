"""What tells that a machine was there, by name, and what each sign is worth beyond its own mail."""

SWEPT_LINKS = "swept_links"
EVERY_LINK = "every_link"
EARLY_FLURRY = "early_flurry"
EVEN_STEPS = "even_steps"
TRAP_LINK = "trap_link"
ROBOT_BESIDE = "robot_beside"
CHECKED_FIRST = "checked_first"
MANY_RECIPIENTS = "many_recipients"
SAME_VISIT = "same_visit"
TICKING = "ticking"
CHANGING_FACES = "changing_faces"
KNOWN_NETWORK = "known_network"

# What tells of an address that a machine sits there, on whatever mail.
GIVING_AWAY = frozenset({SWEPT_LINKS, EVERY_LINK, EARLY_FLURRY, TRAP_LINK, CHECKED_FIRST, CHANGING_FACES})
# The same of a network.
TELLING = GIVING_AWAY | {EVEN_STEPS, TICKING}
# What a person may do as well, once in a while.
MANNERS = frozenset(
    {EVERY_LINK, EARLY_FLURRY, EVEN_STEPS, CHANGING_FACES, CHECKED_FIRST, MANY_RECIPIENTS, SAME_VISIT}
)
# What is weighed against all that is known of the network, and may be seen otherwise when more is known.
WEIGHED = MANNERS | {KNOWN_NETWORK}
