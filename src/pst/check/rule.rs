//! The rules that a file can break, each with a name of its own and what is said of a file that breaks it (pure). Terms of the
//! specification stay as they are in both languages.

use std::fmt::Display;

macro_rules! rules {
    ($($rule:ident $id:literal $en:literal $de:literal;)+) => {
        /// A rule of the format.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each has its words beside it")]
        pub enum Rule { $($rule),+ }

        impl Rule {
            /// All rules.
            pub const ALL: &'static [Self] = &[$(Self::$rule),+];

            /// Returns the name for programs, which never changes its meaning.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$rule => $id),+ }
            }

            /// Returns what is said, with `{}` where values stand: in English and in German.
            const fn words(self) -> [&'static str; 2] {
                match self { $(Self::$rule => [$en, $de]),+ }
            }
        }
    };
}

rules! {
    Unreadable "unreadable" "{}" "lässt sich nicht lesen: {}";

    // The trees.
    TreeOrder "tree-order" "is not in its place in the tree" "steht nicht an seiner Stelle im Baum";
    ReservedBit "reserved-bit" "has an id with the reserved bit in the tree" "hat im Baum eine Kennung mit dem reservierten Bit";
    FutureBlock "future-block" "has an id that is still to be given (bidNextB)" "hat eine Kennung, die noch gar nicht vergeben ist (bidNextB)";
    BlockPlace "block-place" "begins at {}, which is between two slots" "beginnt bei {}, also zwischen zwei Plätzen";
    BlockSize "block-size" "has {} bytes, which no block has" "hat {} Bytes, so viele wie kein Block";
    FutureNode "future-node" "has an index above the {} that rgnid says was given last" "hat einen höheren Index als den zuletzt vergebenen, der nach rgnid {} ist";
    Unowned "unowned" "belongs to nobody" "gehört niemandem";
    References "references" "says {} references and has {}" "nennt {} Verweise und hat {}";
    PageTwice "page-twice" "is in the tree twice" "kommt im Baum zweimal vor";
    FuturePage "future-page" "has an id that is still to be given (bidNextP)" "hat eine Kennung, die noch gar nicht vergeben ist (bidNextP)";
    PagePlace "page-place" "does not begin where a page can" "beginnt nicht dort, wo eine Seite beginnen kann";
    PageHead "page-head" "says {} entries of {} bytes (cEntMax, cbEnt) where {} of {} fit" "nennt {} Einträge zu {} Bytes (cEntMax, cbEnt), wo {} zu {} passen";
    PageEmpty "page-empty" "is empty" "ist leer";
    PageLevel "page-level" "is on level {} where {} was expected" "ist auf Ebene {}, erwartet war {}";
    FirstKey "first-key" "does not begin with the key that the page above gives for it" "beginnt nicht mit dem Schlüssel, den die Seite darüber für sie nennt";

    // Lists of blocks and subnodes.
    MissingBlock "missing-block" "is referred to and not there" "fehlt, obwohl darauf verwiesen wird";
    ListEmpty "list-empty" "is an empty list" "ist eine leere Liste";
    ListKind "list-kind" "is a list of unknown kind {}.{}" "ist eine Liste von unbekannter Art {}.{}";
    ListNothing "list-nothing" "lists a block that is none" "nennt einen Block, der keiner ist";
    ListOther "list-other" "lists block {}, which is of another kind" "nennt Block {}, der von anderer Art ist";
    ListNotFull "list-not-full" "has block {} before its end, not full" "hat vor dem Ende Block {}, der nicht voll ist";
    ListTotal "list-total" "says that it has {} bytes (lcbTotal) and has {}" "nennt {} Bytes (lcbTotal) und hat {}";
    SubnodeOrder "subnode-order" "does not have its subnodes in order" "hat die Unterknoten nicht in ihrer Reihenfolge";
    FirstSubnode "first-subnode" "does not say with which subnode block {} begins" "nennt nicht, mit welchem Unterknoten Block {} beginnt";

    // Room.
    TornHeader "torn-header" "is half-written; the next writer mends it by the record beside the file (.rescue), and here it is read so" "ist nur halb geschrieben; wer als Nächstes schreibt, bessert ihn nach dem Begleitprotokoll (.rescue) aus, und hier ist er so gelesen";
    FileEnd "file-end" "says that the file has {} bytes, and it has {}" "sagt, dass die Datei {} Bytes hat, und es sind {}";
    Surplus "surplus" "{} bytes stand behind the end that the header names, and belong to nobody; the next writer cuts them off" "{} Bytes stehen hinter dem Ende, das der Kopf nennt, und gehören niemandem; wer als Nächstes schreibt, schneidet sie ab";
    WholeSections "whole-sections" "the file does not end with a whole section" "die Datei endet nicht mit einem ganzen Abschnitt";
    LastMap "last-map" "ibAMapLast is not the offset of the last allocation map" "ibAMapLast ist nicht die Stelle der letzten Belegungskarte";
    Outside "outside" "lies outside of the file" "liegt außerhalb der Datei";
    SectionEnd "section-end" "crosses the end of a section" "reicht über das Ende eines Abschnitts";
    ShownFree "shown-free" "shows {} as free, which is in use" "zeigt {} als frei, obwohl es belegt ist";
    LostRoom "lost-room" "{} bytes are shown as in use and belong to nobody" "{} Bytes gelten als belegt und gehören niemandem";
    MapsInvalid "maps-invalid" "says that the maps are not valid; the next writer makes them anew" "sagt, dass die Karten nicht gelten; wer als Nächstes schreibt, legt sie neu an";
    FreeBytes "free-bytes" "cbAMapFree says {} free bytes, the maps show {}" "cbAMapFree nennt {} freie Bytes, die Karten zeigen {}";
    UsedTwice "used-twice" "is in use twice" "ist doppelt belegt";

    // Heaps.
    FillLevel "fill-level" "has the fill level {}, and its {} free bytes are level {}" "hat den Füllstand {}, und seine {} freien Bytes sind Stand {}";
    FillLevels "fill-levels" "has fill levels for blocks that its heap does not have" "hat Füllstände für Blöcke, die sein Heap nicht hat";
    FirstAllocation "first-allocation" "its first allocation does not begin behind its head" "sein erstes Stück beginnt nicht hinter dem Kopf";
    AllocationOrder "allocation-order" "allocation {} ends before it begins" "Stück {} endet, bevor es beginnt";
    AllocationLength "allocation-length" "allocation {} is longer than {} bytes" "Stück {} ist länger als {} Bytes";
    AllocationMap "allocation-map" "its allocations reach into their map" "seine Stücke reichen bis in ihr Verzeichnis";
    FreedAllocations "freed-allocations" "says that {} allocations were given back, and {} are empty" "nennt {} zurückgegebene Stücke, und {} sind leer";
    RecordRoom "record-room" "has zeros behind the last of its properties, room for {} more, which some readers take for properties" "hat hinter der letzten Eigenschaft Nullen, Platz für {} weitere, was manche Leser für Eigenschaften halten";
    HeapKind "heap-kind" "has a heap of kind {} where one of kind {} belongs (bClientSig)" "hat einen Heap von Art {}, wo einer von Art {} hingehört (bClientSig)";
    HeapTree "heap-tree" "has a tree with keys of {} and data of {} bytes in its heap where {} and {} belong (cbKey, cbEnt)" "hat in seinem Heap einen Baum mit Schlüsseln von {} und Daten von {} Bytes, wo {} und {} hingehören (cbKey, cbEnt)";

    // Tables and nodes.
    Nesting "nesting" "is nested too deeply" "ist zu tief verschachtelt";
    ColumnOrder "column-order" "does not have its columns in order" "hat die Spalten nicht in ihrer Reihenfolge";
    ColumnPlace "column-place" "has its column {} in an unusual place" "hat die Spalte {} an ungewöhnlicher Stelle";
    RowNumbers "row-numbers" "has gaps in the numbers of its rows" "hat Lücken in den Nummern der Zeilen";
    RowRoom "row-room" "has room for {} rows and lists {}" "hat Raum für {} Zeilen und nennt {}";
    CellOverlap "cell-overlap" "has cells that overlap" "hat Zellen, die sich überschneiden";
    ColumnBit "column-bit" "has two columns with one bit" "hat zwei Spalten mit einem Bit";
    CellGroups "cell-groups" "says that its cells of 4 and 8 bytes, of 2 and of 1 end at {}, and they end at {} (rgib)" "sagt, dass seine Zellen von 4 und 8 Bytes, von 2 und von 1 bei {} enden, und sie enden bei {} (rgib)";
    RowLength "row-length" "has rows of {} bytes, and cells up to byte {}" "hat Zeilen von {} Bytes und Zellen bis Byte {}";

    // Folders and items.
    Unlisted "unlisted" "{} items are in no folder's table" "{} Elemente stehen in keiner Tabelle eines Ordners";
    UnlistedFolder "unlisted-folder" "is in no table that the root folder leads to, so that no program shows it" "steht in keiner Tabelle, zu der der Wurzelordner führt, und kein Programm zeigt ihn";
    UnlistedSettings "unlisted-settings" "{} views, rules or settings are in no folder's table" "{} Ansichten, Regeln oder Einstellungen stehen in keiner Tabelle eines Ordners";
    NotThere "not-there" "is listed in folder {} and not there" "steht in der Tabelle von Ordner {} und ist nicht da";
    OtherFolder "other-folder" "is listed in folder {} and belongs to {}" "steht in der Tabelle von Ordner {} und gehört zu {}";
    OtherParent "other-parent" "is listed in folder {} and belongs to another" "steht in der Tabelle von Ordner {} und gehört zu einem anderen";
    ItemRow "item-row" "column {} of its row is not what the item has" "Spalte {} seiner Zeile ist nicht, was das Element hat";
    FolderRow "folder-row" "column {} of its row is not what the folder has" "Spalte {} seiner Zeile ist nicht, was der Ordner hat";
    AttachmentRow "attachment-row" "column {} of its row is not what the attachment has" "Spalte {} seiner Zeile ist nicht, was der Anhang hat";
    AttachmentMissing "attachment-missing" "is listed among the attachments and not there" "steht in der Tabelle der Anhänge und ist nicht da";
    AttachmentUnlisted "attachment-unlisted" "is not in the table of attachments" "steht nicht in der Tabelle der Anhänge";
    ItemCount "item-count" "does not say that it has {} items" "nennt nicht die {} Elemente, die er hat";
    UnreadCount "unread-count" "does not say that {} of its items are unread" "nennt nicht die {} ungelesenen Elemente, die er hat";
    OtherStore "other-store" "names by {} a folder that is not there or of another store" "nennt mit {} einen Ordner, den es nicht gibt oder der aus einer anderen Datei ist";
    NoSettings "no-settings" "has no table of its settings" "hat keine Tabelle der Einstellungen";
    EmbeddedId "embedded-id" "has the id of another message, and some readers take that one for it" "hat die Kennung einer anderen Nachricht, und manche Leser nehmen jene dafür";
    ItemSize "item-size" "says that it has {} bytes and has {}" "nennt {} Bytes und hat {}";
    Required "required" "has no property {}" "hat die Eigenschaft {} nicht";
    UsedAddresses "used-addresses" "names other e-mail addresses as used in one list than in the other" "nennt in einer Liste andere E-Mail-Adressen als belegt als in der anderen";
    LoneAddresses "lone-addresses" "has one of the two lists that name its used e-mail addresses, and not {}" "hat von den zwei Listen, die seine belegten E-Mail-Adressen nennen, nur eine, und nicht {}";
    ChangedDays "changed-days" "its series has {} changed occurrences on {} changed days" "seine Serie hat {} geänderte Termine an {} geänderten Tagen";
    OtherTimes "other-times" "has a message of a changed occurrence that tells other times than the series does" "hat von einem geänderten Termin eine Nachricht, die andere Zeiten nennt als die Serie";
    NoOwnText "no-own-text" "says that a changed occurrence has a text of its own, and it has none" "sagt, dass ein geänderter Termin einen eigenen Text hat, und er hat keinen";
    Occurrences "occurrences" "its series has {} changed occurrences, and {} messages of such" "seine Serie hat {} geänderte Termine, und es gibt {} Nachrichten von solchen";

    // Named properties.
    NoEntries "no-entries" "has no entries" "hat keine Einträge";
    NoBuckets "no-buckets" "has no buckets" "hat keine Fächer";
    BucketTwice "bucket-twice" "bucket {} lists an entry that another one has" "Fach {} nennt einen Eintrag, den ein anderes hat";
    BucketBeyond "bucket-beyond" "bucket {} lists entry {}, which is behind the last one" "Fach {} nennt Eintrag {}, der hinter dem letzten liegt";
    Ordinal "ordinal" "entry {} has the ordinal {}" "Eintrag {} hat die Nummer {}";
    NameSet "name-set" "entry {} is of a set that is not there" "Eintrag {} ist aus einem Satz, den es nicht gibt";
    NoBucket "no-bucket" "entry {} is in no bucket" "Eintrag {} ist in keinem Fach";
    UnnamedId "unnamed-id" "uses {} ids of named properties that the map does not name, the first {}" "benutzt {} Kennungen benannter Eigenschaften, die im Verzeichnis der Namen fehlen, zuerst {}";
    OtherBucket "other-bucket" "entry {} is not in the bucket {} it belongs to" "Eintrag {} ist nicht im Fach {}, in das er gehört";
}

/// Words in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// In English.
    pub en: String,
    /// In German.
    pub de: String,
}

/// A rule with the values that break it.
pub(super) struct Breach {
    pub(super) rule: Rule,
    pub(super) said: Said,
}

impl Rule {
    /// Says that these values break the rule.
    pub(super) fn by(self, values: &[&dyn Display]) -> Breach {
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        let [en, de] = self.words().map(|words| fill(words, &values));
        Breach { rule: self, said: Said { en, de } }
    }
}

impl From<Rule> for Breach {
    fn from(rule: Rule) -> Self {
        rule.by(&[])
    }
}

/// Puts values where the words have room for them.
fn fill(words: &str, values: &[String]) -> String {
    let mut values = values.iter();
    let mut pieces = words.split("{}");
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        filled.push_str(values.next().map_or("?", String::as_str));
        filled.push_str(piece);
    }
    filled
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Rule;

    #[test]
    fn every_rule_has_a_name_of_its_own_and_room_for_the_same_values_in_both_languages() {
        let ids: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        assert_eq!(ids.len(), Rule::ALL.len());
        for rule in Rule::ALL {
            let [en, de] = rule.words().map(|words| words.matches("{}").count());
            assert_eq!(en, de, "{rule:?}");
        }
    }
}
