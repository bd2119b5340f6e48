"""Scores in plain words, in French and English."""

from services.matching.domain.fusion import Fused, RankingProfile
from services.matching.domain.scoring.reasons import MAXIMA, Reason

_NAMED = 6

_SENTENCES = {
    "fr": {
        "pertinence": "Intitulés proches du poste : {points}/{most}.",
        "contract": "Type de contrat : {points}/{most}.",
        "duration": "Durée en postes pertinents, pondérée : {months} mois ({points}/{most}).",
        "skills": "Compétences demandées : {points}/{most}.{held}{missing}",
        "responsibilities": "Responsabilités décrites qui rejoignent l'offre : {points}/{most}.",
        "complexity": "Complexité du travail décrit : {points}/{most}.",
        "recency": "Ancienneté de l'expérience pertinente : {points}/{most}.",
        "career_progression": "Progression de carrière : {points}/{most}.",
        "path_coherence": "Cohérence du parcours : {points:+d} (de -5 à +5).",
        "total_experiences_bonus": "Nombre de postes occupés : +{points}.",
        "missing_info_penalty": "Informations manquantes : -{points} ({facts}).",
        "held": " Présentes : {names}.",
        "missing": " Absentes : {names}.",
        "none": "Aucun intitulé proche du poste : 0/25.",
        "ranking": "{parts} = {rank} (profil {profile}).",
        "part": "{name} {value} x {share} %",
        "signal_meaning": "sens",
        "signal_words": "mots",
        "signal_title": "intitulé",
        "signal_coverage": "exigences couvertes",
        "experiences": "expériences",
        "dates": "dates",
        "texts": "descriptions",
        "title": "titre",
        "languages": "langues",
        "skills_fact": "compétences",
    },
    "en": {
        "pertinence": "Titles close to the job: {points}/{most}.",
        "contract": "Kind of contract: {points}/{most}.",
        "duration": "Time in relevant positions, weighted: {months} months ({points}/{most}).",
        "skills": "Skills asked for: {points}/{most}.{held}{missing}",
        "responsibilities": "Responsibilities told that meet the job's: {points}/{most}.",
        "complexity": "Complexity of the work told: {points}/{most}.",
        "recency": "How recent the relevant work is: {points}/{most}.",
        "career_progression": "Career progression: {points}/{most}.",
        "path_coherence": "Coherence of the path: {points:+d} (from -5 to +5).",
        "total_experiences_bonus": "Positions held: +{points}.",
        "missing_info_penalty": "Missing information: -{points} ({facts}).",
        "held": " Held: {names}.",
        "missing": " Missing: {names}.",
        "none": "No title close to the job: 0/25.",
        "ranking": "{parts} = {rank} (profile {profile}).",
        "part": "{name} {value} x {share} %",
        "signal_meaning": "meaning",
        "signal_words": "words",
        "signal_title": "title",
        "signal_coverage": "must-haves covered",
        "experiences": "experiences",
        "dates": "dates",
        "texts": "descriptions",
        "title": "title",
        "languages": "languages",
        "skills_fact": "skills",
    },
}


def sentence(reason: Reason, locale: str) -> str:
    """Returns a reason as one sentence; any locale but "en" reads French."""
    said = _said(locale)
    if reason.dimension == "pertinence" and not reason.points:
        return said["none"]
    return said[reason.dimension].format(
        points=reason.points,
        most=MAXIMA[reason.dimension],
        months=reason.months,
        held=_list(said["held"], reason.held),
        missing=_list(said["missing"], reason.missing) if reason.dimension == "skills" else "",
        facts=", ".join(said.get(f"{fact}_fact", said.get(fact, fact)) for fact in reason.missing),
    )


def explanation(fused: Fused, profile: RankingProfile | str, locale: str) -> str:
    """Returns how each signal contributed to a hit's place."""
    said = _said(locale)
    parts = [
        said["part"].format(
            name=said[f"signal_{part.signal}"],
            value=_decimal(part.value),
            share=_percent(part.weight),
        )
        for part in fused.parts
    ]
    told = " + ".join(parts)
    told = told[:1].upper() + told[1:]
    return said["ranking"].format(parts=told, rank=_decimal(fused.rank), profile=profile)


def _said(locale: str) -> dict[str, str]:
    return _SENTENCES["en" if locale.startswith("en") else "fr"]


def _list(template: str, names: tuple[str, ...]) -> str:
    if not names:
        return ""
    more = ", …" if len(names) > _NAMED else ""
    return template.format(names=", ".join(names[:_NAMED]) + more)


def _decimal(millionths: int) -> str:
    return f"{millionths // 1_000_000}.{millionths % 1_000_000 // 1000:03d}"


def _percent(permille: int) -> str:
    whole, tenth = divmod(permille, 10)
    return f"{whole}.{tenth}" if tenth else str(whole)
