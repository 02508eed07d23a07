"""The subjects that a creative can be about, and those that we do not sell ads for.

A closed, coarse list: a category is what reports, publishers' blocks and targeting speak of.
Prohibited subjects are never served; restricted ones wait for a person, whatever the settings say.
"""

from typing import Final

CATEGORIES: Final[dict[str, str]] = {
    "accounting": "Accounting and invoicing software",
    "audio": "Headphones and audio",
    "bicycles": "Bicycles and cycling",
    "books": "Books and reading",
    "cameras": "Cameras and photography",
    "camping": "Camping and hiking",
    "car-rental": "Car rental",
    "cloud-hosting": "Cloud and web hosting",
    "coffee": "Coffee and tea",
    "computers": "Computers and laptops",
    "consumer-electronics": "Phones and home electronics",
    "cooking": "Cookware and kitchens",
    "courses": "Courses and training",
    "crafts": "Crafts and hobbies",
    "developer-tools": "Developer tools",
    "fashion": "Clothing and shoes",
    "financial-services": "Financial services",
    "fitness": "Fitness equipment",
    "flights": "Flights",
    "food": "Food and groceries",
    "furniture": "Furniture and home office",
    "games": "Games and toys",
    "gardening": "Gardening",
    "gifts": "Gifts and flowers",
    "home-improvement": "Tools and home improvement",
    "hotels": "Hotels and places to stay",
    "house": "Messages of this network",
    "insurance": "Insurance",
    "language-learning": "Language learning",
    "music": "Musical instruments",
    "pets": "Pets and pet food",
    "productivity": "Productivity and project software",
    "real-estate": "Real estate",
    "running": "Running and sports shoes",
    "security-software": "Security and privacy software",
    "skincare": "Skincare and cosmetics",
    "streaming": "Film, music and game streaming",
    "telecom": "Mobile and internet plans",
    "travel": "Tours and travel planning",
    "vehicles": "Cars and mobility",
    "alcohol": "Wine, beer and spirits",
    "dating": "Dating",
    "health": "Health products and supplements",
}

RESTRICTED: Final = frozenset({"alcohol", "dating", "financial-services", "health", "insurance"})

PROHIBITED: Final[dict[str, str]] = {
    "adult": "sexual content and services",
    "betting": "gambling and betting",
    "counterfeits": "counterfeits, fake documents and academic cheating",
    "drugs": "illegal drugs and prescription medicine",
    "loans": "payday loans, debt relief and get-rich schemes",
    "politics": "political campaigns and causes",
    "religion": "religious groups and beliefs",
    "surveillance": "spyware and hacking services",
    "tobacco": "tobacco and vaping",
    "treatments": "cures, weight loss and medical treatment",
    "weapons": "weapons and explosives",
}
