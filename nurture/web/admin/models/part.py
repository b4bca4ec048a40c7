"""The pages of models, to which the modules of this folder add their own."""

from flask import Blueprint

pages = Blueprint("models", __name__)
