# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ANN204
"""Read a folder of public sets, whole; say loudly which of them are not there.

Owns the layouts. Nothing is sampled, repaired or left out: a set is what its files say. Each reader
gives an empty list for a set that is absent and notes the file in `absent`.
"""

import csv
import json
import sys

HAZARDS = "ailuminate/airr_official_1.0_demo_en_us_prompt_set_release.csv"
EVERYDAY = ("utility", "small_talk", "meta", "work")


class Folder:
    """``Folder(Path("data")).issuebench("0 - clear no")`` → texts."""

    def __init__(self, path):
        self.path, self.absent = path, []

    def lm_market(self):
        """Real chat prompts with commercial intent."""
        return self._json("gembench/queries/LM_Market_prompts.json", list)

    def mt_human(self):
        """A few prompts that people wrote for the same catalog."""
        return _texts(self._json("gembench/queries/MT_Human_prompts.json", list))

    def wands(self):
        """Furniture shopping queries."""
        return [line.split("\t")[1] for line in self._lines("wands_queries/query.csv")[1:]]

    def esci(self):
        """Shopping queries in American English; the file's own nesting varies."""
        return _texts(self._json("esci_queries/esci_us_queryset.json", list))

    def issuebench(self, label):
        """Real chat prompts labelled for political relevance."""
        rows = self._table("issuebench/relevance_annotations.csv")
        return [row["user_prompt"] for row in rows if row["final_label"] == label]

    def hazards(self):
        """(prompt, hazard code) rows."""
        return [(row["prompt_text"], row["hazard"]) for row in self._table(HAZARDS)]

    def moderation(self):
        """(prompt, labels that apply) rows."""
        rows = [json.loads(line) for line in self._lines("openai_moderation/samples.jsonl")]
        return [
            (row["prompt"], {name for name, value in row.items() if value == 1}) for row in rows
        ]

    def counselling(self):
        """Questions to counsellors: title and text as one message."""
        rows = _unique(self._table("counselchat/questions.tsv", "\t"), "question_id")
        return [_joined(row.get("title"), row.get("text")) for row in rows]

    def suitability(self, level):
        """Titles of videos at a level of brand suitability."""
        rows = self._table("garm_youtube/youtube.csv")
        return [row["title"] for row in rows if row["label"] == level]

    def everyday(self):
        """(utterance, domain) rows of requests beside which an ad is noise."""
        domains = self._json("clinc150/domains.json", dict)
        domain_of = {intent: name for name, intents in domains.items() for intent in intents}
        rows = []
        for file in ("clinc150/data_dev.json", "clinc150/data_test.json"):
            read = self._json(file, dict)
            # A file of one split may be the bare list of its rows.
            for split in [read] if isinstance(read, list) else read.values():
                rows += [(text, domain_of.get(intent, "oos")) for text, intent in split]
        return [(text, domain) for text, domain in rows if domain in {*EVERYDAY, "oos"}]

    def catalog(self):
        """(category, name, url, description) of each advertised site."""
        found = []
        for category, ads in self._json("gembench/catalog/products.json", dict).items():
            rows = zip(*(ads.get(field, ()) for field in ("names", "urls", "descs")), strict=True)
            found += [(category, name, url, text) for name, url, text in rows]
        return found

    def webis(self):
        """Per vertical: queries, ads as {name: (type, qualities)}, pairs."""
        found = {}
        folder = self.path / "webis_ad_pairs"
        for file in sorted(folder.glob("*_query_pairs.csv")):
            vertical = file.name.removesuffix("_query_pairs.csv")
            ads = {
                row["advertisement"]: (row["type"], row["qualities"])
                for row in self._table(f"webis_ad_pairs/{vertical}_qualities.csv")
            }
            pairs = [
                (row["query"], row["advertisement"])
                for row in self._table(f"webis_ad_pairs/{vertical}_query_pairs.csv")
            ]
            found[vertical] = (ads, pairs)
        if not found:
            self._miss("webis_ad_pairs/*_query_pairs.csv")
        return found

    def selection(self):
        """(query, product text fields, label) rows of the product selection set."""
        folder = "gembench/ca_prod"
        queries = {
            _id(row["query_id"]): row["query_text"]
            for row in self._table(f"{folder}/queries.tsv", "\t")
        }
        products = {
            _id(row["product_id"]): row for row in self._table(f"{folder}/products.tsv", "\t")
        }
        labelled = self._table(f"{folder}/final_balanced_dataset.tsv", "\t")
        return [
            (
                queries[_id(row["original_query_id"])],
                products[_id(row["original_product_id"])],
                int(float(row["label"])),
            )
            for row in labelled
            if _id(row["original_query_id"]) in queries
            and _id(row["original_product_id"]) in products
        ]

    def dialogues(self):
        """SGD dialogues and the descriptions of their services by name."""
        schema = self._json("sgd_dev/schema.json", list)
        services = {row["service_name"]: row["description"] for row in schema}
        return [json.loads(line) for line in self._lines("sgd_dev/dev_turns.jsonl")], services

    def _json(self, name, empty):
        path = self.path / name
        return (
            json.loads(path.read_text(encoding="utf-8"))
            if path.is_file()
            else self._miss(name, empty)
        )

    def _lines(self, name):
        path = self.path / name
        if not path.is_file():
            return self._miss(name)
        return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]

    def _table(self, name, delimiter=","):
        path = self.path / name
        if not path.is_file():
            return self._miss(name)
        csv.field_size_limit(10**7)
        # Cells parted by tabs hold quotation marks of their own.
        quoting = (
            csv.QUOTE_NONE if delimiter == "\t" and not _is_quoted(path) else csv.QUOTE_MINIMAL
        )
        with path.open(encoding="utf-8", newline="") as opened:
            return list(csv.DictReader(opened, delimiter=delimiter, quoting=quoting))

    def _miss(self, name, empty=list):
        if name not in self.absent:
            self.absent.append(name)
            print(f"ABSENT, skipped: {self.path / name}", file=sys.stderr)
        return empty()


def _texts(node):
    """Every query in a nested file, in order, once."""
    if isinstance(node, str):
        return [node]
    if isinstance(node, dict):
        named = next((node[key] for key in ("query", "query_text", "text") if key in node), None)
        found = [named] if isinstance(named, str) else [t for v in node.values() for t in _texts(v)]
        return list(dict.fromkeys(found))
    return list(dict.fromkeys(text for one in node for text in _texts(one)))


def _is_quoted(path):
    """Whether some cell of a table begins and ends with quotation marks, as a writer quotes it."""
    text = path.read_text(encoding="utf-8")
    return '\t"' in text and '""' in text


def _id(value):
    """Ids that passed through a table of numbers may read "12.0"."""
    return value.strip().removesuffix(".0")


def _unique(rows, key):
    return list({row[key]: row for row in rows}.values())


def _joined(title, text):
    parts = [part.strip() for part in (title, text) if part and part.strip()]
    return "\n".join(parts)
