"""The addresses, one module a group."""

from aln.web.routes import export, label_studio, localize, model, photographs, review

ROUTERS = (
    model.router,
    localize.router,
    photographs.router,
    review.router,
    export.router,
    label_studio.router,
)

__all__ = ["ROUTERS"]
