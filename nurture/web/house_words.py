"""The words for the installation: its people, and the webhooks it posts."""

# gettext reads these marks; the words themselves are looked up at each request.
_N = str

ROLES = {
    "admin": _N("Administrator"),
    "marketer": _N("Marketer"),
    "sales": _N("Sales"),
    "viewer": _N("Viewer"),
}
POSTS = {
    "pending": _N("waiting"),
    "posting": _N("going out"),
    "delivered": _N("delivered"),
    "failed": _N("given up"),
}
