"""Categories of the rules of MISRA C:2012 with Amendments 1 and 2: numbers only, the texts are MISRA's.

MISRA C:2012, Guidelines for the use of the C language in critical systems, 3rd edition, MISRA, Nuneaton 2013;
Amendment 1 (2016), Amendment 2 (2020).
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

Category: TypeAlias = Literal["mandatory", "required", "advisory"]

MANDATORY: Final = frozenset(
    (
        *("9.1", "12.5", "13.6", "17.3", "17.4", "17.6", "19.1"),
        *("21.13", "21.17", "21.18", "21.19", "21.20", "22.2", "22.4", "22.5", "22.6"),
    )
)

ADVISORY: Final = frozenset(
    (
        *("1.2", "2.3", "2.4", "2.5", "2.6", "2.7", "4.2", "5.9", "8.7", "8.9", "8.11", "8.13", "10.5", "11.4", "11.5"),
        *("12.1", "12.3", "12.4", "13.3", "13.4", "15.1", "15.4", "15.5", "17.5", "17.8", "18.4", "18.5", "19.2"),
        *("20.1", "20.5", "20.10", "21.12"),
    )
)


def category(rule: str) -> Category:
    """Category of a rule, by its number.

    Examples
    --------
    >>> category("17.2"), category("15.5"), category("9.1")
    ('required', 'advisory', 'mandatory')
    """
    return "mandatory" if rule in MANDATORY else "advisory" if rule in ADVISORY else "required"
