"""A draft that is made live."""

from nurture.flows import programs
from nurture.flows.publish import publish_version
from nurture.store import programs as store
from nurture.store.models import live as live_models
from tests.flows.garden import HEAD


def publish(garden, chains, *, inside="move", head=HEAD, mails=""):
    """The newest files go live, with a choice for those inside."""
    folder = garden.write(chains, head, mails)
    with garden.sessions.begin() as session:
        loaded = programs.load_folder(session, folder, publish=False, now=garden.clock.now, by="mia")
        row = store.lock(session, loaded.program_id)
        version = store.version(session, loaded.version_id)
        model_id = live_models(session)[0].id
        return publish_version(session, row, version, model_id, inside=inside, now=garden.clock.now, by="mia")
