"""Releases: `GET /organizations/{org}/releases/`."""

from __future__ import annotations

from apps.demo.event_bodies import version_info
from apps.demo.exchange import Answer, Ask
from apps.demo.model import Json, Project, Release, iso_z
from apps.demo.paging import page_of, per_page_of
from apps.demo.windows import asked_window


def release_list(ask: Ask) -> Answer:
    """Releases by the day they were released or made, the newest first.

    `start` and `end`, which are not documented, look at that day, both edges included.
    """
    chosen = ask.chosen_projects()
    window = asked_window(ask)
    known = [
        one
        for one in ask.world.releases()
        if one.project in chosen and (window is None or window.start <= one.listed_by <= window.end)
    ]
    known.sort(key=lambda one: one.listed_by, reverse=True)
    page = page_of(ask, known, per_page_of(ask))
    bodies = [release_body(one) | {"id": at} for at, one in enumerate(page.items, start=1)]
    return Answer(bodies, headers=page.headers)


def release_body(release: Release) -> Json:
    """A release as the organization lists it, without its number."""
    return {
        "version": release.version,
        "shortVersion": release.version.rpartition("@")[2],
        "status": "open",
        "versionInfo": version_info(release.version),
        "ref": None,
        "url": None,
        "dateReleased": iso_z(release.released) if release.released else None,
        "dateCreated": iso_z(release.created),
        "data": {},
        "newGroups": 0,
        "owner": None,
        "commitCount": 0,
        "lastCommit": None,
        "deployCount": 1 if release.deployed else 0,
        "lastDeploy": _deploy(release),
        "authors": [],
        "projects": [_released(release.project)],
        "firstEvent": None,
        "lastEvent": None,
        "currentProjectMeta": {},
        "userAgent": None,
    }


def _deploy(release: Release) -> Json | None:
    if release.deployed is None:
        return None
    return {
        "id": "1",
        "name": "",
        "url": None,
        "environment": release.environment,
        "dateStarted": None,
        "dateFinished": iso_z(release.deployed),
    }


def _released(project: Project) -> Json:
    return {
        "id": project.id,
        "slug": project.slug,
        "name": project.name,
        "newGroups": 0,
        "platform": project.platform,
        "platforms": [project.platform],
        "hasHealthData": False,
    }
