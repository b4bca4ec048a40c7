"""From an empty folder to the first mail in the catcher, from outside, with the time each part takes."""

import sys
import time
from pathlib import Path

from tests.stories.office import Office, links, wait_until

LEADS = (
    "E-mail,First name,Last name,Company,Company size,Role,Country\n"
    "katrin@brueckner.example,Katrin,Vogel,Brückner Antriebstechnik GmbH,340,Head of operations,DE\n"
    "paolo@ferrante.example,Paolo,Ferrante,Officine Ferrante,42,Buyer,IT\n"
)


def test_from_an_empty_folder_to_the_first_mail(tmp_path: Path) -> None:
    began = time.monotonic()
    told: list[str] = []

    def after(what: str) -> None:
        told.append(f"{time.monotonic() - began:6.1f} s  {what}")

    with Office(tmp_path, NURTURE_CLOCK_START="2026-03-03T10:00:00+00:00") as office:
        after("the servers run and the pages answer")
        office.set_up()
        after("set up: administrator, company, sender")
        assert "The way to the first mail" in office.web.get("/").text
        (tmp_path / "leads.csv").write_text(LEADS, encoding="utf-8")
        office.done("leads", "import", str(tmp_path / "leads.csv"), "--consent", "marketing")
        after("two leads imported")
        assert office.press("/programs/1", "/programs/1/publish").status_code == 303
        after("the program published")
        wait_until(lambda: len(office.mails()) >= 2, "the first mails in the catcher", pause=0.1)
        after("the first mails lie in the catcher")
        message = office.mail(office.mails()[0]["id"])
        assert links(message, "c")
        assert "List-Unsubscribe" in message
        assert office.web.get(links(message, "o")[0]).status_code == 200
    sys.stdout.write("\n".join(["", "From an empty folder to the first mail:", *told, ""]))
