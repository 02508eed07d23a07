"""Our categories in the trade's own words: IAB Content Taxonomy 3.1 and Ad Product Taxonomy 2.0.

The nearest entry of each for every category, by id and name, so that targeting, exclusions and
reports can be written in either. ``own_category("iab-content:225")`` → ``"fitness"``. An entry that we
do not use is refused by name, because a block that silently matches nothing is worse than none.
Ids and names: IAB Tech Lab, CC BY 3.0 (see NOTICE).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from adserver.catalog.categories import CATEGORIES
from kernel.errors import BadRequest

CONTENT: Final = "iab-content"
PRODUCT: Final = "iab-product"


@dataclass(frozen=True, slots=True)
class Entry:
    """``Entry(225, "Fitness and Exercise", 1526, "Exercise and Fitness Equipment")``."""

    content_id: int
    content: str
    product_id: int
    product: str


ENTRIES: Final[Mapping[str, Entry]] = {
    "accounting": Entry(54, "Business Accounting & Finance", 1085, "Enterprise Computer Software"),
    "audio": Entry(265, "Audio Production", 1111, "Headphones"),
    "bicycles": Entry(492, "Cycling", 1524, "Sporting Goods"),
    "books": Entry(42, "Books and Literature", 1422, "Books and Audio Books"),
    "cameras": Entry(255, "Photography", 1102, "Cameras"),
    "camping": Entry(677, "Camping", 1532, "Camping and Camp Grounds"),
    "car-rental": Entry(41, "Auto Rentals", 1567, "Vehicle Rental"),
    "cloud-hosting": Entry(622, "Web Hosting", 1027, "Web Hosting and Cloud Computing"),
    "coffee": Entry(222, "Non-Alcoholic Beverages", 1133, "Coffee and Tea"),
    "computers": Entry(630, "Laptops", 1107, "Laptops"),
    "consumer-electronics": Entry(632, "Consumer Electronics", 1097, "Consumer Electronics"),
    "cooking": Entry(216, "Cooking", 1284, "Kitchen and Dining Products"),
    "courses": Entry(148, "Online Education", 1304, "Online Education"),
    "crafts": Entry(248, "Arts and Crafts", 1495, "Arts and Crafts Supplies"),
    "developer-tools": Entry(631, "Programming Languages", 1082, "Computer Software"),
    "fashion": Entry(552, "Style & Fashion", 1058, "Clothing and Accessories"),
    "financial-services": Entry(391, "Personal Finance", 1335, "Finance and Insurance"),
    "fitness": Entry(225, "Fitness and Exercise", 1526, "Exercise and Fitness Equipment"),
    "flights": Entry(672, "Air Travel", 1537, "Air Travel"),
    "food": Entry(210, "Food & Drink", 1355, "Food and Beverage Services"),
    "furniture": Entry(283, "Interior Decorating", 1268, "Furniture"),
    "games": Entry(680, "Video Gaming", 1248, "Toys and Games"),
    "gardening": Entry(275, "Gardening", 1285, "Lawn and Garden Products"),
    "gifts": Entry(476, "Gifts and Greetings Cards", 1371, "Gifts and Holiday Items"),
    "home-improvement": Entry(280, "Home Improvement", 1274, "Tools and Hardware"),
    "hotels": Entry(668, "Hotels and Motels", 1533, "Hotels and Resorts"),
    "insurance": Entry(398, "Insurance", 1340, "Insurance"),
    "language-learning": Entry(147, "Language Learning", 1303, "Language Learning"),
    "music": Entry(243, "Musical Instruments", 1503, "Musical Instruments and Record Stores"),
    "pets": Entry(422, "Pets", 1224, "Pet Care"),
    "productivity": Entry(
        602, "Computer Software and Applications", 1086, "Personal Computer Software"
    ),
    "real-estate": Entry(441, "Real Estate", 1482, "Real Estate"),
    "running": Entry(227, "Running and Jogging", 1070, "Footwear"),
    "security-software": Entry(
        618, "Information and Network Security", 1084, "Downloadable Utilities"
    ),
    "skincare": Entry(559, "Skin Care", 1244, "Skin Care"),
    "streaming": Entry(640, "Television", 1431, "Music and Video Streaming Services"),
    "telecom": Entry(419, "Internet Service Providers", 1026, "Telecom Services"),
    "travel": Entry(653, "Travel", 1529, "Travel and Tourism"),
    "vehicles": Entry(1, "Automotive", 1551, "Vehicles"),
    "alcohol": Entry(211, "Alcoholic Beverages", 1002, "Alcohol"),
    "dating": Entry(188, "Dating", 1259, "Dating"),
    "health": Entry(229, "Nutrition", 1253, "Vitamins and Supplements"),
}
_BY_ID: Final[Mapping[str, str]] = {
    f"{prefix}:{number}": category
    for category, entry in ENTRIES.items()
    for prefix, number in ((CONTENT, entry.content_id), (PRODUCT, entry.product_id))
}


def own_category(name: str, *, param: str = "categories") -> str:
    """A category of ours from its own name or an IAB id. Raises BadRequest that names it."""
    wanted = name.strip().casefold()
    if wanted in CATEGORIES:
        return wanted
    found = _BY_ID.get(wanted)
    if found is None:
        raise BadRequest(
            f"{name!r} is not one of our {param}. Use a name of ours, or an id such as "
            f"{CONTENT}:225 or {PRODUCT}:1526.",
            param=param,
        )
    return found


def content_id_of(category: str) -> str:
    """``"running"`` → ``"iab-content:227"``; a name that is no category of ours stays as it is."""
    entry = ENTRIES.get(category)
    return category if entry is None else f"{CONTENT}:{entry.content_id}"


def own_categories(names: Iterable[str]) -> frozenset[str]:
    """The same for many, without a complaint: what we do not sell needs no block."""
    found = (name.strip().casefold() for name in names)
    return frozenset(_BY_ID.get(name, name) for name in found)
