"""The local AWS put together: organization, identities, evaluator, KMS, STS, CloudFormation."""

from __future__ import annotations

from tenant_keys.local.authorizer import Authorizer
from tenant_keys.local.clock import Clock
from tenant_keys.local.cloudformation import install
from tenant_keys.local.cloudformation.held import Held
from tenant_keys.local.cloudformation.hooks_api import HooksApi
from tenant_keys.local.cloudtrail import CloudTrail
from tenant_keys.local.decisions import Decisions
from tenant_keys.local.directory import DeployedPolicies
from tenant_keys.local.emulator import application, authorization
from tenant_keys.local.event_bus import EventBus
from tenant_keys.local.event_history import CloudTrailApi, EventHistory
from tenant_keys.local.iam_service import IamService
from tenant_keys.local.identity import Identities
from tenant_keys.local.kms.service import Kms
from tenant_keys.local.organization import Organization
from tenant_keys.local.organizations_api import OrganizationsApi
from tenant_keys.local.other_services import OtherServices
from tenant_keys.local.resource_shares import ResourceShares
from tenant_keys.local.rest_service import Beside
from tenant_keys.local.roles_anywhere import RolesAnywhere
from tenant_keys.local.settings import Settings
from tenant_keys.local.sts.assume import Assume
from tenant_keys.local.sts.service import Sts
from tenant_keys.local.sts.sessions import Sessions
from tenant_keys.local.sts.tokens import Issuers


class Cloud:
    """Every part, made once per process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.organization = Organization(
            settings.organization,
            frozenset(settings.accounts),
            frozenset(settings.outsiders),
            settings.management,
        )
        self.clock = Clock()
        self.sessions = Sessions()
        self.decisions = Decisions(settings.decision_log)
        self.identities = Identities(self.organization, self.sessions)
        self.authorizer = Authorizer(DeployedPolicies(self.organization))
        self.kms = Kms(self.authorizer, self.decisions, self.clock)
        self.sts = Sts(Assume(self.authorizer, self.identities, self.sessions), Issuers(settings.jwks), self.decisions)
        self.bus = EventBus(self.authorizer, self.identities, self.kms)
        self.history = EventHistory(self.clock, self.kms.apply_due_changes)
        trail = CloudTrail(settings.trail, self.clock, self.bus, self.history)
        self.decisions.trail, self.kms.store.notice = trail, trail.write_service_event
        self.held = Held()
        self.execution = install(
            self.bus, self.kms, self.authorizer, self.decisions, self.identities, self.organization, self.held
        )
        self.beside: dict[str, Beside] = {
            "ram": ResourceShares(self.kms, self.authorizer, self.decisions),
            "rolesanywhere": RolesAnywhere(self.held, self.authorizer, self.decisions),
        }
        """Services that ministack does not have, by the name in the signature."""
        for service in ("kms", "sts"):
            application.install_service(service, _not_here)
        application.install_service("organizations", OrganizationsApi(self.organization).answer)
        application.install_service("cloudtrail", CloudTrailApi(self.history).answer)
        application.install_service("iam", IamService(self.kms).handle)
        deploys = application.service_handler("cloudformation")
        application.install_service("cloudformation", HooksApi(self.held, deploys).handle)
        self.others = OtherServices(self.authorizer, self.decisions, self.identities)
        authorization.install_judge(self.others.judge)

    def reset(self) -> None:
        """Forget everything: an organization of empty accounts."""
        application.reset()
        self.kms.reset()
        self.sessions.clear()
        self.organization.control_policies.clear()
        self.execution.reset()
        self.held.clear()
        self.others.requests.clear()
        self.decisions.clear()
        self.bus.clear()
        self.history.clear()
        if self.decisions.trail is not None:
            self.decisions.trail.clear()


async def _not_here(*_request: object) -> tuple[int, dict[str, str], bytes]:
    """ministack's own KMS and STS are shut, however a request finds its way to them."""
    body = b'{"__type": "AccessDeniedException", "message": "KMS and STS are not to be reached this way"}'
    return 403, {"Content-Type": "application/x-amz-json-1.1"}, body
