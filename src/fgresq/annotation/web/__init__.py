"""A study as a web application: pages for annotators, experts and the lead, each behind a personal link.

`create_app` makes the application of an open study, `serving.serve` runs it, `door.sign_in.links` makes links.
"""

from fgresq.annotation.web.app import create_app

__all__ = ["create_app"]
