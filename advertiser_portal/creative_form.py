"""What the creative editor sends: the copy of one ad, lists one entry a line."""

from pydantic import BaseModel

from adserver.catalog.creative import Creative, CreativeCopy


class CreativeForm(BaseModel):
    """The fields, as typed."""

    title: str = ""
    body: str = ""
    cta: str = ""
    landing_url: str = ""
    category: str = ""
    language: str = "en"
    facts: str = ""
    example_prompts: str = ""
    creative_keywords: str = ""

    def copy_of(self) -> CreativeCopy:
        """The copy that these fields say."""
        return CreativeCopy(
            title=_tidy(self.title),
            body=_tidy(self.body),
            cta=_tidy(self.cta),
            landing_url=self.landing_url.strip(),
            category=self.category,
            example_prompts=_lines(self.example_prompts),
            facts=_lines(self.facts),
            keywords=tuple(
                part for line in _lines(self.creative_keywords) for part in _parts(line)
            ),
            language=self.language.strip() or "en",
        )


def form_of(creative: Creative) -> CreativeForm:
    """The form that shows a creative as it is."""
    copy = creative.copy
    return CreativeForm(
        title=copy.title,
        body=copy.body,
        cta=copy.cta,
        landing_url=copy.landing_url,
        category=copy.category,
        language=copy.language,
        facts="\n".join(copy.facts),
        example_prompts="\n".join(copy.example_prompts),
        creative_keywords=", ".join(copy.keywords),
    )


def _tidy(text: str) -> str:
    return " ".join(text.split())


def _lines(text: str) -> tuple[str, ...]:
    return tuple(_tidy(line) for line in text.splitlines() if line.strip())


def _parts(line: str) -> list[str]:
    return [part.strip() for part in line.split(",") if part.strip()]
