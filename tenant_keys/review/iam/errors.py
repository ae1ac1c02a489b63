"""What the evaluator refuses to guess about."""

from tenant_keys.review.errors import NotJudged, ReviewError, as_json


class UnsupportedPolicy(NotJudged):
    """Raised when a policy says something whose effect is not known for certain: never a silent pass."""

    def __init__(self, where: str, got: object, allowed: str) -> None:
        super().__init__(f"{where}: got {as_json(got)}; {allowed}")


class InvalidRequest(ReviewError, ValueError):
    """Raised when a request could not exist, or leaves out something that AWS would know."""
