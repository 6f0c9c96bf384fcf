"""A model's answer streams to the page, with and without JavaScript."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import site as sites
from tests.browser.site import Site
from tests.browser.visitor import Visitor
from tests.explain.model_server import Handler, ModelServer, line, model_server


def answer_in_two_parts(handler: Handler) -> None:
    handler.begin()
    handler.say(line("The <b>bank</b> said no."))
    handler.wait()
    handler.say(line("The cart was empty."))
    handler.stop()


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    with model_server(answer_in_two_parts) as running:
        yield running


@pytest.fixture(scope="module")
def site_with_model(tmp_path_factory: pytest.TempPathFactory, model: ModelServer) -> Iterator[Site]:
    """A demo with a language model."""
    variables = {"LLM_BASE_URL": model.url, "LLM_API_KEY": "any", "LLM_MODEL": "tiny-1"}
    with sites.running_site(tmp_path_factory.mktemp("explaining"), **variables) as running:
        yield running


@pytest.mark.parametrize("has_scripts", [True, False])
def test_partial_answer_is_visible_while_model_is_answering(
    site_with_model: Site, model: ModelServer, chromium: Browser, has_scripts: bool
) -> None:
    model.go_on.clear()
    context = chromium.new_context(java_script_enabled=has_scripts)
    visitor = Visitor(site_with_model, context)
    visitor.resume_session()
    visitor.look_up(next(iter(site_with_model.moments)))
    page = visitor.page
    visitor.open_export()
    page.get_by_role("link", name="Ask a model to explain this").click()
    page.get_by_role("button", name="Send it").click(no_wait_after=True)
    expect(page.get_by_text("The <b>bank</b> said no.")).to_be_visible()
    expect(page.get_by_text("The model is answering")).to_be_visible()
    expect(page.get_by_text("The cart was empty.")).to_have_count(0)
    model.go_on.set()
    expect(page.get_by_text("The cart was empty.")).to_be_visible()
    expect(page.get_by_text("The answer is complete.")).to_be_visible()
    expect(page.get_by_text("The model is answering")).to_be_hidden()
    assert visitor.console_errors == []
    context.close()
