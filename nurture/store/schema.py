"""Every table, gathered: what migrations compare themselves with."""

from importlib import import_module
from pkgutil import walk_packages

from sqlalchemy import MetaData

from nurture import store
from nurture.store.base import Base


def metadata() -> MetaData:
    """The metadata with the tables of every noun in it: each module of the store is looked into, so that a
    new noun cannot be forgotten."""
    for found in walk_packages(store.__path__, f"{store.__name__}."):
        import_module(found.name)
    return Base.metadata
