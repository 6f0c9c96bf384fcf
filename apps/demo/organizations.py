"""Endpoints about the organization: itself and its projects."""

from __future__ import annotations

from apps.demo.exchange import Answer, Ask
from apps.demo.model import Json, Project, iso_z
from apps.demo.paging import page_of, per_page_of

CREATED = "2021-03-01T09:00:00Z"
SWITCHED_OFF = (
    "isBookmarked",
    "firstTransactionEvent",
    "hasFlags",
    "hasMinifiedStackTrace",
    "hasMonitors",
    "hasProfiles",
    "hasSessions",
    "hasInsightsHttp",
    "hasInsightsDb",
    "hasInsightsAssets",
    "hasInsightsAppStart",
    "hasInsightsScreenLoad",
    "hasInsightsVitals",
    "hasInsightsCaches",
    "hasInsightsQueues",
    "hasInsightsAgentMonitoring",
    "hasInsightsMCP",
    "hasLogs",
    "hasTraceMetrics",
    "hasUserReports",
)


def organization(ask: Ask) -> Answer:
    """The organization; both its links lead back to this very server."""
    name = ask.organization
    return Answer(
        {
            "id": "4500001",
            "slug": name,
            "name": name.title(),
            "status": {"id": "active", "name": "active"},
            "dateCreated": CREATED,
            "isEarlyAdopter": False,
            "require2FA": False,
            "avatar": {"avatarType": "letter_avatar", "avatarUuid": None, "avatarUrl": None},
            "links": {"organizationUrl": ask.base_url, "regionUrl": ask.base_url},
            "hasAuthProvider": False,
            "allowMemberInvite": True,
            "allowMemberProjectCreation": True,
            "allowSuperuserAccess": False,
            "features": ["discover-basic", "global-views"],
            "access": list(ask.settings.scopes),
        }
    )


def project_list(ask: Ask) -> Answer:
    """The projects the token sees, by slug, in pages."""
    ordered = sorted(ask.visible_projects(), key=lambda one: one.slug)
    page = page_of(ask, ordered, per_page_of(ask))
    return Answer([project_body(ask, one) for one in page.items], headers=page.headers)


def project_body(ask: Ask, project: Project) -> Json:
    """A project as the organization lists it."""
    own = [event for event in ask.world.events if event.project.slug == project.slug]
    environments = {str(event.columns["environment"] or "") for event in own}
    first = min((event.second for event in own), default=None)
    team = {"id": "1", "name": "Shop", "slug": "shop"}
    return dict.fromkeys(SWITCHED_OFF, False) | {
        "id": str(project.id),
        "slug": project.slug,
        "name": project.name,
        "platform": project.platform,
        "dateCreated": CREATED,
        "isMember": True,
        "features": ["releases"],
        "firstEvent": iso_z(first) if first else None,
        "access": list(ask.settings.scopes),
        "hasAccess": True,
        "team": team,
        "teams": [team],
        "platforms": sorted({str(event.columns["platform"]) for event in own}),
        "environments": sorted(environments - {""}),
        **_signals(ask, project),
        "latestRelease": None,
    }


def _signals(ask: Ask, project: Project) -> Json:
    """Which of the signals beside errors the project has sent."""
    replays = any(one.project == project for one in ask.world.replays)
    feedback = any(one.project == project for one in ask.world.feedback)
    said = feedback and ask.settings.feedback_on
    recorded = replays and ask.settings.replays_on
    return {"hasReplays": recorded, "hasFeedbacks": said, "hasNewFeedbacks": said}
