"""Headings of CVs, in French and English."""

from __future__ import annotations

import re
from enum import Enum

from services.matching.domain.parsing.dates import plain


class Section(Enum):
    """What a part of a CV tells."""

    EXPERIENCE = "experience"
    EDUCATION = "education"
    SKILLS = "skills"
    CERTIFICATIONS = "certifications"
    LANGUAGES = "languages"
    CONTACT = "contact"
    SUMMARY = "summary"
    OTHER = "other"


# Words that make a heading on their own, together, or with the words that mean little.
_TELLING = {
    Section.EXPERIENCE: "experience experiences emploi emplois employment parcours career carriere"
    " postes work missions jobs stages internships",
    Section.EDUCATION: "formation formations etudes education diplome diplomes scolarite cursus"
    " studies degrees qualifications academic academique scolaire universitaire",
    Section.SKILLS: "competence competences skill skills savoir-faire savoir-etre aptitudes atouts"
    " expertise expertises technologies outils tools logiciels software toolbox qualites"
    " strengths abilities informatique",
    Section.CERTIFICATIONS: "certification certifications certificats certificates habilitations"
    " permis licences licenses accreditations memberships affiliations agrements",
    Section.LANGUAGES: "langue langues language languages",
    Section.CONTACT: "contact contacts coordonnees details",
    Section.SUMMARY: "profil profile resume summary about objectif objective presentation a-propos"
    " accroche bio introduction synthese statement",
    Section.OTHER: "interets interests loisirs hobbies centres references publications projets"
    " projects benevolat volunteering associatif engagements prix awards distinctions divers"
    " activites activities voyages sports passions recommandations portfolio",
}
_FILLING_NAMES = """
professionnel professionnelle professionnelles professionnels professional et de des d l la le
les du en and of the my mes mon ma me pro key cles cle principales principaux main techniques
technique technical core personnels personnelles personal history background summary relevant
selected recent recentes extra sociales transversales training trainings diplomas et/ou
additional autres other & other linguistiques numeriques it hard soft digital comportementales
metier metiers fonctionnelles obtenus obtenu continue initiale areas
"""
_FILLING = frozenset(_FILLING_NAMES.split())
_ORDER = (
    Section.CERTIFICATIONS, Section.LANGUAGES, Section.SKILLS, Section.EXPERIENCE,
    Section.EDUCATION, Section.SUMMARY, Section.CONTACT, Section.OTHER,
)  # fmt: skip
_WORDS = {section: frozenset(words.split()) for section, words in _TELLING.items()}
_WHOLE = {
    "work history": Section.EXPERIENCE,
    "employment history": Section.EXPERIENCE,
    "career history": Section.EXPERIENCE,
    "career summary": Section.SUMMARY,
    "parcours scolaire": Section.EDUCATION,
    "parcours academique": Section.EDUCATION,
    "parcours universitaire": Section.EDUCATION,
    "parcours de formation": Section.EDUCATION,
    "diplomes et formations": Section.EDUCATION,
    "formation et diplomes": Section.EDUCATION,
    "formations et certifications": Section.EDUCATION,
    "education and training": Section.EDUCATION,
    "education and qualifications": Section.EDUCATION,
    "qualifications": Section.EDUCATION,
    "competences linguistiques": Section.LANGUAGES,
    "language skills": Section.LANGUAGES,
    "langues vivantes": Section.LANGUAGES,
    "langues etrangeres": Section.LANGUAGES,
    "competences informatiques": Section.SKILLS,
    "a propos": Section.SUMMARY,
    "a propos de moi": Section.SUMMARY,
    "about me": Section.SUMMARY,
    "qui suis je": Section.SUMMARY,
    "centres d interet": Section.OTHER,
    "centre d interet": Section.OTHER,
    "contact details": Section.CONTACT,
    "informations personnelles": Section.CONTACT,
    "personal details": Section.CONTACT,
    "personal information": Section.CONTACT,
    "etat civil": Section.CONTACT,
    "what i do": Section.SUMMARY,
    "experiences benevoles": Section.OTHER,
    "volunteer experience": Section.OTHER,
    "informations complementaires": Section.OTHER,
    "additional information": Section.OTHER,
}
_SPLIT = re.compile(r"[^a-z&-]+")
_SPACED = re.compile(r"(?:\b\w\b ){3,}\w\b")
_MOST_WORDS = 6
_LONGEST = 60
_LABEL = re.compile(r"^(?P<label>[^:,;|]{2,40}?)\s*:\s*(?P<rest>\S.*)$")


def section_of(text: str) -> Section | None:
    """Return what a heading opens; None for a line that is no known heading."""
    if len(text) > _LONGEST or text.rstrip().endswith(".") or any(map(str.isdigit, text)):
        return None
    flat = plain(_SPACED.sub(lambda m: m.group().replace(" ", ""), text.strip()))
    flat = flat.strip(" :.-_•|\t")
    words = [word.strip("-") for word in _SPLIT.split(flat.replace("'", " ")) if word.strip("-")]
    if not words or len(words) > _MOST_WORDS or "," in flat or "\t" in flat:
        return None
    whole = " ".join(words)
    if whole in _WHOLE:
        return _WHOLE[whole]
    return _by_words(words)


def _by_words(words: list[str]) -> Section | None:
    telling = [
        section
        for word in words
        for section in _ORDER
        if word in _WORDS[section] and word not in ("summary",) * (len(words) > 1)
    ]
    known = sum(1 for word in words if word in _FILLING or any(word in w for w in _WORDS.values()))
    if not telling or known < len(words):
        return None
    return telling[0]


def labelled(text: str) -> tuple[str, int] | None:
    """Split "Langages : Python, SQL" into the label and where the rest begins."""
    match = _LABEL.match(text)
    return (match["label"], match.start("rest")) if match else None
