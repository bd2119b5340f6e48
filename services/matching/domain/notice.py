"""The notice about scoring: what candidates and companies are told before and beside a score."""

import hashlib

_VERSION = "score-notice/1"
_TEXTS = {
    "fr": (
        "Ce score va de 0 à 100. Il est calculé par une fonction publiée, sans modèle de langage, "
        "à partir de l'offre et des faits du profil : intitulés, dates, contrats, descriptions, "
        "compétences et langues. Le nom, le sexe, l'âge, l'adresse, la photo, la nationalité et "
        "les employeurs n'y entrent pas. Il aide à lire une candidature et ne décide de rien : une "
        "personne décide. Chacun peut obtenir le justificatif, le recalculer, corriger ses faits "
        "dans son profil et demander à l'entreprise qu'une personne réexamine sa candidature."
    ),
    "en": (
        "This score goes from 0 to 100. A published function computes it, without a language "
        "model, from the job and the facts of the profile: titles, dates, contracts, descriptions, "
        "skills and languages. Name, sex, age, address, photo, nationality and employers have no "
        "part in it. It helps to read an application and decides nothing: a person decides. "
        "Everybody concerned can have the receipt, compute it again, correct their facts in the "
        "profile, and ask the company for a person to look at the application again."
    ),
}


def _id() -> str:
    texts = "\0".join(_TEXTS[locale] for locale in sorted(_TEXTS))
    return f"{_VERSION}:{hashlib.sha256(texts.encode()).hexdigest()[:16]}"


NOTICE_ID = _id()
"""Version and hash of the texts in force: a changed text is another notice."""


def notice(locale: str) -> str:
    """Return the notice; any locale but "en" reads French."""
    return _TEXTS["en" if locale.startswith("en") else "fr"]
