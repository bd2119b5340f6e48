"""Skills and languages as lists name them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from services.matching.domain.parsing import pieces as cutting
from services.matching.domain.parsing.dates import plain
from services.matching.domain.parsing.document import Item, Quoted
from services.matching.domain.parsing.facts import MAX_LANGUAGES, MAX_SKILLS, Spoken
from services.matching.domain.parsing.headings import labelled
from services.matching.domain.parsing.pieces import Piece

_LIST = re.compile(r"\s*[,;•·|\t▪●]\s*|\s+[/\u2013\u2014-]\s+|\s{3,}")
_GAUGE = re.compile(
    r"[●○◉◯■□▪▫★☆⬤\u2022\u25cf\u25cb\u2588\u2591]{2,}|\b\d{1,3}\s?%|\b\d\s?/\s?(?:5|10)\b"
)
_GRADE = re.compile(
    r"\s*(?:\((?:expert|avance|confirme|intermediaire|debutant|notions|advanced|intermediate"
    r"|beginner|basic|proficient|maitrise|bon niveau|good|courant|\d+ (?:ans|years))\)|:\s*"
    r"(?:expert|avance|confirme|intermediaire|debutant|notions|advanced|intermediate|beginner"
    r"|basic|proficient))\s*$"
)
_LONGEST = 80
_MOST_WORDS = 8
_CODES = {
    "fr": "francais french francaise", "en": "anglais english anglaise",
    "de": "allemand german allemande deutsch", "es": "espagnol spanish espagnole castillan",
    "it": "italien italian italienne", "pt": "portugais portuguese portugaise",
    "nl": "neerlandais dutch hollandais flamand", "ar": "arabe arabic",
    "zh": "chinois chinese mandarin cantonais cantonese", "ja": "japonais japanese",
    "ru": "russe russian", "pl": "polonais polish", "ro": "roumain romanian", "tr": "turc turkish",
    "hi": "hindi", "uk": "ukrainien ukrainian", "el": "grec greek", "sv": "suedois swedish",
    "no": "norvegien norwegian", "da": "danois danish", "fi": "finnois finnish",
    "cs": "tcheque czech", "hu": "hongrois hungarian", "ko": "coreen korean",
    "vi": "vietnamien vietnamese", "fa": "persan persian farsi", "he": "hebreu hebrew",
    "ta": "tamoul tamil", "bn": "bengali", "ur": "ourdou urdu", "pa": "punjabi panjabi pendjabi",
    "ga": "irlandais irish gaelic gaelique", "br": "breton", "ca": "catalan", "eu": "basque",
    "wo": "wolof", "ln": "lingala", "sw": "swahili", "bm": "bambara", "mg": "malgache malagasy",
    "kab": "kabyle", "ber": "berbere tamazight berber", "cy": "gallois welsh", "th": "thai",
    "id": "indonesien indonesian", "bg": "bulgare bulgarian", "sr": "serbe serbian",
    "hr": "croate croatian", "sk": "slovaque slovak", "te": "telugu", "mr": "marathi",
    "gu": "gujarati", "ht": "creole haitien",
}  # fmt: skip
_LANGUAGES = {name: code for code, names in _CODES.items() for name in names.split()}
_EUROPEAN = re.compile(r"\b([abc][12])\b")
_LEVELS = (
    ("C2", r"natif|native|maternel|maternelle|bilingue|bilingual|mother tongue|natal"),
    ("C1", r"courant|fluent|full professional|avance|advanced|lu,? ecrit,? parle|excellent"
     r"|proficient|tres bon"),
    ("B2", r"professionnel|professional|upper intermediate|operationnel|bon niveau|technique|good"
     r"|working"),
    ("B1", r"intermediaire|intermediate|conversationnel|conversational|moyen|correct"),
    ("A2", r"notions?|basic|basics|debutant|beginner|elementaire|elementary|scolaire|limited"),
)  # fmt: skip


def read_skills(items: Sequence[Item]) -> tuple[list[Quoted], list[Spoken]]:
    """Return the skills of lists, and the languages that stand among them."""
    skills: dict[str, Quoted] = {}
    spoken: dict[str, Spoken] = {}
    for piece in _pieces(items):
        language = spoken_of(piece)
        if language:
            _keep(spoken, language)
            continue
        if _is_skill(piece.text):
            skills.setdefault(plain(piece.text), piece.quoted(_named(piece.text)))
    return list(skills.values())[:MAX_SKILLS], list(spoken.values())[:MAX_LANGUAGES]


def read_languages(items: Sequence[Item]) -> list[Spoken]:
    """Return the languages of a section about them."""
    spoken: dict[str, Spoken] = {}
    for item in items:
        before: Spoken | None = None
        for piece in _pieces([item]):
            language = spoken_of(piece)
            if language:
                _keep(spoken, language)
                before = language
            elif before is not None and not before.level and level_of(piece.text):
                whole = Piece(item, before.words.span.start - item.start, piece.end)
                before = Spoken(before.code, level_of(piece.text), whole.quoted())
                spoken[before.code] = before
    return list(spoken.values())[:MAX_LANGUAGES]


def spoken_of(piece: Piece) -> Spoken | None:
    """Return the language that a short text names, with its level."""
    words = re.findall(r"[a-z]+", plain(piece.text))
    if not words or len(words) > _MOST_WORDS:
        return None
    code = next((_LANGUAGES[word] for word in words[:2] if word in _LANGUAGES), "")
    if not code or (words[0] not in _LANGUAGES and not level_of(piece.text)):
        return None
    if words[0] in _LANGUAGES and len(words) > 3 and not level_of(piece.text):  # noqa: PLR2004
        return None
    return Spoken(code, level_of(piece.text), piece.quoted())


def level_of(text: str) -> str:
    """Return the level from A1 to C2 that a text tells; "" for none."""
    flat = plain(text)
    match = _EUROPEAN.search(flat)
    if match:
        return match.group(1).upper()
    return next((level for level, words in _LEVELS if re.search(rf"\b(?:{words})", flat)), "")


def _keep(spoken: dict[str, Spoken], language: Spoken) -> None:
    known = spoken.get(language.code)
    if known is None or (language.level and not known.level):
        spoken[language.code] = language


def _pieces(items: Sequence[Item]) -> Iterator[Piece]:
    for item in items:
        start = 0
        label = labelled(item.text)
        if label and not spoken_of(Piece(item, 0, len(label[0]))):
            start = label[1]
        elif _has_label(item.text):
            start = item.text.index("\t") + 1
        if item.heading:
            continue
        whole = Piece(item, start, len(item.text))
        if _is_prose(whole.text):
            continue
        for piece in cutting.split(whole, _LIST):
            match = _GAUGE.search(piece.text)
            end = piece.start + match.start() if match and match.start() else piece.end
            trimmed = cutting.trimmed(item, piece.start, end)
            if trimmed:
                yield trimmed


def _has_label(text: str) -> bool:
    """Tell "Outils", a gap, and "Excel, Word" from a row of skills."""
    label, gap, rest = text.partition("\t")
    return bool(gap) and "," in rest and "," not in label and "\t" not in rest


def _is_prose(text: str) -> bool:
    words = text.split()
    return len(words) > 3 * _MOST_WORDS and text.count(",") * 8 < len(words)


def _is_skill(text: str) -> bool:
    if len(text) > _LONGEST or len(text.split()) > _MOST_WORDS:
        return False
    return any(letter.isalpha() for letter in text)


def _named(text: str) -> str:
    """Return the skill without a grade in brackets."""
    match = _GRADE.search(plain(text))
    named = text[: match.start()] if match else text
    return named.strip(" .;:") or text
