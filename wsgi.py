"""The web for process managers: `granian --interface wsgi wsgi:application`, `gunicorn wsgi:application`."""

from nurture.cli.served import pages

application = pages()
