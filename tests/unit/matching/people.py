"""Fictitious jobs and profiles of a few trades, in French and English."""

from __future__ import annotations

from datetime import date

from services.matching.domain.scoring.facts import (
    Experience,
    JobFacts,
    Language,
    Month,
    ProfileFacts,
)

TODAY = date(2026, 11, 23)


def month(text: str) -> Month:
    return Month.parse(text)


PYTHON_JOB = JobFacts(
    title="Développeur back-end Python (H/F)",
    description=(
        "Vous concevez des API et des services asynchrones pour notre plateforme de paiement. "
        "PostgreSQL, FastAPI, Docker, tests automatisés. Revue de code et déploiement en "
        "conteneurs sur Kubernetes."
    ),
    skills=("Python", "FastAPI", "PostgreSQL", "Docker", "Tests automatisés"),
    languages=(Language("en", "B1"),),
    contract="CDI",
    min_experience_years=3,
)
PYTHON_JOB_EN = JobFacts(
    title="Python back-end developer",
    description=(
        "You design APIs and asynchronous services for our payment platform. PostgreSQL, FastAPI, "
        "Docker, automated tests. Code review and deployment in containers on Kubernetes."
    ),
    skills=("Python", "FastAPI", "PostgreSQL", "Docker", "Automated tests"),
    languages=(Language("en", "B1"),),
    contract="CDI",
    min_experience_years=3,
)
NURSE_JOB = JobFacts(
    title="Infirmier(ère) en gériatrie",
    description=(
        "Au sein d'un EHPAD de 80 lits, vous assurez les soins infirmiers, l'administration des "
        "médicaments, les pansements et la tenue du dossier patient."
    ),
    skills=("Soins infirmiers", "Gériatrie", "Pansements", "Travail en équipe"),
    contract="CDI",
    min_experience_years=2,
)
ACCOUNTANT_JOB = JobFacts(
    title="Accountant",
    description=(
        "You keep the general ledger, prepare VAT returns and month-end closing, and reconcile "
        "bank accounts in Sage."
    ),
    skills=("General accounting", "VAT", "Month-end closing", "Sage", "Excel"),
    languages=(Language("fr", "B2"),),
    contract="CDI",
    min_experience_years=2,
)

PYTHON_DEV = ProfileFacts(
    title="Développeuse Python",
    experiences=(
        Experience(
            "Développeuse back-end",
            month("2022-01"),
            None,
            "CDI",
            "Conception d'API REST avec FastAPI et PostgreSQL pour un service de paiement, "
            "2 millions d'appels par jour. Revue de code et encadrement d'un junior.",
        ),
        Experience(
            "Développeuse web junior",
            month("2019-09"),
            month("2021-12"),
            "CDI",
            "Développement Django, tests unitaires, Docker.",
        ),
    ),
    skills=("Python", "Django", "FastAPI", "PostgreSQL", "Docker", "Git", "pytest"),
    languages=(Language("fr", "C2"), Language("en", "B2")),
    contracts=("CDI",),
)
PYTHON_DEV_EN = ProfileFacts(
    title="Python developer",
    experiences=(
        Experience(
            "Back-end developer",
            month("2022-01"),
            None,
            "CDI",
            "Designed REST APIs with FastAPI and PostgreSQL for a payment service, 2 million calls "
            "a day. Code review and mentoring of a junior.",
        ),
        Experience(
            "Junior web developer",
            month("2019-09"),
            month("2021-12"),
            "CDI",
            "Django development, unit tests, Docker.",
        ),
    ),
    skills=("Python", "Django", "FastAPI", "PostgreSQL", "Docker", "Git", "pytest"),
    languages=(Language("fr", "C2"), Language("en", "B2")),
    contracts=("CDI",),
)
JAVA_DEV = ProfileFacts(
    title="Développeur Java",
    experiences=(
        Experience(
            "Développeur Java",
            month("2019-01"),
            None,
            "CDI",
            "Microservices Spring Boot, PostgreSQL, Docker.",
        ),
    ),
    skills=("Java", "Spring", "PostgreSQL", "Docker"),
    languages=(Language("en", "B2"),),
    contracts=("CDI",),
)
NURSE = ProfileFacts(
    title="Infirmière diplômée d'État",
    experiences=(
        Experience(
            "Infirmière en EHPAD",
            month("2020-03"),
            None,
            "CDI",
            "Soins aux personnes âgées, pansements, administration des médicaments, encadrement "
            "des étudiants, 60 lits.",
        ),
        Experience(
            "Infirmière en médecine",
            month("2017-09"),
            month("2020-02"),
            "CDD",
            "Prise en charge de 12 patients, perfusions, dossier de soins.",
        ),
    ),
    skills=("Soins infirmiers", "Gériatrie", "Pansements", "Écoute"),
    languages=(Language("fr", "C2"),),
    contracts=("CDI",),
)
NURSE_EN = ProfileFacts(
    title="Registered nurse",
    experiences=(
        Experience(
            "Staff nurse, nursing home",
            month("2020-03"),
            None,
            "CDI",
            "Elderly care, wound care, medication administration, trained students, 60 beds.",
        ),
        Experience(
            "Nurse, general medicine",
            month("2017-09"),
            month("2020-02"),
            "CDD",
            "In charge of 12 patients, infusions, care plans.",
        ),
    ),
    skills=("Nursing care", "Geriatrics", "Wound care", "Active listening"),
    languages=(Language("en", "C2"), Language("fr", "B2")),
    contracts=("CDI",),
)
ACCOUNTANT = ProfileFacts(
    title="Comptable générale",
    experiences=(
        Experience(
            "Comptable",
            month("2021-02"),
            None,
            "CDI",
            "Tenue du grand livre, déclarations de TVA, clôture mensuelle, rapprochement bancaire "
            "sur Sage. Optimisation des délais de clôture de 10 à 5 jours.",
        ),
        Experience(
            "Assistante comptable",
            month("2018-09"),
            month("2021-01"),
            "CDI",
            "Facturation, comptabilité fournisseurs, Excel.",
        ),
    ),
    skills=("Comptabilité générale", "TVA", "Clôture mensuelle", "Sage", "Excel"),
    languages=(Language("fr", "C2"),),
    contracts=("CDI", "CDD"),
)

FITTING = (
    (PYTHON_JOB, PYTHON_DEV),
    (PYTHON_JOB, PYTHON_DEV_EN),
    (PYTHON_JOB_EN, PYTHON_DEV),
    (PYTHON_JOB_EN, PYTHON_DEV_EN),
    (NURSE_JOB, NURSE),
    (NURSE_JOB, NURSE_EN),
    (ACCOUNTANT_JOB, ACCOUNTANT),
)
UNRELATED = (
    (PYTHON_JOB, NURSE),
    (PYTHON_JOB, ACCOUNTANT),
    (PYTHON_JOB_EN, NURSE_EN),
    (NURSE_JOB, PYTHON_DEV),
    (NURSE_JOB, ACCOUNTANT),
    (ACCOUNTANT_JOB, JAVA_DEV),
    (ACCOUNTANT_JOB, NURSE_EN),
)
