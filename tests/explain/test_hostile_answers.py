"""Hostile answers of a model remain plain text."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from apps.explain.models import Explanation
from tests.conftest import person, signed_in
from tests.explain.asking import Explainer
from tests.explain.model_server import ModelServer, line, says
from tests.web.asking import look_up

pytestmark = pytest.mark.django_db

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "[click](javascript:alert(1)) https://evil.example/",
    "</textarea></article></main><form action=https://evil.example>",
    "<!-- the answer -->",
    "{{ llm.api_key }} {% csrf_token %}",
)


@pytest.mark.parametrize("words", HOSTILE)
def test_markup_and_links_are_shown_as_text(
    explainer: Explainer, model: ModelServer, words: str
) -> None:
    plain = explainer.answer()
    model.will(says(line(words, words, confidence=words, confirm=words), words + "\n"))
    page = explainer.answer()
    for sign in ("<script", "<img", "<form", "<a ", "csrfmiddlewaretoken", "<!--"):
        assert page.count(sign) == plain.count(sign), sign
    assert "doesn’t say how sure" in page
    assert page.rstrip().endswith("</html>")


def test_aliases_are_text_and_invisible_characters_are_shown(
    explainer: Explainer, model: ModelServer
) -> None:
    model.will(says(line("<customer> met \u202eevil\u202c and \u200bhid")))
    page = explainer.answer()
    assert "&lt;customer&gt; met [U+202E]evil[U+202C] and [U+200B]hid" in page


@pytest.mark.parametrize(
    "words",
    [
        "The card was declined, I think.",
        '{"cause": "cut in the mid',
        '{"cause": ["no", "text"]}',
        '["a", "list"]',
        '{"confidence": "high"}',
        "17",
        "{" * 5000,
    ],
)
def test_lines_in_another_format_are_remarks(
    explainer: Explainer, model: ModelServer, words: str
) -> None:
    model.will(says(words))
    page = explainer.answer()
    assert page.count("A comment from the model, not in the format we asked for") == 1
    assert "The answer is complete." in page


def test_markup_around_causes_is_ignored(explainer: Explainer, model: ModelServer) -> None:
    model.will(says("```json\n[\n", line("So.").strip() + ",\n", line("Or so."), "]\n```"))
    page = explainer.answer()
    assert "comment from the model" not in page
    assert page.count('<p class="cause-text">') == 2


def test_an_answer_with_too_many_lines_is_cut_off(explainer: Explainer, model: ModelServer) -> None:
    model.will(says("word\n" * 1500))
    page = explainer.answer()
    assert page.count("A comment from the model") == 40
    assert "reached its length limit" in page


def test_pieces_can_be_split_anywhere(explainer: Explainer, model: ModelServer) -> None:
    model.will(says(*line("Zwölf Käse \N{FAMILY}.", explainer.event)))
    page = explainer.answer()
    assert "Zwölf Käse \N{FAMILY}." in page
    assert f"events/{explainer.event}/" in page


def test_nothing_is_shown_without_a_model(
    explainer: Explainer, admin: User, settings: Settings
) -> None:
    digest = explainer.digest()
    assert "Ask a model to explain this" in explainer.client.get(explainer.address).content.decode()
    settings.LLM = None
    page = explainer.client.get(explainer.address).content.decode()
    assert "Ask a model" not in page
    assert explainer.page not in page
    assert explainer.client.get(explainer.page).status_code == 404
    assert explainer.client.post(explainer.page, {"digest": digest}).status_code == 404
    assert "Explanations" not in signed_in(admin).get("/admin/").content.decode()


def test_only_readers_of_a_lookup_can_have_it_explained(
    explainer: Explainer, model: ModelServer, other_agent: User, outsider: User, auditor: User
) -> None:
    digest = explainer.digest()
    for stranger in (other_agent, outsider, auditor):
        client = signed_in(stranger)
        assert client.get(explainer.page).status_code == 404
        assert client.post(explainer.page, {"digest": digest}).status_code == 404
    explainer.client.logout()
    assert explainer.client.post(explainer.page, {"digest": digest}).status_code == 302
    assert model.seen == []


def test_the_permission_can_be_removed(
    explainer: Explainer, agent: User, model: ModelServer
) -> None:
    digest = explainer.digest()
    role = agent.groups.get()
    role.permissions.set(role.permissions.exclude(codename="ask_model"))
    assert explainer.client.post(explainer.page, {"digest": digest}).status_code == 403
    assert "Ask a model to explain" not in explainer.client.get(explainer.address).content.decode()
    assert model.seen == []


def test_an_empty_result_is_not_sent(explainer: Explainer, model: ModelServer) -> None:
    empty = Explainer(explainer.client, look_up(explainer.client, customer="nobody"), "")
    page = empty.client.get(empty.page).content.decode()
    assert "nothing to explain" in page
    assert "<textarea" not in page
    assert empty.client.post(empty.page, {"digest": "x"}).status_code == 409
    assert model.seen == []


def test_records_are_read_only_for_admins(explainer: Explainer, admin: User) -> None:
    explainer.answer()
    client, explanation = signed_in(admin), Explanation.objects.get()
    listed = client.get("/admin/explain/explanation/").content.decode()
    assert "tiny-1" in listed
    assert "0.0006" in listed
    record = client.get(f"/admin/explain/explanation/{explanation.pk}/change/").content.decode()
    assert explanation.digest in record
    assert client.post(f"/admin/explain/explanation/{explanation.pk}/change/").status_code == 403
    lead = Client()
    lead.force_login(person("lou", "lead"))
    assert lead.get("/admin/explain/explanation/").status_code == 403
