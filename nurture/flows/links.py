"""Where the tracking door's cache of link targets gets them from."""

from collections.abc import Callable, Collection

from sqlalchemy.orm import Session, sessionmaker

from nurture.store import links

_PAGE = 10_000


def link_source(
    sessions: sessionmaker[Session],
) -> Callable[[int, Collection[int]], list[tuple[int, str]]]:
    """(after_id, wanted ids) -> (id, url) of every link made after that one, and of the wanted ones.

    It raises whatever the database raises while it is away.
    """

    def fetch(after_id: int, wanted: Collection[int]) -> list[tuple[int, str]]:
        with sessions() as session:
            found = [(number, url) for number in wanted if (url := links.target_of(session, number))]
            page = links.targets_after(session, after_id, _PAGE)
            found += page
            while len(page) == _PAGE:
                page = links.targets_after(session, page[-1][0], _PAGE)
                found += page
        return found

    return fetch
