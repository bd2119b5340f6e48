"""Receipts and what would have moved them, in plain French and English."""

from services.matching.domain.counterfactuals import Change, ChangeKind, Counterfactual
from services.matching.domain.receipt import Receipt
from services.matching.domain.wording import sentence

_LANGUAGES = {
    "fr": {
        "fr": "français",
        "en": "anglais",
        "de": "allemand",
        "es": "espagnol",
        "it": "italien",
        "pt": "portugais",
        "nl": "néerlandais",
        "ar": "arabe",
        "zh": "chinois",
    },
    "en": {
        "fr": "French",
        "en": "English",
        "de": "German",
        "es": "Spanish",
        "it": "Italian",
        "pt": "Portuguese",
        "nl": "Dutch",
        "ar": "Arabic",
        "zh": "Chinese",
    },
}
_SAID = {
    "fr": {
        "head": "Score : {final}/100, fiabilité {reliability}. Ce score aide à lire la candidature"
        " et ne décide de rien : une personne décide.",
        "HIGH": "haute",
        "MEDIUM": "moyenne",
        "LOW": "basse",
        "made": "Calculé le {day} (UTC) par la version {version} du calcul, à partir de la version"
        " {job} de l'offre et {profile} du profil.",
        "signed": "Signé par la clé {kid}. Le fichier du justificatif se vérifie hors ligne :"
        " weneeds score verify.",
        "unsigned": "Ce justificatif date d'avant les signatures.",
        "erased": "Le compte du candidat a été supprimé : les faits ont été effacés, leurs"
        " empreintes restent.",
        "with": "Avec {changes} : {before} -> {after}",
        "and": " et ",
        "SKILL": "la compétence {value}",
        "LANGUAGE": "{value} au niveau {level}",
        "CONTRACT": "un contrat {value} accepté",
        "LONGER": "« {value} » commencé {months} mois plus tôt",
        "untitled": "dernier poste",
    },
    "en": {
        "head": "Score: {final}/100, reliability {reliability}. This score helps to read the"
        " application and decides nothing: a person decides.",
        "HIGH": "high",
        "MEDIUM": "medium",
        "LOW": "low",
        "made": "Computed on {day} (UTC) by version {version} of the function, from version {job}"
        " of the job and {profile} of the profile.",
        "signed": "Signed by key {kid}. The receipt's file can be verified offline:"
        " weneeds score verify.",
        "unsigned": "This receipt is from before receipts were signed.",
        "erased": "The candidate's account was deleted: the facts are erased, their hashes stay.",
        "with": "With {changes}: {before} -> {after}",
        "and": " and ",
        "SKILL": "the skill {value}",
        "LANGUAGE": "{value} at {level}",
        "CONTRACT": "a {value} contract accepted",
        "LONGER": '"{value}" begun {months} months earlier',
        "untitled": "latest position",
    },
}


def receipt(receipt: Receipt, locale: str) -> str:
    """Return a receipt in a few lines; any locale but "en" reads French."""
    locale = _known(locale)
    said = _SAID[locale]
    signature = receipt.signature
    lines = [
        said["head"].format(final=receipt.final, reliability=said[receipt.reliability.value]),
        *(sentence(reason, locale) for reason in receipt.reasons),
        said["made"].format(
            day=receipt.created_at.strftime("%Y-%m-%d"),
            version=receipt.engine_version,
            job=receipt.job_version,
            profile=receipt.profile_version,
        ),
        said["signed"].format(kid=signature.kid) if signature else said["unsigned"],
    ]
    if not receipt.inputs:
        lines.append(said["erased"])
    return "\n".join(lines)


def counterfactual(found: Counterfactual, locale: str) -> str:
    """Return what would have moved a score, as one line."""
    said = _SAID[_known(locale)]
    changes = [_change(change, _known(locale)) for change in found.changes]
    told = said["and"].join(filter(None, (", ".join(changes[:-1]), changes[-1])))
    return said["with"].format(changes=told, before=found.before, after=found.after)


def _change(change: Change, locale: str) -> str:
    said = _SAID[locale]
    value = change.value or said["untitled"]
    if change.kind is ChangeKind.LANGUAGE:
        value = _LANGUAGES[locale].get(change.value, change.value.upper())
    return said[change.kind.value].format(value=value, level=change.level, months=change.months)


def _known(locale: str) -> str:
    return "en" if locale.startswith("en") else "fr"
