"""Operations on the store itself. They need no token and send none."""

# pyright: reportPrivateUsage=false
# The generator names its request builders `_get_kwargs`; they are the one part of its functions that is used.

from __future__ import annotations

from astore_api.api.system import get_health as get_health_api
from astore_api.api.system import get_liveness as get_liveness_api
from astore_api.api.system import get_readiness as get_readiness_api

from .._core.operation import Operation, request
from .._wire import convert
from ..models import Health


def get_health() -> Operation[Health]:
    """GET /health."""
    kwargs = get_health_api._get_kwargs()
    return Operation("getHealth", request(kwargs, authenticated=False), convert.health, repeatable=True)


def get_readiness() -> Operation[Health]:
    """GET /health/ready."""
    kwargs = get_readiness_api._get_kwargs()
    return Operation("getReadiness", request(kwargs, authenticated=False), convert.health, repeatable=True)


def get_liveness() -> Operation[Health]:
    """GET /health/live."""
    kwargs = get_liveness_api._get_kwargs()
    return Operation("getLiveness", request(kwargs, authenticated=False), convert.health, repeatable=True)
