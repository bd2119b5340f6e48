"""The builder of vocabulary files, and names linked by them. Everything here is made up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.matching.domain.gazetteer import Gazetteer
from services.matching.domain.vocabulary import Builtin
from services.matching.ports.occupations import occupation_names, vocabulary_names
from services.matching.ports.vocabulary import load_vocabulary, save_vocabulary
from stack.vocabulary import VocabularyMissing, build

CSV = (
    "conceptType,conceptUri,preferredLabel,altLabels\n"
    'Occupation,http://example.org/occupation/1,{0},"{1}"\n'
    'Occupation,http://example.org/occupation/2,{2},"{3}"\n'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """ESCO as CSV for occupations and as JSON lines for skills, ROME as CSV."""
    french = CSV.format("luthier/luthière", "facteur de violons\nfactrice de violons", "mime", "")
    english = CSV.format("violin maker", "luthier", "mime artist", "pantomime performer")
    (tmp_path / "occupations_fr.csv").write_text(french, "utf-8")
    (tmp_path / "occupations_en.csv").write_text(english, "utf-8")
    skill = {"uri": "http://example.org/skill/1", "label": "vernir un violon", "alt": ["vernis"]}
    (tmp_path / "skills_fr.jsonl").write_text(json.dumps(skill) + "\n", "utf-8")
    (tmp_path / "unix_referentiel_appellation_v1.csv").write_text(
        "code_ogr,libelle_appellation_long,libelle_appellation_court,code_rome\n"
        "1,Archetier / Archetière,Archetier / Archetière,X0001\n",
        "utf-8",
    )
    return tmp_path


@pytest.fixture
def gazetteer(folder: Path) -> Gazetteer:
    """The vocabulary of the files, by way of its own file."""
    build(folder / "made.gz", folder, folder)
    loaded = load_vocabulary(folder / "made.gz")
    assert isinstance(loaded, Gazetteer)
    return loaded


@pytest.mark.parametrize(
    ("title", "uri"),
    [
        ("Luthière", "http://example.org/occupation/1"),
        ("FACTEUR DE VIOLONS", "http://example.org/occupation/1"),
        ("Violin maker", "http://example.org/occupation/1"),
        ("Mime artists", "http://example.org/occupation/2"),
        ("archetière", "rome:X0001/1"),
    ],
)
def test_names_of_both_languages(gazetteer: Gazetteer, title: str, uri: str) -> None:
    """Case, gender, number and language aside, a synonym is a name."""
    found = gazetteer.occupations(title)
    assert (found[0].uri, found[0].likeness) == (uri, 100)


def test_what_is_close_is_less(gazetteer: Gazetteer) -> None:
    """A name that is nearly one of the vocabulary, and one that is not at all."""
    found = gazetteer.skills("vernir violons anciens")
    assert found[0].uri == "http://example.org/skill/1"
    assert 55 <= found[0].likeness < 100
    assert gazetteer.skills("comptabilité analytique") == []
    assert gazetteer.skills("") == []


def test_the_same_files_make_the_same_file(folder: Path) -> None:
    """And its name tells which files they were."""
    one, two = build(folder / "a.gz", folder, folder), build(folder / "b.gz", folder, folder)
    assert one == two
    assert (folder / "a.gz").read_bytes() == (folder / "b.gz").read_bytes()
    assert one.name.startswith("esco+rome/")


def test_the_file_holds_the_names_of_occupations_as_they_are_written(folder: Path) -> None:
    """Titles are compared by names, not stems: in their language, for one gender, once each."""
    build(folder / "made.gz", folder, folder)
    found = vocabulary_names(folder / "made.gz")
    assert list(zip(found.concepts, found.languages, found.names, strict=True)) == [
        (0, "en", "violin maker"),
        (0, "en", "luthier"),
        (0, "fr", "luthier"),
        (0, "fr", "facteur de violons"),
        (0, "fr", "factrice de violons"),
        (1, "en", "mime artist"),
        (1, "en", "pantomime performer"),
        (1, "fr", "mime"),
    ]


def test_file_and_folder_tell_the_same_names(tmp_path: Path) -> None:
    """Measurements read the folder, the service the file."""
    for language, label in (("fr", "luthier/luthière"), ("en", "violin maker")):
        told = {"uri": "http://example.org/occupation/1", "label": label, "alt": ["luthier", " "]}
        (tmp_path / f"occupations_{language}.jsonl").write_text(json.dumps(told) + "\n", "utf-8")
        (tmp_path / f"skills_{language}.jsonl").write_text(json.dumps(told) + "\n", "utf-8")
    build(tmp_path / "made.gz", tmp_path, None)
    assert vocabulary_names(tmp_path / "made.gz") == occupation_names(tmp_path)


def test_a_vocabulary_without_esco_names_no_occupations(folder: Path) -> None:
    """ROME's appellations link names in CVs; titles are then compared with each other alone."""
    build(folder / "made.gz", None, folder)
    assert vocabulary_names(folder / "made.gz").names == []


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    """At the start, not at the first CV."""
    save_vocabulary(tmp_path / "old.gz", {"format": 1, "name": "esco/1", "names": []})
    for read in (load_vocabulary, vocabulary_names):
        with pytest.raises(ValueError, match="build it again"):
            read(tmp_path / "old.gz")


def test_an_empty_folder_is_said(tmp_path: Path) -> None:
    """Rather than an empty vocabulary."""
    with pytest.raises(VocabularyMissing):
        build(tmp_path / "made.gz", tmp_path, None)


def test_without_a_file_the_own_vocabulary_serves() -> None:
    """Small, but there."""
    own = load_vocabulary(None)
    assert isinstance(own, Builtin)
    assert own.name == "builtin/1"
    assert own.occupations("Développeuse Python")[0].uri == "weneeds:occupation/developer"
    assert own.skills("PostgreSQL")[0].label == "postgresql"
