"""Words that tell what a piece of a CV is: a trade, an employer, a school, a degree."""

from __future__ import annotations

import re

from services.matching.domain.parsing.dates import plain
from services.matching.domain.scoring.concepts import understand_name

_TRADES_NAMES = """
ingenieur ingenieure developpeur developpeuse infirmier infirmiere assistant assistante
technicien technicienne responsable directeur directrice chef cheffe charge chargee manager
consultant consultante analyste comptable vendeur vendeuse conseiller conseillere agent
conducteur conductrice chauffeur ouvrier ouvriere employe employee operateur operatrice
gestionnaire secretaire aide cuisinier cuisiniere serveur serveuse commis boulanger enseignant
enseignante professeur formateur formatrice architecte electricien electricienne plombier macon
peintre menuisier soudeur mecanicien magasinier cariste preparateur preparatrice livreur medecin
pharmacien kinesitherapeute sage-femme auxiliaire educateur educatrice animateur animatrice
juriste avocat avocate notaire auditeur auditrice controleur controleuse acheteur acheteuse
commercial commerciale attache attachee coordinateur coordinatrice stagiaire alternant
alternante apprenti apprentie redacteur redactrice graphiste designer data scientist engineer
developer nurse officer clerk lead head director specialist analyst administrator accountant
auditor teacher lecturer driver operator technician supervisor coordinator executive
representative associate advisor adviser buyer planner chef cook waiter waitress receptionist
cashier salesperson seller worker carer caregiver physician doctor pharmacist researcher
scientist architect electrician plumber carpenter welder mechanic intern trainee apprentice
partner president founder fondateur fondatrice gerant gerante programmer tester editor writer
journalist recruiter recruteur recruteuse owner master ingenierie cadre pilote superviseur
superviseuse hotesse hote barman barmaid patissier patissiere boucher coiffeur coiffeuse
estheticienne jardinier paysagiste agriculteur vigneron concierge gardien gardienne surveillant
surveillante vice-president cto cfo ceo coo cdo dsi drh daf
"""
_TRADES = frozenset(_TRADES_NAMES.split())
_EMPLOYERS_NAMES = """
sa sas sarl sasu eurl snc scop ltd limited llp llc plc inc corp gmbh ag bv nv spa srl group
groupe agence agency studio studios clinique clinic hopital hospital hospices hospice hopitaux
chu centre center societe company cabinet banque bank credit assurance assurances insurance
mairie ville conseil council departement region ministere ministry office universite university
laboratoire laboratories laboratory labs lab institut institute association fondation foundation
entreprise entreprises transports transport logistique logistics shipping hotel restaurant
brasserie boulangerie garage magasin store stores boutique pharmacie ehpad residence lycee
college ecole school partners associates solutions systems services technologies consulting
industries industrie analytics software digital maison atelier ateliers cooperative mutuelle
etablissements ets freres fils trust nhs airlines airways foods motors energy energie bistrot
cafe auberge librairie imprimerie usine domaine start'up startup holdings ventures capital media
"""
_EMPLOYERS = frozenset(_EMPLOYERS_NAMES.split())
_SCHOOLS = re.compile(
    r"\b(?:universit[ey]|universite|university|uni|ecole|school|lycee|college|institut|institute"
    r"|iut|ifsi|cfa|insa|iae|ifas|irts|esc|academy|academie|faculte|faculty|polytechnique"
    r"|polytechnic|campus|conservatoire|conservatory|greta|afpa|hec|essec|escp|edhec|em lyon"
    r"|sciences po|ens|cnam|epitech|epita|supelec|centrale|mines|telecom|isep|ece|esiea|inalco"
    r"|sorbonne|mit|gobelins|seminary|seminaire|mfr|centre de formation|maison familiale"
    r"|training cent(?:er|re)|openclassrooms|le wagon|simplon)\b"
)
_DEGREES = re.compile(
    r"^\W*(?:(?:diplome[e]?s? d'?\s?(?:etat|ingenieur|universitaire|etudes)[\w' -]*?"
    r"|diplome|titre professionnel|brevet(?: professionnel| de technicien superieur)?"
    r"|certificat(?: d'aptitude professionnelle| de qualification[\w ]*)?"
    r"|baccalaureat(?: professionnel| general| technologique)?|bac(?: pro| general| techno)?"
    r"(?: ?\+ ?\d)?|bts|dut|but|deug|deust|dess|dea|cap|bep|bp|bt|cqp|mastere(?: specialise)?"
    r"|master(?: ?[12]| of [a-z]+(?: [a-z]+)?|'?s(?: degree)?)?|maitrise|licence(?: pro"
    r"(?:fessionnelle)?)?"
    r"|doctorat|these|doctorate|ph\.? ?d|bachelor(?:'?s(?: degree)?| of [a-z]+)?|b\.? ?sc|m\.? ?sc"
    r"|b\.? ?a|m\.? ?a|m\.? ?b\.? ?a|b\.? ?eng|m\.? ?eng|b\.? ?comm?|b\.? ?tech|m\.? ?tech|b\.? ?ed"
    r"|b\.? ?n|ll\.? ?b|ll\.? ?m|m\.? ?phil|hnd|hnc|btec|gcses?|a[ -]levels?|nvq(?: level \d)?"
    r"|associate(?:'?s)? degree|foundation degree|diploma|higher diploma|certificate"
    r"|postgraduate (?:diploma|certificate)|pg(?:ce|dip|cert)|high school diploma"
    r"|deas|deaes|deis|dees|decf|dcg|dscg|prepa|classe preparatoire"
    r"|ingenieur(?:e)? diplome(?:e)?|degree|apprenticeship)\b\.?)(?: \((?:hons|honours)\))?"
    r"(?: \(?hons\)?)?",
)
_PLACE = re.compile(
    r"^(?:\d{5}\s+)?[A-ZÀ-Ý][\w'\u2019.-]*(?:[ -](?:sur|sous|la|le|les|en|de|du|lès|of|upon|on)?"
    r"[ -]?[A-ZÀ-Ý][\w'\u2019.-]*){0,3}(?:\s*\(\d{2,5}\))?$"
)
_REMOTE = re.compile(r"^(?:remote|teletravail|a distance|hybrid|hybride|full remote)$")
_CONTRACTS = (
    ("CDI", r"cdi|permanent(?: contract)?|contrat a duree indeterminee"),
    ("CDD", r"cdd|fixed[- ]term(?: contract)?|contrat a duree determinee|temporary contract"),
    ("INTERIM", r"interim(?:aire)?|mission d'interim|temp agency|agency work|temping"),
    ("ALTERNANCE", r"alternance|alternant|alternante|apprentissage|apprenticeship"
     r"|contrat pro(?:fessionnalisation)?|contrat de professionnalisation|apprenti|apprentie"),
    ("STAGE", r"stage|stagiaire|internship|intern|placement"),
    ("FREELANCE", r"freelance|free-lance|independant|independante|self[- ]employed|contractor"
     r"|auto-?entrepreneur|micro-?entrepreneur|portage salarial"),
)  # fmt: skip
_CONTRACT = re.compile("|".join(rf"(?P<{name}>\b(?:{pattern})\b)" for name, pattern in _CONTRACTS))
_MOST_NAMED = 12
_LONGEST_PLACE = 80
_LONGEST_DEGREE = 160


def title_weight(text: str) -> int:
    """Return how much a text looks like the name of a trade; 0 for not at all."""
    flat = plain(text)
    found = [word for word in re.findall(r"[a-z'-]+", flat) if word in _TRADES]
    weight = 2 * bool(found) + (flat.split()[0] in _TRADES if flat.split() else 0)
    if len(text) <= 80 and understand_name(text).occupations:  # noqa: PLR2004
        weight += 2
    return weight


def employer_weight(text: str) -> int:
    """Return how much a text looks like the name of an employer."""
    words = re.findall(r"[a-z']+", plain(text))
    return 2 * any(word in _EMPLOYERS for word in words)


def is_school(text: str) -> bool:
    """Tell whether a text names a school."""
    return bool(_SCHOOLS.search(plain(text)))


def degree_end(text: str) -> int:
    """Return where the name of a degree ends that the text begins with; 0 where there is none."""
    match = _DEGREES.match(plain(text[:_LONGEST_DEGREE]))
    return match.end() if match else 0


def is_place(text: str) -> bool:
    """Tell whether a text could be the name of a town, a country, or both."""
    text = text.strip(" .")
    if len(text) > _LONGEST_PLACE:
        return False
    if _REMOTE.match(plain(text)):
        return True
    if title_weight(text) or employer_weight(text):
        return False
    parts = [part.strip() for part in text.split(",")]
    return len(parts) <= 3 and all(_PLACE.match(part) for part in parts)  # noqa: PLR2004


def contract_in(text: str) -> tuple[str, int, int] | None:
    """Return the kind of contract that a short text names, and where."""
    flat = plain(text)
    found = list(_CONTRACT.finditer(flat))
    # "Apprenti électricien (alternance)": what stands in brackets is meant.
    found.sort(key=lambda m: flat[m.start() - 1 : m.start()] != "(" or flat[m.end() :][:1] != ")")
    match = found[0] if found else None
    if match is None or match.lastgroup is None:
        return None
    return match.lastgroup, match.start(), match.end()


def is_sentence(text: str) -> bool:
    """Tell running text from a name or a title."""
    words = text.split()
    return len(words) > _MOST_NAMED or (len(words) > 5 and text.rstrip().endswith((".", ";")))  # noqa: PLR2004
