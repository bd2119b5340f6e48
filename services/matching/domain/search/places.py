"""Where towns are: the larger ones of France and their neighbours, for filters by distance.

Coordinates to a hundredth of a degree (about a kilometre), as any atlas has them. A town that is
not here is found by its name alone.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from services.matching.domain.scoring.text import fold
from services.matching.domain.search.arrays import Floats

_EARTH = 6371.0


class Place(NamedTuple):
    """Degrees north and east."""

    latitude: float
    longitude: float


_TOWNS = """
Paris 48.86 2.35; Marseille 43.30 5.37; Lyon 45.76 4.84; Toulouse 43.60 1.44; Nice 43.70 7.27;
Nantes 47.22 -1.55; Montpellier 43.61 3.88; Strasbourg 48.58 7.75; Bordeaux 44.84 -0.58;
Lille 50.63 3.06; Rennes 48.11 -1.68; Reims 49.26 4.03; Toulon 43.12 5.93;
Saint-Étienne 45.44 4.39; Le Havre 49.49 0.11; Grenoble 45.19 5.72; Dijon 47.32 5.04;
Angers 47.47 -0.55; Villeurbanne 45.77 4.88; Nîmes 43.84 4.36; Aix-en-Provence 43.53 5.45;
Clermont-Ferrand 45.78 3.08; Le Mans 48.01 0.20; Brest 48.39 -4.49; Tours 47.39 0.69;
Amiens 49.89 2.30; Annecy 45.90 6.13; Limoges 45.83 1.26; Boulogne-Billancourt 48.84 2.24;
Metz 49.12 6.18; Besançon 47.24 6.02; Perpignan 42.70 2.90; Orléans 47.90 1.91;
Rouen 49.44 1.10; Montreuil 48.86 2.44; Saint-Denis 48.94 2.36; Caen 49.18 -0.37;
Argenteuil 48.95 2.25; Mulhouse 47.75 7.34; Nancy 48.69 6.18; Tourcoing 50.72 3.16;
Roubaix 50.69 3.17; Nanterre 48.89 2.21; Vitry-sur-Seine 48.79 2.39; Créteil 48.79 2.46;
Avignon 43.95 4.81; Poitiers 46.58 0.34; Aubervilliers 48.91 2.38; Dunkerque 51.03 2.38;
Versailles 48.80 2.13; Colombes 48.92 2.25; Asnières-sur-Seine 48.91 2.29;
Courbevoie 48.90 2.26; Rueil-Malmaison 48.88 2.19; Champigny-sur-Marne 48.82 2.52;
Béziers 43.34 3.22; La Rochelle 46.16 -1.15; Cannes 43.55 7.02; Antibes 43.58 7.12;
Calais 50.95 1.86; Saint-Nazaire 47.27 -2.21; Mérignac 44.84 -0.65; Drancy 48.92 2.45;
Colmar 48.08 7.36; Ajaccio 41.92 8.74; Bastia 42.70 9.45; Issy-les-Moulineaux 48.82 2.27;
Levallois-Perret 48.89 2.29; Noisy-le-Grand 48.85 2.55; Quimper 48.00 -4.10;
Valence 44.93 4.89; Bourges 47.08 2.40; Cergy 49.04 2.08; Troyes 48.30 4.08; Lorient 47.75 -3.37;
Montauban 44.02 1.35; Chambéry 45.57 5.92; Niort 46.32 -0.46; Pau 43.30 -0.37;
Saint-Quentin 49.85 3.29; Beauvais 49.43 2.08; Hyères 43.12 6.13; Cholet 47.06 -0.88;
Vannes 47.66 -2.76; Fréjus 43.43 6.74; Arles 43.68 4.63; Laval 48.07 -0.77; Évry 48.63 2.43;
Belfort 47.64 6.86; Évreux 49.02 1.15; La Roche-sur-Yon 46.67 -1.43; Blois 47.59 1.33;
Brive-la-Gaillarde 45.16 1.53; Chartres 48.45 1.48; Châteauroux 46.81 1.69; Tarbes 43.23 0.08;
Albi 43.93 2.15; Carcassonne 43.21 2.35; Angoulême 45.65 0.16; Saint-Brieuc 48.51 -2.76;
Saint-Malo 48.65 -2.01; Chalon-sur-Saône 46.78 4.85; Mâcon 46.31 4.83; Nevers 46.99 3.16;
Auxerre 47.80 3.57; Bayonne 43.49 -1.47; Biarritz 43.48 -1.56; Agen 44.20 0.62;
Périgueux 45.18 0.72; Charleville-Mézières 49.77 4.72; Épinal 48.17 6.45; Arras 50.29 2.78;
Valenciennes 50.36 3.52; Douai 50.37 3.08; Lens 50.43 2.83; Boulogne-sur-Mer 50.73 1.61;
Cherbourg 49.64 -1.62; Alençon 48.43 0.09; Gap 44.56 6.08; Rodez 44.35 2.57; Aurillac 44.93 2.44;
Le Puy-en-Velay 45.04 3.88; Bourg-en-Bresse 46.21 5.23; Melun 48.54 2.66; Meaux 48.96 2.88;
La Défense 48.89 2.24; Puteaux 48.88 2.24; Ivry-sur-Seine 48.81 2.39; Massy 48.73 2.27;
Saint-Denis de La Réunion -20.88 55.45; Fort-de-France 14.62 -61.06; Pointe-à-Pitre 16.24 -61.53;
Cayenne 4.92 -52.31; Bruxelles 50.85 4.35; Liège 50.63 5.57; Charleroi 50.41 4.44;
Namur 50.47 4.87; Mons 50.45 3.95; Anvers 51.22 4.40; Gand 51.05 3.72; Luxembourg 49.61 6.13;
Genève 46.20 6.15; Lausanne 46.52 6.63; Neuchâtel 46.99 6.93; Fribourg 46.81 7.16;
Zurich 47.37 8.54; Bâle 47.56 7.59; Berne 46.95 7.44; Monaco 43.74 7.42; Londres 51.51 -0.13;
Berlin 52.52 13.40; Madrid 40.42 -3.70; Barcelone 41.39 2.17; Milan 45.46 9.19; Turin 45.07 7.69;
Amsterdam 52.37 4.90; Francfort 50.11 8.68; Cologne 50.94 6.96; Sarrebruck 49.24 7.00;
Brussels 50.85 4.35; Geneva 46.20 6.15; London 51.51 -0.13; Antwerp 51.22 4.40
"""


def place_of(city: str) -> Place | None:
    """Where a town is, however it is written; None when it is not known."""
    return _table().get(_plain(city))


def kilometres(place: Place, latitude: Floats, longitude: Floats) -> Floats:
    """The distance on the sphere to each point (haversine); not a number where one is not known."""
    here, there = np.radians(place.latitude), np.radians(latitude)
    across = np.radians(longitude - place.longitude)
    half = np.sin((there - here) / 2) ** 2 + np.cos(here) * np.cos(there) * np.sin(across / 2) ** 2
    return np.asarray(2 * _EARTH * np.arcsin(np.sqrt(half)), np.float32)


@lru_cache(maxsize=1)
def _table() -> dict[str, Place]:
    towns = (town.split() for town in _TOWNS.replace("\n", " ").split(";"))
    return {_plain(" ".join(name)): Place(float(lat), float(lon)) for *name, lat, lon in towns}


def _plain(city: str) -> str:
    """Lower case, no accents, no dashes, "st" written out."""
    parts = fold(city).replace("-", " ").replace("'", " ").split()
    return " ".join({"st": "saint", "ste": "sainte"}.get(part, part) for part in parts)
