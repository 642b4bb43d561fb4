"""How much each agreement or clash of two profiles weighs: data, with their source.

Weights are log2 likelihood ratios (Fellegi and Sunter 1969): +1 makes "the same person" twice as likely. The
shipped ones were estimated on public labelled data of persons with realistic errors (IDENTITY.md); `basecamp
learn identity` proposes others from what people answered on cards.
"""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

LEVELS: Mapping[str, Mapping[str, float]] = {
    "mail": {
        "equal": 9.0,
        "equal_role": 2.5,  # info@ is read by many
        "near": 5.5,  # a slip or two, or the same mailbox at another provider
        "firm": 1.0,  # another mailbox of the same company
        "differs": -2.5,
    },
    "phone": {"equal": 6.5, "near": 3.0, "differs": -2.5},
    "given": {"equal": 2.8, "nickname": 2.8, "close": 2.8, "initial": 1.2, "clash": -5.0},
    "surname": {"equal": 3.5, "nickname": 3.0, "close": 3.0, "initial": 1.0, "clash": -4.0},
    "company": {"equal": 1.5, "clash": -1.0},
    "birth_date": {"equal": 6.5, "near": 3.0, "clash": -4.0},
    "postcode": {"equal": 2.5, "clash": -0.5},
    "city": {"equal": 1.5, "clash": -0.5},
    "plate": {"equal": 7.0, "clash": -0.5},  # one person may bring another car
    "customer_no": {"equal": 8.0, "clash": -3.0},
}
"""Field -> level -> weight; what is missing on either side weighs nothing."""


class Weights(BaseModel):
    """All figures of the identity decision.

    Attributes:
        levels: field -> level -> weight.
        prior: two leads that share a key, before anything is compared.
        relative: families and colleagues share phones, switchboards and desks: another given name
            without an equal personal address says so.
        sure: from this weight on, the two are one person and are linked.
        possible: from this weight on, a person is asked.
    """

    model_config = ConfigDict(frozen=True)

    levels: Mapping[str, Mapping[str, float]] = LEVELS
    prior: float = -5.0
    relative: float = -3.0
    sure: float = 2.0
    possible: float = -1.0


SHIPPED = Weights()
