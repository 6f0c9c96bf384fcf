"""The search syntax, with the traps of real servers."""

from typing import Any

import pytest

from apps.demo.world import World
from tests.demo.conftest import NOON, Api
from tests.demo_sentry import DemoSentry


def add(world: World, **fields: Any) -> str:
    return world.add_event(timestamp=NOON, **fields).id


def test_text_is_compared_with_its_case(api: Api, world: World) -> None:
    exact = add(world, email="Ada@Example.com")
    add(world, email="ada@example.com")
    assert api.found('user.email:"Ada@Example.com"') == {exact}


def test_and_binds_tighter_than_or(api: Api, world: World) -> None:
    first = add(world, user_id="1", level="info")
    second = add(world, user_id="2", level="error")
    add(world, user_id="2", level="info")
    assert api.found("user.id:1 OR user.id:2 level:error") == {first, second}


def test_parentheses_hold_an_or_together(api: Api, world: World) -> None:
    add(world, user_id="1", level="info")
    second = add(world, user_id="2", level="error")
    assert api.found("(user.id:1 OR user.id:2) AND level:error") == {second}


def test_operators_count_in_any_case(api: Api, world: World) -> None:
    both = {add(world, user_id="1"), add(world, user_id="2")}
    assert api.found("user.id:1 or user.id:2") == both


def test_an_unquoted_bracket_is_a_list(api: Api, world: World) -> None:
    listed = {add(world, user_id="a"), add(world, user_id="b")}
    literal = add(world, user_id="[a,b]")
    assert api.found("user.id:[a,b]") == listed
    assert api.found('user.id:["a", "b"]') == listed
    assert api.found('user.id:"[a,b]"') == {literal}


def test_a_list_with_a_hole_is_refused(api: Api) -> None:
    answer = api.table("user.id:[a,]")
    assert (answer.status_code, answer.json()["detail"]) == (
        400,
        "Lists should not have empty values",
    )


def test_an_unquoted_operator_changes_the_meaning(api: Api, world: World) -> None:
    plain = add(world, user_id="x")
    odd = add(world, user_id="!=x")
    assert api.found("user.id:=x") == {plain}
    assert api.found("user.id:!=x") == {odd}
    assert api.found('user.id:"!=x"') == {odd}


def test_a_greater_sign_before_a_text_is_text(api: Api, world: World) -> None:
    odd = add(world, user_id=">5")
    add(world, user_id="6")
    assert api.found("user.id:>5") == {odd}


def test_wildcards_work_inside_quotes_and_ignore_case(api: Api, world: World) -> None:
    matching = {add(world, user_id="ada-1"), add(world, user_id="ADA-2")}
    add(world, user_id="an ada-3")
    assert api.found('user.id:"ada-*"') == matching


def test_an_escaped_star_is_a_star(api: Api, world: World) -> None:
    star = add(world, user_id="*")
    add(world, user_id="anyone")
    assert api.found(r'user.id:"\*"') == {star}


def test_a_lone_backslash_is_literal_in_an_exact_value(api: Api, world: World) -> None:
    user = add(world, username="CORP\\kowalski")
    assert api.found(r'user.username:"CORP\kowalski"') == {user}


def test_a_backslash_vanishes_and_braces_repeat_in_a_pattern(api: Api, world: World) -> None:
    add(world, username="CORP\\a*b")
    without = add(world, username="CORPaxb")
    assert api.found(r'user.username:"CORP\a*b"') == {without}
    assert api.found(r'user.username:"CORP\a*"') == {without}
    assert api.found('user.username:"CORPa{1}*"') == {without}
    assert api.table('user.username:"a*{2}"').status_code == 500


def test_the_newer_dataset_heeds_capitals_unless_asked_not_to(
    api: Api, demo: DemoSentry, world: World
) -> None:
    demo.settings.newer_dataset = True
    lower, upper = add(world, user_id="ann", handled=True), add(world, user_id="ANN")
    assert api.found('user.id:"ann*"') == {lower}
    assert api.found('user.id:"ann*"', caseInsensitive="1") == {lower, upper}
    [row] = api.table('user.id:"ann"', field=["issue.id", "error.handled"]).json()["data"]
    assert "issue.id" not in row


def test_an_escaped_quote_is_a_quote(api: Api, world: World) -> None:
    user = add(world, username='José "Pepe" Muñoz')
    assert api.found(r'user.username:"José \"Pepe\" Muñoz"') == {user}


def test_a_value_ending_in_a_backslash_swallows_its_quote(api: Api) -> None:
    answer = api.table('user.id:"x\\"')
    assert answer.status_code == 400
    assert "quotes must enclose text or be escaped" in answer.json()["detail"]


def test_such_a_value_used_twice_breaks_out_of_its_quotes(api: Api, world: World) -> None:
    stranger = add(world, user_id="7")
    hostile = " OR has:user.id OR x:\\"
    assert api.found(f'user.id:"{hostile}" OR user.email:"{hostile}"') == {stranger}


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("user.id:", "Empty string after 'user.id:'"),
        ('user.id:a"b', "Invalid quote at 'a\"b'"),
        ("(user.id:1", "unmatched parentheses"),
        ("user.id:1)", "unmatched parentheses"),
        ("user.id:1 OR", "missing on the right side of 'OR'"),
        ("AND user.id:1", "missing on the left side of 'AND'"),
        ("user.id:1 OR AND user.id:2", "two boolean operators"),
        ("user.id:1\nlevel:error", "Parse error"),
        ("issue.id:abc", "Invalid number: abc"),
        ("id:abc", "must be a valid UUID hex"),
        ("issue:NOPE-1", "for 'issue:' filter"),
        ("project:nope", "do not exist"),
        ("free text", "Parse error at 'free '"),
        ("!has:tags[lang]", "Parse error"),  # older servers read the brackets as text
    ],
)
def test_unreadable_queries_say_why(api: Api, query: str, text: str) -> None:
    answer = api.table(query)
    assert answer.status_code == 400
    assert text in answer.json()["detail"]


def test_an_empty_value_means_the_field_is_absent(api: Api, world: World) -> None:
    add(world, user_id="1")
    nobody = add(world)
    assert api.found('user.id:""') == {nobody}
    assert api.found("!has:user.id") == {nobody}


def test_a_negation_also_finds_events_without_the_field(api: Api, world: World) -> None:
    add(world, user_id="1")
    others = {add(world, user_id="2"), add(world)}
    assert api.found("!user.id:1") == others


def test_has_finds_events_with_the_field(api: Api, world: World) -> None:
    user = add(world, user_id="1")
    add(world)
    assert api.found("has:user.id") == {user}


def test_message_is_searched_by_substring(api: Api, world: World) -> None:
    found = add(world, message="Something about Printers")
    assert api.found('message:"printer"') == {found}


def test_tags_are_found_by_bare_and_by_explicit_name(api: Api, world: World) -> None:
    tagged = add(world, tags={"lang": "de"})
    add(world, tags={"lang": "fr"})
    assert api.found("lang:de") == api.found("tags[lang]:de") == {tagged}


def test_the_user_tag_holds_one_typed_form(api: Api, world: World) -> None:
    both = add(world, user_id="5", email="five@example.com")
    assert api.found('user:"id:5"') == {both}
    assert api.found('user:"email:five@example.com"') == set()


def test_one_of_several_exceptions_is_enough(api: Api, world: World) -> None:
    chain = [{"type": "Inner", "value": "a"}, {"type": "Outer", "value": "b"}]
    event = add(world, exceptions=chain)
    assert api.found("error.type:Inner") == api.found("error.type:Outer") == {event}


def test_handled_is_a_boolean(api: Api, world: World) -> None:
    handled = add(world, handled=True)
    unhandled = add(world, handled=False)
    assert api.found("error.handled:true") == {handled}
    assert api.found("error.handled:0") == {unhandled}


def test_an_issue_is_found_by_number_and_by_short_id(api: Api, world: World) -> None:
    event = world.add_event(timestamp=NOON, issue="one")
    world.add_event(timestamp=NOON, issue="two")
    assert api.found(f"issue.id:{event.issue.id}") == {event.id}
    assert api.found(f"issue:{event.issue.short_id.lower()}") == {event.id}
