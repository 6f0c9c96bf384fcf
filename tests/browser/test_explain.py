"""A model's answer fills the page while it comes, with and without scripts."""

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
def explaining(tmp_path_factory: pytest.TempPathFactory, model: ModelServer) -> Iterator[Site]:
    """A demo that has a model."""
    told = {"LLM_BASE_URL": model.url, "LLM_API_KEY": "any", "LLM_MODEL": "tiny-1"}
    with sites.started(tmp_path_factory.mktemp("explaining"), **told) as running:
        yield running


@pytest.mark.parametrize("has_scripts", [True, False])
def test_causes_stand_on_the_page_while_the_model_still_answers(
    explaining: Site, model: ModelServer, chromium: Browser, has_scripts: bool
) -> None:
    model.go_on.clear()
    context = chromium.new_context(java_script_enabled=has_scripts)
    visitor = Visitor(explaining, context)
    visitor.come_in()
    visitor.look_up(next(iter(explaining.moments)))
    page = visitor.page
    page.get_by_role("link", name="Ask a model to explain this").click()
    page.get_by_role("button", name="Send it").click(no_wait_after=True)
    expect(page.get_by_text("The <b>bank</b> said no.")).to_be_visible()
    expect(page.get_by_text("The model is answering")).to_be_visible()
    expect(page.get_by_text("The cart was empty.")).to_have_count(0)
    model.go_on.set()
    expect(page.get_by_text("The cart was empty.")).to_be_visible()
    expect(page.get_by_text("The answer is complete.")).to_be_visible()
    expect(page.get_by_text("The model is answering")).to_be_hidden()
    assert visitor.complaints == []
    context.close()
