"""Which fields the model has at a place of the document."""

from __future__ import annotations

from typing import Any, get_args, get_origin

from pydantic import BaseModel

from tenant_keys.manifest.errors import Path
from tenant_keys.manifest.model import Manifest


def fields_at(path: Path) -> list[str]:
    """Names of the fields of the mapping at `path`; none where it has no fixed fields."""
    here: Any = Manifest
    for part in path:
        if _is_model(here) and part in here.model_fields:
            here = _without_none(here.model_fields[part].annotation)
        elif get_origin(here) is dict:
            here = get_args(here)[1]
        else:
            return []
    return list(here.model_fields) if _is_model(here) else []


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _without_none(annotation: Any) -> Any:
    """The model of `Model | None`; anything else as it is."""
    if get_origin(annotation) is dict:
        return annotation
    return next(filter(_is_model, get_args(annotation)), annotation)
