"""The expression language: types kept, numbers exact, errors in words, nothing out of reach."""

import ast
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import example, given
from hypothesis import strategies as st

import kommo_invoice.mapping as package
from kommo_invoice.domain.fields import FieldDef, FieldKind
from kommo_invoice.mapping.expressions import CannotEvaluate, InvalidExpression, compile_value
from kommo_invoice.mapping.views import LATER, Later, View

FIELDS = (
    FieldDef("1", "Due Date", "DUE", "date", FieldKind.DATE, "deal"),
    FieldDef("2", "Item 1", None, "text", FieldKind.TEXT, "deal"),
    FieldDef("3", "Price 1", None, "numeric", FieldKind.NUMBER, "deal"),
)
DEAL = View(
    "deal",
    {"id": 501, "name": "Site", "price": Decimal("100.10"), "closed_at": None, "currency": ""},
    FIELDS,
    {"2": "{{ today }}"},
)
NAMES = {"deal": DEAL, "today": date(2027, 1, 31), "n": 1}
REACH = frozenset({"deal", "today", "n", "invoice"})


def result(source: object, **names: object) -> Any:
    return compile_value("key", source, REACH).evaluate({**NAMES, **names})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ deal.price }}", Decimal("100.10")),
        (" {{ deal.id }}\n", 501),
        ("{{ today + days(30) }}", date(2027, 3, 2)),
        ("{{ today + months(1) }}", date(2027, 2, 28)),
        ("{{ today + months(deal.id - 500) }}", date(2027, 2, 28)),
        ("{{ deal['Due Date'] }}", None),
        ("{{ deal.price > 100 }}", True),
        ("{{ [1, 2] }}", [1, 2]),
        ("{{ first(deal['Due Date'], deal.currency, 0, 5) }}", 0),
        ("{{ first(deal['Due Date'], '  ') }}", None),
        ("{{ deal['Due Date'] or 'x' }}", "x"),
        ("{{ 'x' if deal.price > 1000 }}", None),
        ("plain", "plain"),
        (12, 12),
        (True, True),
    ],
)
def test_one_whole_expression_keeps_its_type(source: Any, expected: Any) -> None:
    assert result(source) == expected
    assert type(result(source)) is type(expected)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Invoice for {{ deal.name }}", "Invoice for Site"),
        ("{{ deal.id }}-{{ deal.price }}", "501-100.10"),
        ("{{ deal['Due Date'] }}.", "."),
        ("{{ deal.name ~ deal['Due Date'] ~ 1e3 }}", "Site1000"),
        ("{{ today.strftime('%d.%m.%Y') }}!", "31.01.2027!"),
        ("{{ deal.price | round(0) }} {{ deal.currency | default('EUR') }}", "100 EUR"),
        ("{{ deal.name | upper }}{{ deal['Due Date'] | upper }}", "SITE"),
        ("{{ ['a', deal.id] | join('/') }}", "a/501"),
    ],
)
def test_anything_else_is_text(source: Any, expected: Any) -> None:
    assert result(source) == expected


@pytest.mark.parametrize("wanted", ["Due Date", "DUE", "1", "due date"])
def test_a_custom_field_is_named_by_name_code_or_id(wanted: str) -> None:
    deal = View("deal", {}, FIELDS, {"1": date(2027, 2, 1)})
    assert result("{{ deal['" + wanted + "'] }}", deal=deal) == date(2027, 2, 1)


def test_text_of_the_crm_is_data_and_is_never_compiled() -> None:
    assert result("{{ deal['Item ' ~ n] }}") == "{{ today }}"
    assert result("> {{ deal['Item ' ~ n] }}") == "> {{ today }}"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ 0.1 + 0.2 }}", Decimal("0.3")),
        ("{{ deal.price * 0.1 }}", Decimal("10.010")),
        ("{{ 1 / 8 }}", Decimal("0.125")),
        ("{{ 2 ** -1 }}", Decimal("0.5")),
        ("{{ 2.5 | round }}", Decimal(3)),
        ("{{ 1.005 | round(2) }}", Decimal("1.01")),
        ("{{ -2.5 | round }}", Decimal(-3)),
        ("{{ '12.50' | number }}", Decimal("12.50")),
        ("{{ 7.9 | int }}", 7),
        ("{{ [0.1, 0.2] | sum }}", Decimal("0.3")),
        ("{{ days(1).total_seconds() }}", Decimal("86400.0")),
        ("{{ days(1) / days(8) }}", Decimal("0.125")),
    ],
)
def test_numbers_are_exact(source: Any, expected: Any) -> None:
    assert result(source) == expected
    assert type(result(source)) is type(expected)


literals = st.decimals(min_value=0, max_value=10**20, allow_nan=False, places=8).map(
    lambda value: format(value, "f")
)
arithmetic = st.recursive(
    literals | st.integers(0, 10**6).map(str) | st.just("deal.price"),
    lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner).map(
        lambda parts: f"({' '.join(parts)})"
    ),
    max_leaves=6,
)


@given(literals)
@example("0.30000000000000004440892098500626")
def test_a_literal_is_the_number_that_is_written(text: str) -> None:
    assert result("{{ " + text + " }}") == Decimal(text)


@given(arithmetic)
def test_no_arithmetic_leaks_a_float(text: str) -> None:
    try:
        value = result("{{ " + text + " }}")
    except CannotEvaluate as error:
        assert str(error).endswith(("a division by zero", "the result is no number"))  # noqa: PT017
    else:
        assert isinstance(value, (int, Decimal))


@given(st.text().filter(lambda text: "{{" not in text and "{%" not in text and "{#" not in text))
def test_text_without_expressions_stays_as_it_is(text: str) -> None:
    assert result(text) == text


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0")))
def test_data_goes_through_untouched(text: str) -> None:
    deal = View("deal", {"name": text}, FIELDS)
    assert result("{{ deal.name }}", deal=deal) == text
    assert result("<{{ deal.name }}>", deal=deal) == f"<{text}>"


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.integers(0, 600))
def test_months_count_from_the_day_itself(start: date, count: int) -> None:
    expected = start + relativedelta(months=count)
    assert result("{{ today + months(" + str(count) + ") }}", today=start) == expected


@pytest.mark.parametrize(
    ("source", "message", "nearest"),
    [
        ("{{ deal.pice }}", "deal has no 'pice'", "deal.price"),
        ("{{ dael.price }}", "there is no name 'dael'", "deal"),
        ("{{ customer.name }}", "'customer' is not in reach here", None),
        ("{{ deal.name | uper }}", "there is no filter 'uper'", "upper"),
        ("{{ deal.name | float }}", "there is no filter 'float'", "number"),
        ("{{ 1 is strin }}", "there is no test 'strin'", "string"),
        ("{{ first(dael.name) }}", "there is no name 'dael'", "deal"),
        ("{{ range(3) }}", "there is no name 'range'", None),
        ("{{ deal }}", "'deal' alone is no value", None),
        ("{{ days }}", "'days' is a function", None),
        ("{{ today['x'] }}{{ invoice['x'] }}", "invoice has no custom fields", None),
        ("{{ deal.name.__class__ }}", "'__class__' is private", None),
        ("{{ deal.", "{{ deal.: expected name or number", None),
        ("{% for x in [] %}{% endfor %}", "only {{ … }} can be used here", None),
    ],
)
def test_what_is_wrong_is_found_without_a_deal(
    source: Any, message: str, nearest: str | None
) -> None:
    with pytest.raises(InvalidExpression) as caught:
        compile_value("key", source, REACH)
    (fault,) = caught.value.faults
    assert fault.message.startswith(message)
    assert fault.nearest == nearest


def test_all_faults_of_a_value_are_told() -> None:
    with pytest.raises(InvalidExpression) as caught:
        compile_value("key", "{{ deal.pice | rond }} {{ foo }}", REACH)
    assert len(caught.value.faults) == 3


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("{{ deal['Due Date'] + days(3) }}", "deal['Due Date'] is empty"),
        (
            "{{ deal['Due Date'] + deal.closed_at }}",
            "deal['Due Date'] and deal.closed_at are empty",
        ),
        ("{{ deal.closed_at.date() }}", "deal.closed_at is empty"),
        ("{{ deal['Price ' ~ n] * 2 }}", "deal['Price ' ~ n] is empty"),
        ("{{ deal.closed_at | round }}", "deal.closed_at is empty"),
        ("{{ today + days(deal['Price 1']) }}", "deal['Price 1'] is empty"),
        ("{{ deal.name + 1 }}", "a text + a number has no meaning"),
        ("{{ '%.2f' % deal.price }}", "% formats no text here: use ~ and the filter round"),
        ("{{ 1 / 0 }}", "a division by zero"),
        ("{{ days(1.5) }}", "1.5 is not a whole number"),
        ("{{ deal.name | number }}", "'Site' is not a number"),
        ("{{ deal['Duo Date'] }}", "there is no deal field 'Duo Date' (did you mean 'Due Date'?)"),
    ],
)
def test_a_missing_result_is_explained_in_words(source: Any, cause: str) -> None:
    with pytest.raises(CannotEvaluate) as caught:
        result(source)
    assert str(caught.value) == f"{source}: {cause}"


def test_private_parts_of_values_are_out_of_reach_at_run_time_too() -> None:
    with pytest.raises(CannotEvaluate, match="unsafe"):
        result("{{ deal.name['__class__'] }}")


def test_values_that_come_later_show_as_such() -> None:
    invoice = View("invoice", {"number": LATER, "due_date": date(2027, 1, 1), "overdue": False})
    text = result("No. {{ invoice.number }} by {{ invoice.due_date }}", invoice=invoice)
    assert text == "No. (known after create) by 2027-01-01"
    assert isinstance(text, Later)
    assert result("{{ invoice.number ~ '-' ~ 1 }}", invoice=invoice) is LATER
    assert result("{{ 'a' if invoice.number == 'x' else 'b' }}", invoice=invoice) is LATER
    assert result("{{ 'late' if invoice.overdue else 'fine' }}", invoice=invoice) == "fine"


def test_moments_have_days() -> None:
    deal = View("deal", {"closed_at": datetime(2027, 1, 2, 3, 4)})  # noqa: DTZ001 - zone is the view's
    assert result("{{ deal.closed_at.date() }}", deal=deal) == date(2027, 1, 2)


def test_the_mapping_code_itself_names_no_float() -> None:
    """Money never touches a float: no float literal stands in the package."""
    for path in Path(package.__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
        assert not [node.lineno for node in constants if isinstance(node.value, float)], path
