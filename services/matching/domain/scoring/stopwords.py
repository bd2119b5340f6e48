"""Words that carry no meaning for a score: grammar, and what every ad is made of."""

_FRENCH = """
a afin ai ainsi alors apres au aucun aupres aussi autre autres aux avant avec avez avoir avons ayant
bien bon bonne c ca car ce ceci cela celle celles celui ces cet cette ceux chaque chez comme
contre d
dans de depuis des deux devez dont du durant elle elles en encore entre est et etc etes etre eu eux
fait faire ferez fois grace hors il ils j je jusqu l la le les leur leurs lors lui m ma mais me meme
memes mes moi moins mon n ne ni non nos notre nous on ont ou par parmi pas pendant peu plus
plusieurs
pour pouvez puis qu quand que quel quelle qui quoi s sa sans se selon sera serez ses si sien soit
son
sont sous souvent sur t ta te tel telle tes toi ton tous tout toute toutes tres tu un une vers via
voici vos votre vous y ans an annee annees mois jour jours
"""
_ENGLISH = """
about above across after all also am an and any are as at be been being between both but by can
could
did do does during each etc for from had has have having he her here his how i if in into is it its
just like may me more most my no nor not of off on once one only or other our out over own per same
she should so some such than that the their them then there these they this those through to too
under until up us very was we were what when where which while who will with within would you your
year years month months day days
"""
_ADVERTISEMENT = """
candidat candidate candidats candidature cherche chercher cherchons entreprise experience
experiences
groupe ideal ideale joindre mission missions offre opportunite poste profil recherche recherchons
recrute recrutons rejoignez rejoindre role salaire sein societe souhaite travail travailler
apply company hire hiring ideal ideally job join looking opportunity position preferred required
requirement requirements responsibilities seek seeking successful work working
"""

STOP_WORDS = frozenset(f"{_FRENCH} {_ENGLISH}".split())
"""Never looked at."""

FILLERS = frozenset(_ADVERTISEMENT.split())
"""Meaningless alone, but part of names: "recherche" in "ingénieur recherche"."""
