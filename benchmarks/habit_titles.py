"""Titles of tasks as people write them: of what is done again, and of what is done once."""

from random import Random
from typing import Final

THINGS: Final = (
    "Water the plants", "Pay rent", "Call mom", "Back up the laptop", "Take out the recycling",
    "Weekly report", "Clean the kitchen", "Submit expenses", "Team retrospective", "Wash the car",
    "Blumen gießen", "Müll rausbringen", "Steuer vorbereiten", "Sortir les poubelles",
    "Arroser le jardin", "Pagar el alquiler", "Полить цветы", "Оплатить квартиру", "给植物浇水",
    "Ποτίζω τα λουλούδια", "Order contact lenses", "Change the air filter", "Invoice customers",
    "Descale the coffee machine", "Practice piano", "Stretch 10 minutes", "Review budget",
)  # fmt: skip
OTHERS: Final = (
    "Buy a birthday present for Jo", "Fix the bike light", "Read chapter 3", "Book flights",
    "Renew passport", "Return the parcel", "Draft the talk", "Replace the bulb", "Cancel the trial",
    "Find a plumber", "Print photos", "Repot the monstera", "Write to Sam", "Sell the old desk",
    "Geschenk für Oma", "Réserver le train", "Llamar al banco", "Купить билеты", "修理自行车",
    "Measure the window", "Update the résumé", "Pick up the keys", "Sign the contract",
)  # fmt: skip
_OFTEN: Final = 0.4
_MONTHS: Final = ("January", "Feb", "März", "avril", "Mayo", "June", "2026-03-01", "KW 12", "Q3")


def variant(random: Random, title: str) -> str:
    """Another way to write it: case, punctuation, order, a date or number, an ending."""
    words = title.split()
    if random.random() < _OFTEN:
        random.shuffle(words)
    if random.random() < _OFTEN:
        words.append(random.choice([*_MONTHS, f"#{random.randint(1, 99)}"]))
    text = " ".join(words)
    text = random.choice([text, text.lower(), text.upper(), text.title()])
    return text + random.choice(["", "", "!", " …", ":", " ✅"])
