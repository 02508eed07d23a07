"""Questions about each subject, written for this project, to see how often an ad would fit.

They are what people who look for an offer might ask, six for each category; none was ever said by
anybody. A draft is tried against those of its own category before its reach is estimated.
"""

import re
from collections.abc import Mapping
from typing import Final

_WRITTEN: Final = {
    "accounting": (
        "Which invoicing software is simple enough for one person? How do I send invoices that look "
        "professional? What bookkeeping tool suits a small bakery? Is there an app that files my "
        "VAT return? Cheap alternative to big accounting suites? How do freelancers keep track of "
        "expenses?"
    ),
    "audio": (
        "Which headphones keep out the noise of a train? Good earbuds under 100 dollars for "
        "running? What speaker fits a small kitchen? Are over-ear headphones better for calls? "
        "Which soundbar works in a bright living room? Headphones for somebody who wears glasses?"
    ),
    "bicycles": (
        "Which commuter bike copes with steep hills? What e-bike can carry two children? Is a "
        "gravel bike good for touring? Which bike lock really stops thieves? What size of bike does "
        "a ten-year-old need? Good lights for cycling home in the dark?"
    ),
    "books": (
        "What should I read after Dune? Which crime novels are set in Scotland? Good picture books "
        "for a four-year-old? Where can I buy used textbooks? A gripping book for a long flight? "
        "Which history of Rome is readable?"
    ),
    "cameras": (
        "Which camera is good for birds in flight? A first lens for portraits? What tripod is light "
        "enough to carry all day? Mirrorless or SLR for a beginner? Which compact camera is better "
        "than my phone? A camera that survives rain?"
    ),
    "camping": (
        "Which tent stands up to strong wind? What sleeping bag do I need around freezing? A light "
        "stove for three days of hiking? Which backpack fits a week of gear? How do I choose hiking "
        "boots for wide feet? A tent for a family of five?"
    ),
    "car-rental": (
        "Where do I rent a car in Lisbon without a credit card? Is a small car enough for Iceland "
        "in June? Cheapest way to rent a van for a weekend? Can I return a rental car in another "
        "city? Which rental firms take drivers under 25? Do I need the extra insurance for a rental "
        "car?"
    ),
    "cloud-hosting": (
        "Where do I host a small Django site cheaply? Managed Postgres for a side project? Which "
        "cloud has servers in Frankfurt? How much does a virtual server cost a month? A simple "
        "place to deploy a Docker container? Object storage that is cheaper than the big three?"
    ),
    "coffee": (
        "Which grinder do I need for pour-over? A good espresso machine under 500? What beans suit "
        "a moka pot? Is a coffee subscription worth it? Which kettle pours precisely? How do I make "
        "iced coffee that is not bitter?"
    ),
    "computers": (
        "Which laptop is best for video editing under 1500? A light laptop for a student? Do I need "
        "32 GB of memory for photo work? Which mini PC is silent? A monitor for reading text all "
        "day? What keyboard is good for programmers?"
    ),
    "consumer-electronics": (
        "Which phone lasts two days? A tablet for drawing? What television fits a bright room? "
        "Which smart watch works without a phone? A robot vacuum for dog hair? Is a folding phone "
        "worth the money?"
    ),
    "cooking": (
        "Carbon steel or cast iron for steak? Which knives does a beginner need? A non-stick pan "
        "that lasts? What pot is best for sourdough? Is a food processor worth it? Which cutting "
        "board is kind to knives?"
    ),
    "courses": (
        "A good online course in statistics? How do I learn bookkeeping at home? Which data science "
        "certificate is respected? Evening classes for woodworking? What is the best way to learn "
        "Excel for work? Courses for somebody who wants to change career?"
    ),
    "crafts": (
        "Which yarn is soft enough for a baby? What do I need to start knitting? A sewing machine "
        "for a beginner? Good watercolours that are not expensive? Where do I buy linen by the "
        "metre? Which glue holds ceramics?"
    ),
    "developer-tools": (
        "Which error tracker is good for a small team? A faster CI for a monorepo? What feature "
        "flag service can I host myself? Which database client is good on Linux? Code review tool "
        "with good diffs? How do I monitor a Python service?"
    ),
    "fashion": (
        "Which rain jacket breathes? Warm boots for city winters? Where do I find jeans for tall "
        "women? A linen shirt that does not crease at once? What coat goes with everything? Merino "
        "base layers that do not itch?"
    ),
    "financial-services": (
        "Which bank has a free business account? A savings account with a good rate? How do I send "
        "money abroad cheaply? Which broker is good for index funds? A card without foreign fees? "
        "Where do I compare mortgages?"
    ),
    "fitness": (
        "Which dumbbells fit a small flat? A rowing machine that is quiet? What yoga mat does not "
        "slip? Resistance bands for shoulders? Is a treadmill desk any good? Which bench for "
        "training at home?"
    ),
    "flights": (
        "Cheap flights from Berlin to Naples in May? When should I book a flight to Tokyo? Which "
        "airline takes bikes? Direct flights to the Azores? How do I find last-minute flights? Is "
        "premium economy worth it for ten hours?"
    ),
    "food": (
        "Which meal box is good for two vegetarians? Where do I order good olive oil? A snack for "
        "long hikes? Groceries delivered in the evening? Which hot sauce is not only hot? "
        "Gluten-free bread that tastes of bread?"
    ),
    "furniture": (
        "Which office chair helps a bad back? A standing desk that does not wobble? What sofa bed "
        "is comfortable every night? Shelves for a sloping wall? A dining table for a narrow room? "
        "Which mattress is good for side sleepers?"
    ),
    "games": (
        "Good board games for two? A party game for ten people? Which console for a family? Co-op "
        "games for the sofa? What toy keeps a five-year-old busy? A puzzle with 2,000 pieces?"
    ),
    "gardening": (
        "How do I keep slugs off my lettuce? What can I plant on a shady balcony? Which soil is "
        "good for tomatoes in pots? A mower for a small lawn? When do I sow wildflowers? What do I "
        "need to keep bees?"
    ),
    "gifts": (
        "A present for a father who has everything? Flowers delivered tomorrow? What do I give for "
        "a wedding in a small budget? A gift for a colleague who leaves? Something personal for "
        "grandparents? Last-minute birthday present for a friend?"
    ),
    "home-improvement": (
        "Which cordless drill for furniture? What paint covers damp stains? A ladder for high "
        "ceilings? How do I insulate old windows? Which screws hold in plasterboard? A saw for "
        "laminate flooring?"
    ),
    "hotels": (
        "A quiet hotel in Lisbon for a family? Where do I stay in Kyoto near the station? Which "
        "hotels take dogs at the sea? A cheap room in Paris for one night? Is a holiday flat better "
        "for a week in Rome? A hotel with a pool near Barcelona?"
    ),
    "insurance": (
        "Which travel insurance covers skiing? Do I need insurance for my bicycle? What does "
        "liability insurance cost? Insurance for a rented flat? Which pet insurance pays for "
        "surgery? Is cancellation insurance worth it?"
    ),
    "language-learning": (
        "How do I learn Spanish in six months? An app to practise kanji? Where do I find a French "
        "tutor online? Which course is good for German grammar? How do I practise speaking Italian "
        "alone? Best way to prepare for an English exam?"
    ),
    "music": (
        "Which digital piano is good for a beginner? A first guitar for a child? What strings sound "
        "warm? An audio interface for one voice? Which ukulele stays in tune? A metronome that "
        "works for drums?"
    ),
    "pets": (
        "What food for a cat that is picky? A bed for an old dog? Which toys are safe for puppies? "
        "Litter that does not smell? A carrier for the train? How do I feed a dog with allergies?"
    ),
    "productivity": (
        "Which project tool is simple for ten people? A note app that works offline? How does our "
        "team share tasks? Which calendar shows two time zones? A tool to plan shifts? An "
        "alternative to long e-mail threads?"
    ),
    "real-estate": (
        "Where do I look for a flat in Vienna? How do I sell a house without an agent? What does a "
        "surveyor cost? Is it better to rent or to buy now? Which site lists rooms to let? How do I "
        "value a small flat?"
    ),
    "running": (
        "Which running shoes are good for flat feet? How often do I replace my trainers? Trail "
        "shoes or road shoes for gravel? Shoes for a first marathon? Which running shoes are wide "
        "in the toes? Stability shoes for beginners?"
    ),
    "security-software": (
        "Which password manager is safe for a family? Do I need antivirus on a Mac? A VPN for hotel "
        "networks? How do I back up my photos encrypted? Which two-factor app should I use? A "
        "firewall for a small office?"
    ),
    "skincare": (
        "Which cream for dry skin in winter? A sunscreen that does not leave white marks? What "
        "cleanser for oily skin? Is retinol good for beginners? A hand cream for gardeners? Which "
        "shampoo for a dry scalp?"
    ),
    "streaming": (
        "Where can I watch old films? Which music service has the best sound? A streaming plan for "
        "a family? Where do I stream football? Game streaming without a console? Documentaries "
        "without advertising?"
    ),
    "telecom": (
        "Which mobile plan has the most data abroad? An eSIM for Japan? Fast internet for a house "
        "in the country? A cheap plan for a child's first phone? Can I keep my number when I change "
        "provider? Internet without a landline?"
    ),
    "travel": (
        "We have five days in Japan. What should we see? A guided walk in the Dolomites? How do I "
        "plan a rail trip through Europe? A week of sailing for beginners? Which safari suits "
        "children? Day trips from Edinburgh?"
    ),
    "vehicles": (
        "Which small electric car has the best range? A used estate for a family? Winter tyres or "
        "all-season tyres? What scooter is allowed on the road? How much does a wall box cost? "
        "Which car is cheap to insure?"
    ),
    "alcohol": (
        "Which red wine goes with lamb? A good gin for a dry martini? Craft beer delivered at home? "
        "A present of whisky for a beginner? What sparkling wine is not too sweet? Wine for a "
        "summer evening?"
    ),
    "dating": (
        "Which dating app is good over forty? How do I write a better profile? Where do people meet "
        "who like hiking? Is a paid dating service worth it? Apps for a serious relationship? First "
        "date ideas that are not dinner?"
    ),
    "health": (
        "Which vitamin D is good in winter? A protein powder without sugar? What magnesium helps "
        "runners? Omega 3 from algae? A multivitamin for vegans? Which electrolytes for long rides?"
    ),
}
PROBES: Final[Mapping[str, tuple[str, ...]]] = {
    category: tuple(re.split(r"(?<=\?) ", together)) for category, together in _WRITTEN.items()
}
