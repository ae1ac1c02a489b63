"""Sessions and clients of botocore in a third of their time: what is the same for each of them is worked out once.

A test that plays a user makes new ones for each call. Nothing that a client does is different.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any, Final

import botocore.client
import botocore.hooks
import botocore.session

_NAMES: Final[dict[str, str]] = {}
"""Names of events, and what botocore calls them today."""

_METHODS: Final[dict[tuple[str, str], dict[str, Any]]] = {}
"""The methods of a service's clients, by its name and version: they name an operation and hold nothing else."""


def quicken() -> None:
    """Change botocore in this process, once."""
    # Each session would read the models of AWS's services again, a tenth of a second a client.
    botocore.session.create_loader = functools.cache(botocore.session.create_loader)
    botocore.hooks.accepts_kwargs = _of_functions(botocore.hooks.accepts_kwargs)  # type: ignore[assignment]
    begin = botocore.hooks.EventAliaser.__init__

    def begin_with_known_names(self: Any, event_emitter: Any, event_aliases: Any = None) -> None:
        begin(self, event_emitter, event_aliases)
        if self._event_aliases == botocore.hooks.EVENT_ALIASES:
            self._alias_name_cache = _NAMES

    botocore.hooks.EventAliaser.__init__ = begin_with_known_names  # type: ignore[method-assign]
    creator: Any = botocore.client.ClientCreator
    create = creator._create_methods

    def create_once(self: Any, service_model: Any) -> dict[str, Any]:
        service = service_model.service_name, service_model.api_version
        if service not in _METHODS:
            _METHODS[service] = create(self, service_model)
        return dict(_METHODS[service])  # handlers of the session add to it

    creator._create_methods = create_once


def _of_functions(asked: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Remember the answer for each function; a bound method, whose answer is its function's, keeps a client alive."""
    known = functools.lru_cache(maxsize=4096)(asked)

    def answer(handler: Any) -> Any:
        function = handler.__func__ if isinstance(handler, MethodType) else handler
        return known(function) if isinstance(function, FunctionType) else asked(handler)

    return answer
