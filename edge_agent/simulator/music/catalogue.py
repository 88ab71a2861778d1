"""What music does the simulated server own, and what does a search find in it?"""

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """Media types the catalogue holds, in the words of the wire."""

    TRACK = "track"
    ALBUM = "album"
    ARTIST = "artist"
    PLAYLIST = "playlist"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing of the catalogue; `tracks` are ids of what it plays, in order."""

    kind: Kind
    item_id: str
    name: str
    artist: str | None = None
    album: str | None = None
    duration_seconds: int = 0
    explicit: bool | None = None
    image_path: str | None = None
    tracks: tuple[str, ...] = ()
    provider: str = "library"
    own_uri: str | None = None

    @property
    def uri(self) -> str:
        """Address of the entry; a bare stream keeps the address it came with."""
        return self.own_uri or f"{self.provider}://{self.kind}/{self.item_id}"


@dataclass(slots=True)
class Catalogue:
    """All entries by address."""

    entries: dict[str, Entry] = field(default_factory=dict)

    def add(self, entry: Entry) -> Entry:
        """Keep one more entry."""
        self.entries[entry.uri] = entry
        return entry

    def of(self, kind: Kind) -> list[Entry]:
        """All of one kind, by name."""
        return sorted((e for e in self.entries.values() if e.kind is kind), key=lambda e: e.name)

    def search(self, query: str, kind: Kind, limit: int) -> list[Entry]:
        """Entries of one kind with the words in name, artist or album."""
        words = query.casefold().split()

        def fits(entry: Entry) -> bool:
            text = f"{entry.name} {entry.artist or ''} {entry.album or ''}".casefold()
            return all(word in text for word in words)

        return [entry for entry in self.of(kind) if fits(entry)][:limit]

    def playable(self, uri: str) -> list[Entry]:
        """The tracks behind an address; empty when it leads nowhere."""
        if uri.startswith(("http://", "https://")):
            return [Entry(Kind.TRACK, uri, uri.rsplit("/", 1)[-1], own_uri=uri)]
        entry = self.entries.get(uri)
        if entry is None:
            return []
        if entry.kind is Kind.TRACK:
            return [entry]
        return [self.entries[f"library://track/{track}"] for track in entry.tracks]


_WORKS: tuple[tuple[str, str, tuple[tuple[str, int], ...]], ...] = (
    (
        "Erik Satie",
        "Gymnopédies",
        (("Gymnopédie No. 1", 192), ("Gymnopédie No. 2", 171), ("Gymnopédie No. 3", 155)),
    ),
    (
        "Isaac Albéniz",
        "Suite española",
        (("Granada", 301), ("Sevilla", 278), ("Asturias", 381), ("Castilla", 174)),
    ),
    (
        "Francisco Tárrega",
        "Guitar Pieces",
        (("Recuerdos de la Alhambra", 286), ("Capricho árabe", 331), ("Lágrima", 118)),
    ),
    (
        "Claude Debussy",
        "Suite bergamasque",
        (("Prélude", 257), ("Menuet", 261), ("Clair de lune", 305), ("Passepied", 228)),
    ),
)


def small_catalogue() -> Catalogue:
    """A few works in the public domain: tracks, albums, artists and one playlist."""
    catalogue = Catalogue()
    number = 0
    for album_number, (artist, album, tracks) in enumerate(_WORKS, start=1):
        ids: list[str] = []
        for name, seconds in tracks:
            number += 1
            ids.append(str(number))
            catalogue.add(
                Entry(
                    Kind.TRACK,
                    str(number),
                    name,
                    artist=artist,
                    album=album,
                    duration_seconds=seconds,
                    explicit=False,
                    image_path=f"covers/{album_number}.jpg",
                )
            )
        catalogue.add(Entry(Kind.ALBUM, str(album_number), album, artist=artist, tracks=tuple(ids)))
        catalogue.add(Entry(Kind.ARTIST, str(album_number), artist, tracks=tuple(ids)))
    catalogue.add(Entry(Kind.PLAYLIST, "1", "Quiet evening", tracks=("1", "8", "13")))
    _add_what_is_not_for_everybody(catalogue)
    return catalogue


def _add_what_is_not_for_everybody(catalogue: Catalogue) -> None:
    """A tavern song that is marked explicit, alone and within a playlist."""
    song = Entry(
        Kind.TRACK, "99", "Tavern Song", artist="Anonymous", duration_seconds=95, explicit=True
    )
    catalogue.add(song)
    catalogue.add(Entry(Kind.PLAYLIST, "2", "Late night", tracks=("2", "99", "9")))


def large_catalogue(tracks: int) -> Catalogue:
    """Many tracks, so that long answers come in pieces."""
    catalogue = Catalogue()
    for number in range(1, tracks + 1):
        catalogue.add(Entry(Kind.TRACK, str(number), f"Étude {number:05d}", duration_seconds=60))
    return catalogue
