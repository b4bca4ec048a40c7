"""Single chains: found by their id, switched off and on again."""

from datetime import datetime

from sqlalchemy.orm import Session

from nurture.store.programs import ChainRow


def switch(session: Session, chain_id: int, *, paused: bool, now: datetime) -> bool:
    """Pause a chain, or let it go on; False when it stands so already, or there is none."""
    chain = session.get(ChainRow, chain_id, with_for_update=True)
    if chain is None or (chain.paused_at is not None) == paused:
        return False
    chain.paused_at = now if paused else None
    return True
