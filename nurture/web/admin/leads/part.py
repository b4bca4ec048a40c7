"""The pages of leads, to which the modules of this folder add their own."""

from flask import Blueprint

pages = Blueprint("leads", __name__)
