"""For which product of the books a first mapping's lines are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommo_invoice.errors import ConfigInvalid
from kommo_invoice.mapping.first.answers import Option, Question
from kommo_invoice.mapping.first.names import Spelled, normal, spelled
from kommo_invoice.mapping.first.wishes import given
from kommo_invoice.mapping.resolve import pick_item

if TYPE_CHECKING:
    from kommo_invoice.domain.catalog import Catalog
    from kommo_invoice.mapping.first.answers import Answers
    from kommo_invoice.mapping.first.wishes import Wishes


def check_items(catalog: Catalog, books: str) -> None:
    """Check that the books have something that an invoice line can be for.

    Args:
        catalog: The books.
        books: The provider's name.

    Raises:
        ConfigInvalid: They have nothing for sale.
    """
    if not any(each.sellable for each in catalog.items):
        raise ConfigInvalid(
            f"{catalog.account.name!r} has no product for sale in {books}",
            hint=f"make a product or service in {books} (one that is sold), then run it again",
        )


def decide_item(catalog: Catalog, wishes: Wishes, answers: Answers, books: str) -> Spelled | None:
    """Decide for which product of the books lines are.

    Raises:
        UsageError: The flag names none.
        ConfigInvalid: The books have none for sale.
    """
    check_items(catalog, books)
    sold = [each for each in catalog.items if each.sellable]
    if wishes.item is not None:
        item = wishes.item
        chosen = given("--item", lambda: pick_item(item, catalog.items), sold)
        return spelled(chosen, lambda text: pick_item(text, catalog.items))
    names = {each.id: spelled(each, lambda text: pick_item(text, catalog.items)) for each in sold}
    services = [each for each in sold if "service" in normal(each.name)]
    guess = sold if len(sold) == 1 else services
    answer = answers.choose(
        Question(
            "--item",
            "Which product or service of the books are invoice lines for?",
            tuple(Option(each.text, each.name) for each in names.values()),
            names[guess[0].id].text if len(guess) == 1 else None,
        )
    )
    return next((each for each in names.values() if each.text == answer), None)
