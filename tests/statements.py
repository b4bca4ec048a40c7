"""How many statements a piece of work costs."""

from sqlalchemy import Engine, event


def watched(engine: Engine) -> list[str]:
    """A list that every statement sent from now on is added to."""
    seen: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    return seen
