"""A model's words are a stranger's: whatever they hold, they stay words."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from apps.explain.models import Explanation
from tests.conftest import person, signed_in
from tests.explain.asking import Asked
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
def test_markup_and_links_of_a_model_stay_text(
    asked: Asked, model: ModelServer, words: str
) -> None:
    plain = asked.answer()
    model.will(says(line(words, words, confidence=words, confirm=words), words + "\n"))
    page = asked.answer()
    for sign in ("<script", "<img", "<form", "<a ", "csrfmiddlewaretoken", "<!--"):
        assert page.count(sign) == plain.count(sign), sign
    assert "does not say how sure" in page
    assert page.rstrip().endswith("</html>")


def test_aliases_stay_text_and_hidden_signs_are_shown(asked: Asked, model: ModelServer) -> None:
    model.will(says(line("<customer> met \u202eevil\u202c and \u200bhid")))
    page = asked.answer()
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
def test_what_is_not_in_the_asked_form_is_a_remark(
    asked: Asked, model: ModelServer, words: str
) -> None:
    model.will(says(words))
    page = asked.answer()
    assert page.count("A comment from the model, not in the format we asked for") == 1
    assert "The answer is complete." in page


def test_fences_and_lists_around_causes_say_nothing(asked: Asked, model: ModelServer) -> None:
    model.will(says("```json\n[\n", line("So.").strip() + ",\n", line("Or so."), "]\n```"))
    page = asked.answer()
    assert "comment from the model" not in page
    assert page.count('<p class="cause-text">') == 2


def test_an_answer_of_endless_lines_ends(asked: Asked, model: ModelServer) -> None:
    model.will(says("word\n" * 1500))
    page = asked.answer()
    assert page.count("A comment from the model") == 40
    assert "reached its length limit" in page


def test_pieces_may_end_anywhere(asked: Asked, model: ModelServer) -> None:
    model.will(says(*line("Zwölf Käse \N{FAMILY}.", asked.event)))
    page = asked.answer()
    assert "Zwölf Käse \N{FAMILY}." in page
    assert f"events/{asked.event}/" in page


def test_without_a_model_there_is_no_trace_of_it(
    asked: Asked, admin: User, settings: Settings
) -> None:
    digest = asked.digest()
    assert "Ask a model to explain this" in asked.client.get(asked.address).content.decode()
    settings.LLM = None
    page = asked.client.get(asked.address).content.decode()
    assert "Ask a model" not in page
    assert asked.page not in page
    assert asked.client.get(asked.page).status_code == 404
    assert asked.client.post(asked.page, {"digest": digest}).status_code == 404
    assert "Explanations" not in signed_in(admin).get("/admin/").content.decode()


def test_who_may_not_read_the_lookup_cannot_have_it_explained(
    asked: Asked, model: ModelServer, other_agent: User, outsider: User, auditor: User
) -> None:
    digest = asked.digest()
    for stranger in (other_agent, outsider, auditor):
        client = signed_in(stranger)
        assert client.get(asked.page).status_code == 404
        assert client.post(asked.page, {"digest": digest}).status_code == 404
    asked.client.logout()
    assert asked.client.post(asked.page, {"digest": digest}).status_code == 302
    assert model.seen == []


def test_the_right_can_be_taken_away(asked: Asked, agent: User, model: ModelServer) -> None:
    digest = asked.digest()
    role = agent.groups.get()
    role.permissions.set(role.permissions.exclude(codename="ask_model"))
    assert asked.client.post(asked.page, {"digest": digest}).status_code == 403
    assert "Ask a model to explain" not in asked.client.get(asked.address).content.decode()
    assert model.seen == []


def test_where_nothing_was_found_nothing_is_sent(asked: Asked, model: ModelServer) -> None:
    empty = Asked(asked.client, look_up(asked.client, customer="nobody"), "")
    page = empty.client.get(empty.page).content.decode()
    assert "nothing to explain" in page
    assert "<textarea" not in page
    assert empty.client.post(empty.page, {"digest": "x"}).status_code == 409
    assert model.seen == []


def test_an_admin_reads_the_records_and_edits_none(asked: Asked, admin: User) -> None:
    asked.answer()
    client, kept = signed_in(admin), Explanation.objects.get()
    listed = client.get("/admin/explain/explanation/").content.decode()
    assert "tiny-1" in listed
    assert "0.0006" in listed
    record = client.get(f"/admin/explain/explanation/{kept.pk}/change/").content.decode()
    assert kept.digest in record
    assert client.post(f"/admin/explain/explanation/{kept.pk}/change/").status_code == 403
    lead = Client()
    lead.force_login(person("lou", "lead"))
    assert lead.get("/admin/explain/explanation/").status_code == 403
