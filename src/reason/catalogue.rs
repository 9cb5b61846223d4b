//! Pure: the catalogue itself, one entry for each outcome. Long because it is a table that people read
//! from top to bottom, and because one list in one place makes every look-up total.
//!
//! Sentences speak of one record and are shown beside its number and name, so they do not repeat them. They are written for
//! the people who run staffITpro and for recruiters; the words are those of staffITpro's own user interface. What stands in
//! braces is filled in by [`super::Facts`].

use super::{Class, Words};

macro_rules! catalogue {
    ($($name:ident $code:literal $rule:literal $class:ident
        de $de:literal en $en:literal $(next_de $next_de:literal next_en $next_en:literal)?;)+) => {
        /// The code of an outcome.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "each entry has its sentences in the catalogue")]
        pub enum Code { $($name),+ }

        impl Code {
            /// All codes.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Returns the code as it is printed, logged and stored; it never changes its meaning.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// Returns the rule of the sync contract that decided.
            pub const fn rule(self) -> &'static str {
                match self { $(Self::$name => $rule),+ }
            }

            /// Returns what sort of outcome it is.
            pub const fn class(self) -> Class {
                match self { $(Self::$name => Class::$class),+ }
            }

            /// Returns what happened, in both languages.
            pub const fn said(self) -> Words {
                match self { $(Self::$name => Words { de: $de, en: $en }),+ }
            }

            /// Returns what to do next, in both languages, where there is something to do.
            pub const fn next(self) -> Option<Words> {
                match self { $(Self::$name => catalogue!(@next $($next_de $next_en)?)),+ }
            }
        }
    };
    (@next $de:literal $en:literal) => { Some(Words { de: $de, en: $en }) };
    (@next) => { None };
}

catalogue! {
    // Something was done.

    Created "created" "G3" Done
        de "Der Datensatz wurde in Outlook angelegt."
        en "The record was created in Outlook.";
    Linked "linked" "D3" Done
        de "Ein vorhandenes Element in Outlook gehört eindeutig zu diesem Datensatz und wurde mit ihm verbunden."
        en "An item that was in Outlook already belongs to this record beyond doubt and was linked to it."
        next_de "Falls das falsch ist: `abgleich unlink {user} {id}`."
        next_en "If that is wrong: `abgleich unlink {user} {id}`.";
    JoinedByStamp "joined-by-stamp" "D3" Done
        de "Das Element in Outlook trägt die Kennzeichnung dieses Datensatzes und wurde wieder mit ihm verbunden."
        en "The item in Outlook carries this record's stamp and was linked to it again.";
    NewerStaffitpro "newer-staffitpro" "D1" Done
        de "Auf beiden Seiten geändert: {fields}. Die Änderung in staffITpro ist die neuere und gilt jetzt auch in Outlook."
        en "Changed on both sides: {fields}. The change in staffITpro is the newer one and now holds in Outlook too."
        next_de "Was in Outlook stand, steht im Journal (`abgleich.state`, Tabelle `journal`). Soll es gelten: dort nachsehen und wieder eintragen."
        next_en "What Outlook held is in the journal (`abgleich.state`, table `journal`). If that is to hold: look it up there and enter it again.";
    NewerOutlook "newer-outlook" "D1" Done
        de "Auf beiden Seiten geändert: {fields}. Die Änderung in Outlook ist die neuere und gilt jetzt auch in staffITpro."
        en "Changed on both sides: {fields}. The change in Outlook is the newer one and now holds in staffITpro too."
        next_de "Was in staffITpro stand, steht im Journal (`abgleich.state`, Tabelle `journal`). Soll es gelten: dort nachsehen und wieder eintragen."
        next_en "What staffITpro held is in the journal (`abgleich.state`, table `journal`). If that is to hold: look it up there and enter it again.";
    TieStaffitpro "tie-staffitpro" "D1" Done
        de "Auf beiden Seiten innerhalb von zwei Sekunden geändert: {fields}. Bei Gleichstand gilt staffITpro."
        en "Changed on both sides within two seconds: {fields}. In a tie staffITpro holds."
        next_de "Was in Outlook stand, steht im Journal (`abgleich.state`, Tabelle `journal`). Soll es gelten: dort nachsehen und wieder eintragen."
        next_en "What Outlook held is in the journal (`abgleich.state`, table `journal`). If that is to hold: look it up there and enter it again.";
    SetStaffitpro "set-staffitpro" "D1" Done
        de "Auf beiden Seiten geändert: {fields}. Für diesen Bereich ist eingestellt, dass dann staffITpro gilt."
        en "Changed on both sides: {fields}. For this scope it is set that staffITpro holds then."
        next_de "Was in Outlook stand, steht im Journal (`abgleich.state`, Tabelle `journal`). Soll es gelten: dort nachsehen und wieder eintragen."
        next_en "What Outlook held is in the journal (`abgleich.state`, table `journal`). If that is to hold: look it up there and enter it again.";
    SetOutlook "set-outlook" "D1" Done
        de "Auf beiden Seiten geändert: {fields}. Für diesen Bereich ist eingestellt, dass dann Outlook gilt."
        en "Changed on both sides: {fields}. For this scope it is set that Outlook holds then."
        next_de "Was in staffITpro stand, steht im Journal (`abgleich.state`, Tabelle `journal`). Soll es gelten: dort nachsehen und wieder eintragen."
        next_en "What staffITpro held is in the journal (`abgleich.state`, table `journal`). If that is to hold: look it up there and enter it again.";
    OverwrittenOutlook "overwritten-outlook" "G3" Done
        de "In Outlook überschrieben, weil der Bereich auf „staffITpro überschreibt Outlook“ steht: {fields}."
        en "Overwritten in Outlook, because the scope is set to staffitpro-overwrites-outlook: {fields}.";
    OverwrittenStaffitpro "overwritten-staffitpro" "G4" Done
        de "In staffITpro überschrieben, weil der Bereich auf „Outlook überschreibt staffITpro“ steht: {fields}."
        en "Overwritten in staffITpro, because the scope is set to outlook-overwrites-staffitpro: {fields}.";
    Moved "moved" "D4" Done
        de "Das Element wurde in Outlook in einen anderen Ordner verschoben. Es bleibt dort und bleibt verbunden."
        en "The item was moved to another folder in Outlook. It stays there and stays linked.";
    Recreated "recreated" "D5" Done
        de "Das Element war in Outlook gelöscht und wurde wieder angelegt."
        en "The item had been deleted in Outlook and was created again.";
    Restored "restored" "D5" Done
        de "Das Element wurde in Outlook wiederhergestellt und ist wieder mit seinem Datensatz verbunden."
        en "The item was restored in Outlook and is linked to its record again.";
    LeftFilterDeleted "left-filter-deleted" "D6" Done
        de "Der Datensatz ist nicht mehr im Filter „Outlook Synchronisation“; sein Element liegt jetzt in „Gelöschte Elemente“."
        en "The record is no longer in the filter “Outlook Synchronisation”; its item is in Deleted Items now.";
    GoneDeleted "gone-deleted" "D6" Done
        de "Der Datensatz ist in staffITpro gelöscht oder jemand anderem zugewiesen; sein Element liegt jetzt in „Gelöschte Elemente“."
        en "The record is deleted in staffITpro or assigned to somebody else; its item is in Deleted Items now.";
    LateTwinRemoved "late-twin-removed" "I1" Done
        de "Outlook hatte den Datensatz verspätet ein zweites Mal angelegt; das unberührte Doppel liegt jetzt in „Gelöschte Elemente“."
        en "Outlook had created the record a second time, late; the untouched twin is in Deleted Items now.";
    ReminderPast "reminder-past" "D17" Done
        de "Der Zeitpunkt der Erinnerung ist vorbei; sie wurde ausgeschaltet übertragen."
        en "The moment of the reminder has passed; it was written switched off.";

    // Something was left as it is.

    BlankKept "blank-kept" "D1" Kept
        de "Auf einer Seite leer und noch nie abgeglichen: {fields}. Ein leeres Feld löscht dann keinen Wert."
        en "Blank on one side and never settled before: {fields}. A blank clears no value then.";
    BusinessContactKept "business-contact-kept" "G7" Kept
        de "In Outlook geändert: {fields}. Änderungen an Geschäftskontakten gehen nie nach staffITpro; sie bleiben in Outlook."
        en "Changed in Outlook: {fields}. Changes to business contacts never reach staffITpro; they stay in Outlook."
        next_de "Soll die Änderung auch in staffITpro gelten, dort von Hand eintragen."
        next_en "If the change is to hold in staffITpro too, enter it there by hand.";
    DeletedInOutlook "deleted-in-outlook" "D5" Kept
        de "Das Element wurde in Outlook gelöscht und bleibt gelöscht. In staffITpro wurde nichts gelöscht."
        en "The item was deleted in Outlook and stays deleted. Nothing was deleted in staffITpro."
        next_de "Soll es zurück: in Outlook aus „Gelöschte Elemente“ wiederherstellen oder den Datensatz in staffITpro bearbeiten."
        next_en "To have it back: restore it from Deleted Items in Outlook, or edit the record in staffITpro.";
    LeftFilterKept "left-filter-kept" "D6" Kept
        de "Der Datensatz ist nicht mehr im Filter „Outlook Synchronisation“. Sein Element bleibt in Outlook und ruht."
        en "The record is no longer in the filter “Outlook Synchronisation”. Its item stays in Outlook and sleeps."
        next_de "Weiter abgleichen: `abgleich filter add {user} {id}`. Nicht mehr gebraucht: in Outlook löschen."
        next_en "To keep it in step: `abgleich filter add {user} {id}`. If it is not wanted: delete it in Outlook.";
    GoneKept "gone-kept" "D6" Kept
        de "Der Datensatz ist in staffITpro gelöscht oder jemand anderem zugewiesen. Sein Element steht weiter in Outlook."
        en "The record is deleted in staffITpro or assigned to somebody else. Its item is still in Outlook."
        next_de "Nicht mehr gebraucht (etwa aus Gründen des Datenschutzes): in Outlook löschen."
        next_en "If it is not wanted any more (data protection may ask for that): delete it in Outlook.";
    DeleteAdopted "delete-adopted" "D6" Kept
        de "Das Element wäre zu löschen, stand aber schon vor dem ersten Abgleich in Outlook. Solche Elemente werden nicht gelöscht."
        en "The item was due to be deleted, but was in Outlook before the first run. Such items are not deleted."
        next_de "Nicht mehr gebraucht: in Outlook von Hand löschen."
        next_en "If it is not wanted any more: delete it in Outlook by hand.";
    DeleteChanged "delete-changed" "D6" Kept
        de "Das Element wäre zu löschen, wurde aber in Outlook bearbeitet. Solche Elemente werden nicht gelöscht."
        en "The item was due to be deleted, but somebody edited it in Outlook. Such items are not deleted."
        next_de "Nicht mehr gebraucht: in Outlook von Hand löschen."
        next_en "If it is not wanted any more: delete it in Outlook by hand.";
    DeleteGuests "delete-guests" "D6" Kept
        de "Der Termin wäre zu löschen, hat aber Teilnehmer. Solche Termine werden nie gelöscht, damit niemand eine Absage erhält."
        en "The appointment was due to be deleted, but has attendees. Such appointments are never deleted, so that nobody is sent a cancellation."
        next_de "Nicht mehr gebraucht: in Outlook selbst absagen oder löschen."
        next_en "If it is not wanted any more: cancel or delete it in Outlook yourself.";
    DeleteOver "delete-over" "D6" Kept
        de "Das Element wäre zu löschen, ist aber schon vorbei oder erledigt. Es bleibt als Teil des Kalenders oder der Aufgabenliste."
        en "The item was due to be deleted, but it is over or finished. It stays as part of the calendar or task list.";
    DeleteOneWay "delete-one-way" "D6" Kept
        de "Das Element wäre zu löschen, aber der Bereich steht auf „Outlook überschreibt staffITpro“ und schreibt nicht in Outlook."
        en "The item was due to be deleted, but the scope is set to outlook-overwrites-staffitpro and writes nothing to Outlook."
        next_de "Nicht mehr gebraucht: in Outlook von Hand löschen."
        next_en "If it is not wanted any more: delete it in Outlook by hand.";
    CopiesLeftAlone "copies-left-alone" "D3" Kept
        de "In Outlook gibt es Kopien dieses Elements. Eine ist verbunden, die anderen bleiben unberührt."
        en "There are copies of this item in Outlook. One is linked, the others are left alone.";
    Unlinked "unlinked" "D20" Kept
        de "Jemand hat die Verbindung getrennt (`abgleich unlink`). Datensatz und Element gehen seither getrennte Wege."
        en "Somebody took the link apart (`abgleich unlink`). Record and item have gone their own ways since."
        next_de "Wieder verbinden: `abgleich link {user} {id}`."
        next_en "To link again: `abgleich link {user} {id}`.";
    Email4NoSlot "email-4-no-slot" "D11" Kept
        de "Der Datensatz hat eine vierte E-Mail-Adresse. Outlook hat dafür keinen Platz; sie bleibt nur in staffITpro."
        en "The record has a fourth e-mail address. Outlook has no slot for it; it stays in staffITpro only.";
    ForeignAddressKept "foreign-address-kept" "D11" Kept
        de "In Outlook steht hier eine Adresse aus dem Adressbuch der Firma, keine Internet-Adresse: {fields}. Sie bleibt unberührt."
        en "Outlook holds an address of the company's address book here, not an Internet address: {fields}. It is left alone.";
    SeriesWentOn "series-went-on" "D10" Kept
        de "Die wiederkehrende Aufgabe wurde in Outlook erledigt und ist dort beim nächsten Mal. Der Datensatz ist noch beim letzten, und nichts davon wurde nach Outlook geschrieben: {fields}."
        en "The recurring task was completed in Outlook and has gone on to the next time there. The record is still about the last one, and nothing of it was written to Outlook: {fields}."
        next_de "In staffITpro das nächste Datum eintragen, sobald es dort weitergehen soll."
        next_en "Enter the next date in staffITpro once it is to go on there.";
    OneWayKept "one-way-kept" "I9" Kept
        de "Geändert auf der Seite, von der dieser Bereich nichts übernimmt: {fields}. Die Änderung bleibt, wo sie ist."
        en "Changed on the side from which this scope takes nothing: {fields}. The change stays where it is."
        next_de "Soll sie übernommen werden: den Bereich auf „Synchronisieren“ stellen."
        next_en "To have it carried over: set the scope to sync.";
    FieldNotWritable "field-not-writable" "D14" Kept
        de "In Outlook geändert: {fields}. Der Adapter kann das in staffITpro nicht schreiben; die Änderung bleibt in Outlook."
        en "Changed in Outlook: {fields}. The adapter cannot write that to staffITpro; the change stays in Outlook."
        next_de "Bei Bedarf in staffITpro von Hand eintragen."
        next_en "Where it matters, enter it in staffITpro by hand.";

    // Something waits for a word, or for the next run.

    FirstTransferWaiting "first-transfer-waiting" "D2" Waiting
        de "Die erste Übertragung steht noch aus. Datensätze, die auf sie warten: {number}."
        en "The first transfer is still to come. Records that wait for it: {number}."
        next_de "Ansehen mit `abgleich plan --first-transfer --mailbox {user}`, ausführen mit `abgleich sync --first-transfer --mailbox {user}`."
        next_en "See it with `abgleich plan --first-transfer --mailbox {user}`, do it with `abgleich sync --first-transfer --mailbox {user}`.";
    PairUnread "pair-unread" "D3" Waiting
        de "In Outlook gibt es Elemente, die sich nicht lesen lassen: {number}. Zu welchem Datensatz sie gehören, steht nicht fest; damit nichts doppelt entsteht, wird bis dahin nichts angelegt, was eines davon sein könnte."
        en "There are items in Outlook that cannot be read: {number}. Which records they belong to is not certain; until it is, nothing is created that may be one of them, so that nothing is doubled."
        next_de "Jeder Lauf versucht es wieder. Bleibt es so, sind die Elemente wohl beschädigt: in Outlook nach Einträgen sehen, die sich nicht öffnen lassen, und sie löschen. Oder ohne sie weitermachen: `abgleich sync --mailbox {user}{options} --allow unread={number}`."
        next_en "Each run tries again. If it stays, the items are probably damaged: look in Outlook for entries that cannot be opened, and delete them. Or go on without them: `abgleich sync --mailbox {user}{options} --allow unread={number}`.";
    WritesOffOutlook "writes-off-outlook" "D19" Waiting
        de "Wäre in Outlook geschrieben worden; das Schreiben ist für dieses Postfach ausgeschaltet."
        en "Would have been written to Outlook; writing is switched off for this mailbox."
        next_de "Wenn geschrieben werden soll: `writes = \"on\"`. Wo es ausgeschaltet ist, zeigt `abgleich config show {user}`."
        next_en "If it is to be written: `writes = \"on\"`. Where it is switched off, `abgleich config show {user}` tells.";
    WritesOffStaffitpro "writes-off-staffitpro" "D19" Waiting
        de "Wäre in staffITpro geschrieben worden; das Schreiben ist für diese Quelle oder dieses Postfach ausgeschaltet."
        en "Would have been written to staffITpro; writing is switched off for this source or mailbox."
        next_de "Wenn geschrieben werden soll: `writes = \"on\"`. Wo es ausgeschaltet ist, zeigt `abgleich config show {user}`."
        next_en "If it is to be written: `writes = \"on\"`. Where it is switched off, `abgleich config show {user}` tells.";
    StaleItem "stale-item" "D13" Waiting
        de "Das Element in Outlook wurde geändert, während der Lauf es schreiben wollte. Es wurde nichts überschrieben."
        en "The item in Outlook changed while the run was about to write it. Nothing was overwritten."
        next_de "Nichts zu tun: Der nächste Lauf liest beide Seiten neu (`abgleich sync --mailbox {user}`)."
        next_en "Nothing to do: the next run reads both sides again (`abgleich sync --mailbox {user}`).";
    StaleRecord "stale-record" "D13" Waiting
        de "Der Datensatz wurde in staffITpro geändert, während der Lauf ihn schreiben wollte. Es wurde nichts überschrieben."
        en "The record changed in staffITpro while the run was about to write it. Nothing was overwritten."
        next_de "Nichts zu tun: Der nächste Lauf liest beide Seiten neu (`abgleich sync --mailbox {user}`)."
        next_en "Nothing to do: the next run reads both sides again (`abgleich sync --mailbox {user}`).";
    Busy "busy" "D13" Waiting
        de "Die andere Seite war überlastet oder hatte den Datensatz gerade gesperrt. Es wurde nichts geschrieben."
        en "The other side was busy or had the record locked. Nothing was written."
        next_de "Nichts zu tun: Der nächste Lauf versucht es wieder. Bleibt es so, wird der Datensatz vielleicht gerade bearbeitet."
        next_en "Nothing to do: the next run tries again. If it stays like this, somebody may have the record open.";
    AnswerLost "answer-lost" "I1" Waiting
        de "Die Antwort auf das Schreiben ging verloren; ob es geschah, ist noch offen. Es wird nicht blind wiederholt."
        en "The answer to a write was lost; whether it happened is open. It is not repeated blindly."
        next_de "Nichts zu tun: Der nächste Lauf sucht das Element und klärt es (`abgleich sync --mailbox {user}`)."
        next_en "Nothing to do: the next run looks for the item and settles it (`abgleich sync --mailbox {user}`).";
    BrakeCreated "brake-created" "D7" Waiting
        de "In Outlook würden Elemente angelegt: {number}. Ohne Rückfrage erlaubt sind in 24 Stunden: {limit}. Übliche Ursachen: Viele Datensätze kamen in den Filter, oder ein Ordner in Outlook wurde geleert."
        en "Items would be created in Outlook: {number}. Allowed in 24 hours without asking: {limit}. Usual causes: many records came into the filter, or a folder in Outlook was emptied."
        next_de "Ansehen: `abgleich plan --mailbox {user}{options}`. Wenn es gewollt ist: `abgleich sync --mailbox {user}{options} {words}`."
        next_en "Have a look: `abgleich plan --mailbox {user}{options}`. If it is meant: `abgleich sync --mailbox {user}{options} {words}`.";
    BrakeUpdatedOutlook "brake-updated-outlook" "D7" Waiting
        de "In Outlook würden Elemente geändert: {number}. Ohne Rückfrage erlaubt sind in 24 Stunden: {limit}. Übliche Ursachen: ein Import in staffITpro, ein neuer Adapter, eine geänderte Einstellung."
        en "Items would be updated in Outlook: {number}. Allowed in 24 hours without asking: {limit}. Usual causes: an import into staffITpro, a new adapter, a changed setting."
        next_de "Ansehen: `abgleich plan --mailbox {user}{options}`. Wenn es gewollt ist: `abgleich sync --mailbox {user}{options} {words}`."
        next_en "Have a look: `abgleich plan --mailbox {user}{options}`. If it is meant: `abgleich sync --mailbox {user}{options} {words}`.";
    BrakeUpdatedStaffitpro "brake-updated-staffitpro" "D7" Waiting
        de "In staffITpro würden Datensätze geändert: {number}. Ohne Rückfrage erlaubt sind in 24 Stunden: {limit}. Übliche Ursachen: ein Import in Outlook, ein anderes Programm, das Kontakte ändert, eine falsch gestellte Uhr."
        en "Records would be updated in staffITpro: {number}. Allowed in 24 hours without asking: {limit}. Usual causes: an import into Outlook, another program that edits contacts, a clock that is wrong."
        next_de "Ansehen: `abgleich plan --mailbox {user}{options}`. Wenn es gewollt ist: `abgleich sync --mailbox {user}{options} {words}`."
        next_en "Have a look: `abgleich plan --mailbox {user}{options}`. If it is meant: `abgleich sync --mailbox {user}{options} {words}`.";
    BrakeCleared "brake-cleared" "D7" Waiting
        de "Werte würden durch leere Felder ersetzt: {number}. Ohne Rückfrage erlaubt sind in 24 Stunden: {limit}. Übliche Ursachen: Ein Adapter liefert plötzlich leere Felder, oder ein Import hat Felder geleert."
        en "Values would be replaced by blanks: {number}. Allowed in 24 hours without asking: {limit}. Usual causes: an adapter suddenly delivers blank fields, or an import emptied fields."
        next_de "Ansehen: `abgleich plan --mailbox {user}{options}`. Wenn es gewollt ist: `abgleich sync --mailbox {user}{options} {words}`."
        next_en "Have a look: `abgleich plan --mailbox {user}{options}`. If it is meant: `abgleich sync --mailbox {user}{options} {words}`.";
    BrakeDeleted "brake-deleted" "D7" Waiting
        de "In Outlook würden Elemente gelöscht: {number}. Ohne Rückfrage erlaubt sind in 24 Stunden: {limit}. Übliche Ursachen: Datensätze wurden neu zugewiesen oder aus dem Filter genommen, oder staffITpro liefert zu wenig."
        en "Items would be deleted in Outlook: {number}. Allowed in 24 hours without asking: {limit}. Usual causes: records were reassigned or taken out of the filter, or staffITpro delivers too few."
        next_de "Ansehen: `abgleich plan --mailbox {user}{options}`. Wenn es gewollt ist: `abgleich sync --mailbox {user}{options} {words}`."
        next_en "Have a look: `abgleich plan --mailbox {user}{options}`. If it is meant: `abgleich sync --mailbox {user}{options} {words}`.";
    BrakeMissing "brake-missing" "D7" Waiting
        de "Verbundene Elemente, die seit dem letzten Lauf in Outlook fehlen: {number}. Ohne Rückfrage erlaubt sind in 24 Stunden: {limit}. Übliche Ursachen: Ein Ordner wurde geleert, archiviert oder aus einer Sicherung ersetzt."
        en "Linked items that went missing in Outlook since the last run: {number}. Allowed in 24 hours without asking: {limit}. Usual causes: a folder was emptied, archived, or replaced from a backup."
        next_de "Zuerst in Outlook nachsehen („Gelöschte Elemente“, Archiv). Sind sie mit Absicht weg: `abgleich sync --mailbox {user}{options} {words}`."
        next_en "Look in Outlook first (Deleted Items, archive). If they are gone on purpose: `abgleich sync --mailbox {user}{options} {words}`.";
    BrakeFilter "brake-filter" "D7" Waiting
        de "Der Filter „Outlook Synchronisation“ hat in 24 Stunden über die Hälfte seiner Datensätze verloren, seit dem letzten Lauf: {number}. Übliche Ursachen: Der Filter wurde in staffITpro geleert oder neu angelegt, oder der Adapter liest den falschen."
        en "The filter “Outlook Synchronisation” lost more than half of its records within 24 hours, since the last run: {number}. Usual causes: the filter was emptied or made anew in staffITpro, or the adapter reads the wrong one."
        next_de "Ansehen: `abgleich filter list {user}`. Wenn es gewollt ist: `abgleich sync --mailbox {user}{options} {words}`."
        next_en "Have a look: `abgleich filter list {user}`. If it is meant: `abgleich sync --mailbox {user}{options} {words}`.";
    BrakeRestored "brake-restored" "D7" Waiting
        de "Versionen oder Zeiten laufen rückwärts. Die übliche Ursache: Die Datenbank oder das Postfach wurde aus einer Sicherung zurückgeholt. Ohne Rückfrage könnten alte Werte neue überschreiben."
        en "Versions or times run backwards. The usual cause: the database or the mailbox was restored from a backup. Without asking, old values might overwrite new ones."
        next_de "Ansehen: `abgleich plan --full --mailbox {user}{options}`. Wenn der Stand richtig ist: `abgleich sync --full --mailbox {user}{options} {words}`."
        next_en "Have a look: `abgleich plan --full --mailbox {user}{options}`. If this is how it should be: `abgleich sync --full --mailbox {user}{options} {words}`.";
    BrakeTurned "brake-turned" "D7" Waiting
        de "Die Richtung dieses Bereichs wurde seit dem letzten Lauf umgedreht. Was bisher die eine Seite bestimmte, würde jetzt von der anderen überschrieben."
        en "The direction of this scope was turned round since the last run. What one side decided so far would now be overwritten by the other."
        next_de "Ansehen: `abgleich plan --mailbox {user}{options}`. Wenn es gewollt ist: `abgleich sync --mailbox {user}{options} {words}`."
        next_en "Have a look: `abgleich plan --mailbox {user}{options}`. If it is meant: `abgleich sync --mailbox {user}{options} {words}`.";
    BrakeTenant "brake-tenant" "D7" Waiting
        de "Hinter der Quelle „{tenant}“ steht eine andere Datenbank als die, mit der dieses Postfach zuletzt abgeglichen wurde. Übliche Ursachen: eine Testdatenbank in den Einstellungen, eine neu aufgesetzte Datenbank."
        en "Behind the source “{tenant}” is another database than the one that this mailbox was last settled with. Usual causes: a test database in the settings, a database set up anew."
        next_de "Die Einstellungen der Quelle prüfen: `abgleich config show {user}`. Ist es die richtige: `abgleich sync --mailbox {user}{options} {words}`."
        next_en "Look at the settings of the source: `abgleich config show {user}`. If it is the right one: `abgleich sync --mailbox {user}{options} {words}`.";
    MailboxChanged "mailbox-changed" "D15" Waiting
        de "Hinter der Adresse {address} steht ein anderes Postfach als beim letzten Lauf. Übliche Ursachen: Das Postfach wurde umgezogen, neu angelegt oder die Adresse jemand anderem gegeben. Es wurde nichts geschrieben."
        en "Another mailbox than in the last run is behind the address {address}. Usual causes: the mailbox was moved, made anew, or the address was given to somebody else. Nothing was written."
        next_de "Prüfen, wem das Postfach gehört: `abgleich check --mailbox {user}`. Gehört es derselben Person: `abgleich rebind {user}`."
        next_en "See whose mailbox it is: `abgleich check --mailbox {user}`. If it is the same person's: `abgleich rebind {user}`.";
    MailboxTaken "mailbox-taken" "G9" Waiting
        de "Hinter der Adresse {address} steht ein Postfach, das schon einem anderen staffITpro-Benutzer gehört. Zwei Benutzer in einem Postfach würden alles doppelt anlegen; es wurde nichts geschrieben. Übliche Ursachen: zwei Zeilen mit zwei Adressen desselben Postfachs, eine Kopie einer PST-Datei, ein Benutzer oder eine Quelle mit neuem Namen, eine Zeile, die früher falsch war."
        en "Behind the address {address} is a mailbox that belongs to another staffITpro user already. Two users in one mailbox would make everything twice; nothing was written. Usual causes: two lines with two addresses of the same mailbox, a copy of a PST file, a user or a source with a new name, a line that was wrong before."
        next_de "Die falsche der beiden Zeilen berichtigen. Gehört das Postfach von nun an zu {user}: `abgleich rebind {user}`; was der andere Benutzer darin hat, bleibt liegen und ist dann niemandes."
        next_en "Put the wrong one of the two lines right. If the mailbox is {user}'s from now on: `abgleich rebind {user}`; what the other user has in it stays there and is nobody's then.";

    // Something is held because it is in doubt.

    ConflictHeld "conflict-held" "D1" Held
        de "Auf beiden Seiten verschieden geändert: {fields}. Für diesen Bereich ist eingestellt, dass ein Mensch entscheidet."
        en "Changed differently on both sides: {fields}. For this scope it is set that a person decides."
        next_de "Entscheiden: `abgleich take {user} {id} staffitpro` oder `abgleich take {user} {id} outlook`."
        next_en "Decide: `abgleich take {user} {id} staffitpro` or `abgleich take {user} {id} outlook`.";
    ConflictUndated "conflict-undated" "D1" Held
        de "Auf beiden Seiten verschieden geändert: {fields}. Von einer Seite ist nicht bekannt, wann; welche Änderung die neuere ist, steht nicht fest."
        en "Changed differently on both sides: {fields}. One side does not tell when, so nobody knows which change is the newer one."
        next_de "Entscheiden: `abgleich take {user} {id} staffitpro` oder `abgleich take {user} {id} outlook`."
        next_en "Decide: `abgleich take {user} {id} staffitpro` or `abgleich take {user} {id} outlook`.";
    ConflictClock "conflict-clock" "D1" Held
        de "Auf beiden Seiten geändert: {fields}. Die Uhren von staffITpro und Outlook gehen mehr als fünf Minuten auseinander; welche Änderung die neuere ist, steht nicht fest."
        en "Changed on both sides: {fields}. The clocks of staffITpro and Outlook are more than five minutes apart; which change is the newer one is not certain."
        next_de "Die Uhren der Server richtig stellen (`abgleich check` zeigt den Unterschied) oder entscheiden: `abgleich take {user} {id} staffitpro` oder `abgleich take {user} {id} outlook`."
        next_en "Set the servers' clocks right (`abgleich check` shows the difference), or decide: `abgleich take {user} {id} staffitpro` or `abgleich take {user} {id} outlook`.";
    BlockHeld "block-held" "D1" Held
        de "Diese Angaben gehören zusammen und lassen sich nicht als Ganzes übertragen, ohne etwas zu verlieren: {fields}. Beide Seiten bleiben, wie sie sind."
        en "These belong together and cannot be carried over as a whole without losing something: {fields}. Both sides stay as they are."
        next_de "Auf einer Seite von Hand berichtigen oder entscheiden: `abgleich take {user} {id} staffitpro` oder `abgleich take {user} {id} outlook`."
        next_en "Put one side right by hand, or decide: `abgleich take {user} {id} staffitpro` or `abgleich take {user} {id} outlook`.";
    PairAmbiguous "pair-ambiguous" "D3" Held
        de "Mehrere Elemente in Outlook passen zu diesem Datensatz. Es wurde nicht geraten und nichts doppelt angelegt."
        en "Several items in Outlook fit this record. Nothing was guessed and nothing was created twice."
        next_de "Die Elemente zeigt `abgleich link {user} {id}`. Eines davon verbinden: `abgleich link {user} {id} ELEMENT`."
        next_en "The items are shown by `abgleich link {user} {id}`. Link one of them: `abgleich link {user} {id} ITEM`.";
    PairNameOnly "pair-name-only" "D3" Held
        de "Ein Element in Outlook hat denselben Namen, sonst stimmt nichts überein. Ob es dieselbe Person ist, steht nicht fest."
        en "An item in Outlook has the same name and nothing else in common. Whether it is the same person is not certain."
        next_de "Dieselbe Person: `abgleich link {user} {id} ELEMENT` (das Element zeigt `abgleich link {user} {id}`). Sonst in Outlook oder staffITpro E-Mail, Geburtstag, Telefon oder Firma ergänzen."
        next_en "The same person: `abgleich link {user} {id} ITEM` (the item is shown by `abgleich link {user} {id}`). Otherwise add e-mail, birthday, phone or company in Outlook or staffITpro.";
    PairTwoRecords "pair-two-records" "D3" Held
        de "Mehrere Datensätze in staffITpro sind dem Anschein nach dieselbe Person oder Sache, etwa jemand als Bewerber und als Geschäftskontakt. In Outlook wurde nichts doppelt angelegt."
        en "Several records of staffITpro look like the same person or thing, such as somebody as an applicant and as a business contact. Nothing was created twice in Outlook."
        next_de "Nur einen davon im Filter lassen: `abgleich filter remove {user} {id}`. Oder einen mit einem Element verbinden, das es schon gibt: `abgleich link {user} {id}` zeigt die, die in Frage kommen."
        next_en "Keep only one of them in the filter: `abgleich filter remove {user} {id}`. Or link one to an item that is there already: `abgleich link {user} {id}` lists those that come into question.";
    MissingUnproven "missing-unproven" "D4" Held
        de "Das Element ist in Outlook nicht zu finden, aber nichts beweist, dass es gelöscht wurde. Es gilt nicht als gelöscht."
        en "The item cannot be found in Outlook, but nothing proves that it was deleted. It does not count as deleted."
        next_de "Vollständig vergleichen: `abgleich sync --full --mailbox {user}`. Bleibt es so: in Outlook nach dem Element sehen; es kann privat sein, in einem Ordner ohne Leserecht, oder eine Besprechung mit Teilnehmern, die verschoben oder gelöscht wurde. Neu verbinden: `abgleich unlink {user} {id}`, dann `abgleich link {user} {id}`."
        next_en "Compare everything: `abgleich sync --full --mailbox {user}`. If it stays: look for the item in Outlook; it may be private, in a folder that we may not read, or a meeting with attendees that was moved or deleted. To link anew: `abgleich unlink {user} {id}`, then `abgleich link {user} {id}`.";
    NotEditable "not-editable" "D14" Held
        de "In Outlook geändert: {fields}. {user} darf diesen Datensatz in staffITpro nicht ändern."
        en "Changed in Outlook: {fields}. {user} may not change this record in staffITpro."
        next_de "In staffITpro das Recht geben, oder die Änderung in Outlook zurücknehmen: `abgleich take {user} {id} staffitpro`."
        next_en "Give the right in staffITpro, or take back the change in Outlook: `abgleich take {user} {id} staffitpro`.";
    GuestsReadOnly "guests-read-only" "D8" Held
        de "In staffITpro geändert: {fields}. Der Termin hat Teilnehmer und wird in Outlook nie von uns geändert, damit niemand Post bekommt."
        en "Changed in staffITpro: {fields}. The appointment has attendees and is never changed in Outlook by us, so that nobody is sent mail."
        next_de "In Outlook von Hand ändern, wo die Teilnehmer benachrichtigt werden können. Beide Werte zeigt `abgleich plan --mailbox {user} --explain {id} --values`."
        next_en "Change it in Outlook by hand, where the attendees can be told. Both values are shown by `abgleich plan --mailbox {user} --explain {id} --values`.";

    // Something is outside what this program moves.

    CreateMissingOff "create-missing-off" "D2" Skipped
        de "Der Datensatz hat kein Element in Outlook, und das Anlegen nach der ersten Übertragung ist ausgeschaltet."
        en "The record has no item in Outlook, and creating after the first transfer is switched off."
        next_de "Soll er angelegt werden: `create_missing = true` einstellen; der nächste Lauf legt ihn an."
        next_en "To have it created: set `create_missing = true`; the next run creates it.";
    PrivateSkipped "private-skipped" "D9" Skipped
        de "Das Element ist in Outlook als privat oder vertraulich gekennzeichnet. Es wird nicht abgeglichen."
        en "The item is marked private or confidential in Outlook. It is not synchronised.";
    SeriesUnsupported "series-unsupported" "D10" Skipped
        de "Diese Serie kann eine der beiden Seiten nicht darstellen. Sie wurde nicht verändert und nicht in Einzeltermine aufgelöst."
        en "One of the two sides cannot represent this series. It was not changed and not broken up into single dates."
        next_de "Bei Bedarf auf beiden Seiten von Hand pflegen."
        next_en "Where it matters, keep it by hand on both sides.";
    SeriesDates "series-dates" "D10" Skipped
        de "Das Datum einer wiederkehrenden Aufgabe wurde in staffITpro geändert. In Outlook bleibt es: Exchange würde aus jedem neuen Datum eine weitere Aufgabe machen."
        en "The date of a recurring task was changed in staffITpro. In Outlook it stays: Exchange would make one more task of each new date."
        next_de "Das Datum in Outlook ändern, oder die Serie in staffITpro."
        next_en "Change the date in Outlook, or the series in staffITpro.";
    TooLong "too-long" "D11" Skipped
        de "Zu lang für die andere Seite: {fields}. Es wird nie etwas abgeschnitten."
        en "Too long for the other side: {fields}. Nothing is ever cut."
        next_de "Auf der Seite mit dem langen Wert kürzen."
        next_en "Shorten it on the side that holds the long value.";
    CategoryDivided "category-divided" "D11" Skipped
        de "In einer Kategorie steht ein Komma oder ein Semikolon. Outlook würde daraus mehrere Kategorien machen, und so kämen sie zurück. Die Kategorien blieben auf beiden Seiten, wie sie sind."
        en "A category has a comma or a semicolon in it. Outlook would make several categories of it, and so they would come back. The categories were left as they are on both sides."
        next_de "Das Zeichen in staffITpro aus der Kategorie nehmen."
        next_en "Take the character out of the category in staffITpro.";
    OldActivity "old-activity" "D16" Skipped
        de "Der Termin oder die Aufgabe ist länger vorbei oder erledigt, als `past_days` erlaubt, und wird nicht mehr angelegt."
        en "The appointment or task is over or finished for longer than `past_days` allows, and is not created any more.";
    OnlyInStaffitpro "only-in-staffitpro" "G4" Skipped
        de "Der Datensatz steht nur in staffITpro. Der Bereich steht auf „Outlook überschreibt staffITpro“ und legt nichts an."
        en "The record is in staffITpro only. The scope is set to outlook-overwrites-staffitpro and creates nothing.";

    // Something failed.

    RefusedOutlook "refused-outlook" "D13" Failed
        de "Outlook hat die Änderung nicht angenommen: {fields}."
        en "Outlook did not accept the change: {fields}."
        next_de "Einen Wert oder eine Serie in staffITpro berichtigen (`abgleich source show {user} {id}` zeigt den Datensatz). Liegt es am Postfach (Rechte, Platz), dem abhelfen, dann `abgleich sync --mailbox {user} --full`."
        next_en "Put a value or a series right in staffITpro (`abgleich source show {user} {id}` shows the record). If it is the mailbox (rights, room), mend that, then run `abgleich sync --mailbox {user} --full`.";
    RefusedStaffitpro "refused-staffitpro" "D13" Failed
        de "staffITpro hat die Änderung nicht angenommen: {fields}."
        en "staffITpro did not accept the change: {fields}."
        next_de "Den Wert in Outlook berichtigen, oder den von staffITpro behalten: `abgleich take {user} {id} staffitpro`."
        next_en "Put the value right in Outlook, or keep staffITpro's: `abgleich take {user} {id} staffitpro`.";
    ItemUnreadable "item-unreadable" "I11" Failed
        de "Das Element in Outlook ist nicht lesbar. Es blieb unberührt; alles andere ging weiter."
        en "The item in Outlook cannot be read. It was left alone; everything else went on."
        next_de "In Outlook öffnen und neu speichern. Der Grund ist die Antwort des Servers oder die Stelle in der Datei; was an einer Datei sonst noch falsch ist, sagt `abgleich pst check`."
        next_en "Open it in Outlook and save it again. The reason is the server's answer, or the place in the file; what else is wrong with a file is said by `abgleich pst check`.";
    WrittenUnreadable "written-unreadable" "D12" Failed
        de "Das Element in Outlook wurde geschrieben und ließ sich danach nicht lesen. Alles andere ging weiter."
        en "The item in Outlook was written, and could not be read afterwards. Everything else went on."
        next_de "Jeder Lauf liest es wieder. Bleibt es so: in Outlook nachsehen, ob es sich öffnen lässt. Der Grund ist die Antwort des Servers oder die Stelle in der Datei. Was vorher darin stand, steht im Journal (`abgleich.state`, Tabelle `journal`)."
        next_en "Each run reads it again. If it stays: look in Outlook whether it opens. The reason is the server's answer, or the place in the file. What it held before is in the journal (`abgleich.state`, table `journal`).";
    RecordUnreadable "record-unreadable" "I11" Failed
        de "Der Adapter liefert diesen Datensatz in einer Form, die nicht zu verstehen ist. Er blieb unberührt; alles andere ging weiter."
        en "The adapter delivers this record in a form that cannot be understood. It was left alone; everything else went on."
        next_de "`abgleich source show {user} {id}` zeigt, was falsch ist. Damit an den Hersteller des Adapters wenden."
        next_en "`abgleich source show {user} {id}` shows what is wrong. Turn to the maker of the adapter with it.";
    MailboxFailed "mailbox-failed" "I11" Failed
        de "Das Postfach {address} konnte nicht abgeglichen werden. Die anderen Postfächer sind davon nicht betroffen."
        en "The mailbox {address} could not be synchronised. The other mailboxes are not affected."
        next_de "`abgleich check --mailbox {user}` nennt die Stelle, an der es hakt."
        next_en "`abgleich check --mailbox {user}` names the place where it fails.";
    MailboxMissing "mailbox-missing" "I11" Failed
        de "Unter der Adresse {address} gibt es auf diesem Server kein Postfach. Übliche Ursachen: eine geänderte oder vertippte Adresse, ein gelöschtes Postfach, ein Umzug zu Exchange Online oder in eine andere Organisation. In staffITpro und in den anderen Postfächern bleibt alles, wie es ist."
        en "This server has no mailbox with the address {address}. Usual causes: an address that was changed or mistyped, a mailbox that was deleted, a move to Exchange Online or to another organisation. Everything in staffITpro and in the other mailboxes stays as it is."
        next_de "Die primäre SMTP-Adresse in der Zeile von {user} eintragen und `abgleich check --mailbox {user}` aufrufen; ist die Person ausgeschieden, die Zeile entfernen."
        next_en "Put the primary SMTP address into the line of {user} and run `abgleich check --mailbox {user}`; where the person has left, remove the line.";
    MailboxElsewhere "mailbox-elsewhere" "I11" Failed
        de "Das Postfach {address} liegt nicht mehr auf diesem Server, sondern bei Exchange Online, in einer anderen Organisation oder an einem Standort, den dieser Server nicht erreicht. Die anderen Postfächer sind davon nicht betroffen."
        en "The mailbox {address} is not on this server any more, but with Exchange Online, in another organisation, or at a site that this server does not reach. The other mailboxes are not affected."
        next_de "Liegt es auf einem anderen Exchange-Server: dessen `url` als eigenen Server eintragen und {user} zuordnen. Postfächer bei Exchange Online werden nicht abgeglichen; dann die Zeile entfernen."
        next_en "If it is on another Exchange server: enter its `url` as a server of its own and assign {user} to it. Mailboxes at Exchange Online are not synchronised; then remove the line.";
    MailboxInTransit "mailbox-in-transit" "I11" Failed
        de "Das Postfach {address} wird gerade verschoben, oder seine Datenbank ist nicht bereit. Nichts ging verloren; die anderen Postfächer sind davon nicht betroffen."
        en "The mailbox {address} is being moved at the moment, or its database is not ready. Nothing was lost; the other mailboxes are not affected."
        next_de "Abwarten, bis der Umzug abgeschlossen ist; der nächste Lauf macht weiter. Bleibt es so: auf dem Exchange-Server mit `Get-MoveRequest` und `Get-MailboxDatabaseCopyStatus` nachsehen."
        next_en "Wait until the move is complete; the next run goes on. If it stays: look on the Exchange server with `Get-MoveRequest` and `Get-MailboxDatabaseCopyStatus`.";
    MailboxLocked "mailbox-locked" "I11" Failed
        de "Das Konto zum Postfach {address} ist gesperrt oder deaktiviert; niemand kann das Postfach öffnen. Die anderen Postfächer sind davon nicht betroffen."
        en "The account of the mailbox {address} is locked or disabled; nobody can open the mailbox. The other mailboxes are not affected."
        next_de "Das Konto im Active Directory wieder freigeben oder, ist die Person ausgeschieden, die Zeile von {user} entfernen."
        next_en "Enable the account in Active Directory again or, where the person has left, remove the line of {user}.";
    MailboxFull "mailbox-full" "I11" Failed
        de "Das Postfach {address} ist voll und nimmt nichts mehr auf. Was geschrieben werden sollte, bleibt vorgemerkt."
        en "The mailbox {address} is full and takes nothing more. What was to be written stays noted."
        next_de "Im Postfach Platz schaffen oder die Grenze heben (`Set-Mailbox -ProhibitSendReceiveQuota`); der nächste Lauf holt alles nach."
        next_en "Make room in the mailbox or raise its limit (`Set-Mailbox -ProhibitSendReceiveQuota`); the next run makes up for everything.";
    EwsNotAllowed "ews-not-allowed" "I11" Failed
        de "Der Server lässt dieses Programm nicht an das Postfach {address}: EWS ist dort abgeschaltet oder nur für bestimmte Programme erlaubt."
        en "The server does not let this program at the mailbox {address}: EWS is switched off there or allowed to certain programs only."
        next_de "`Get-CASMailbox` und `Get-OrganizationConfig` zeigen `EwsEnabled`, `EwsApplicationAccessPolicy`, `EwsAllowList` und `EwsBlockList`; in die Liste gehört `abgleich/*`."
        next_en "`Get-CASMailbox` and `Get-OrganizationConfig` show `EwsEnabled`, `EwsApplicationAccessPolicy`, `EwsAllowList` and `EwsBlockList`; the entry for the list is `abgleich/*`.";
    ImpersonationRefused "impersonation-refused" "I11" Failed
        de "Das Dienstkonto darf nicht für {address} handeln. Die anderen Postfächer sind davon nicht betroffen."
        en "The service account may not act for {address}. The other mailboxes are not affected."
        next_de "Die Rolle ApplicationImpersonation auf dieses Postfach ausdehnen; `abgleich check --mailbox {user}` prüft es. Oder `access` auf \"delegate\" stellen und Rechte an den Ordnern geben."
        next_en "Extend the role ApplicationImpersonation to this mailbox; `abgleich check --mailbox {user}` tests it. Or set `access` to \"delegate\" and give rights on the folders.";
    RightsMissing "rights-missing" "I11" Failed
        de "Dem Dienstkonto fehlen Rechte an einem Ordner des Postfachs {address}."
        en "The service account lacks rights on a folder of the mailbox {address}."
        next_de "Rechte an Kontakten, Kalender, Aufgaben und Gelöschten Elementen geben; `abgleich check --mailbox {user}` nennt den Ordner."
        next_en "Give rights on contacts, calendar, tasks and deleted items; `abgleich check --mailbox {user}` names the folder.";
    LoginRefused "login-refused" "I11" Failed
        de "Der Server hat die Anmeldung des Dienstkontos abgelehnt. Sie wird in diesem Lauf nicht wiederholt, damit das Konto nicht gesperrt wird."
        en "The server refused the login of the service account. It is not repeated in this run, so that the account is not locked."
        next_de "Benutzername und Kennwort des Servers in der Konfiguration prüfen, dann `abgleich check --mailbox {user}`."
        next_en "Check user name and password of the server in the configuration, then run `abgleich check --mailbox {user}`.";
    LoginLocked "login-locked" "I11" Failed
        de "Das Dienstkonto ist gesperrt. Jede weitere Anmeldung verlängert die Sperre; in diesem Lauf wird keine versucht."
        en "The service account is locked. Each further login prolongs the lock; none is tried in this run."
        next_de "Das Dienstkonto im Active Directory entsperren und nachsehen, wer sich mit einem alten Kennwort anmeldet; dann `abgleich check --mailbox {user}`."
        next_en "Unlock the service account in Active Directory and find out who logs in with an old password; then run `abgleich check --mailbox {user}`.";
    ServerBusy "server-busy" "I11" Failed
        de "Der Server ist überlastet und wollte länger in Ruhe gelassen werden, als ein Lauf wartet. Nichts ging verloren."
        en "The server is overloaded and wanted to be left alone for longer than a run waits. Nothing was lost."
        next_de "Später noch einmal: `abgleich sync --mailbox {user}`. Kommt es öfter vor: weniger Postfächer zugleich (`max_lanes`) oder eine eigene Drosselungsrichtlinie für das Dienstkonto."
        next_en "Once more later: `abgleich sync --mailbox {user}`. If it happens often: fewer mailboxes at once (`max_lanes`), or a throttling policy of its own for the service account.";
    NoEwsAnswer "no-ews-answer" "I11" Failed
        de "Unter der Adresse des Servers antwortet etwas anderes als EWS: eine Anmeldeseite, eine Fehlerseite oder ein vorgeschaltetes Gerät."
        en "Something else than EWS answers at the server's address: a login page, an error page, or a device in front of it."
        next_de "Die `url` des Servers prüfen; sie endet auf `/EWS/Exchange.asmx`. Steht ein Reverse-Proxy davor, dessen Vorab-Anmeldung für diesen Pfad abschalten."
        next_en "Check the server's `url`; it ends in `/EWS/Exchange.asmx`. Where a reverse proxy stands in front, switch its pre-authentication off for this path.";
    FileInUse "file-in-use" "I11" Failed
        de "Die Outlook-Datendatei {address} ist in einem anderen Programm geöffnet, wohl in Outlook. Sie bleibt, wie sie ist."
        en "The Outlook data file {address} is open in another program, most likely Outlook. It is left as it is."
        next_de "Die Datei in Outlook schließen (Rechtsklick auf ihren Namen in der Ordnerliste) oder Outlook beenden; der nächste Lauf macht weiter."
        next_en "Close the file in Outlook (a right click on its name in the list of folders) or end Outlook; the next run goes on.";
    RunEnded "run-ended" "I3" Waiting
        de "Der Lauf wurde beendet, bevor dieses Postfach fertig war. Was begonnen war, ist abgeschlossen; nichts ist doppelt oder halb."
        en "The run was ended before this mailbox was done. What was begun is settled; nothing is doubled or half done."
        next_de "`abgleich sync --mailbox {user}` macht dort weiter."
        next_en "`abgleich sync --mailbox {user}` goes on from there.";
    MailboxBusy "mailbox-busy" "I12" Failed
        de "Ein anderer Lauf arbeitet gerade an diesem Postfach. Dieser Lauf hat es ausgelassen."
        en "Another run is at work on this mailbox. This run left it out."
        next_de "Warten, bis der andere Lauf fertig ist, und `abgleich sync --mailbox {user}` wiederholen."
        next_en "Wait until the other run is done, and repeat `abgleich sync --mailbox {user}`.";
    SourceFailed "source-failed" "I11" Failed
        de "Die Quelle „{tenant}“ (staffITpro) hat nicht oder nicht verständlich geantwortet. In Outlook wurde deswegen nichts gelöscht."
        en "The source “{tenant}” (staffITpro) did not answer, or not in a way that can be understood. Nothing was deleted in Outlook because of it."
        next_de "`abgleich check --mailbox {user}` nennt die Stelle, an der es hakt."
        next_en "`abgleich check --mailbox {user}` names the place where it fails.";
    StateRights "state-rights" "D20" Failed
        de "Die Zustandsdatei von abgleich lässt sich nicht öffnen oder nicht schreiben. Solange das so ist, wird nirgends etwas geschrieben."
        en "The state of abgleich cannot be opened or written. While that lasts, nothing is written anywhere."
        next_de "Dem Konto, unter dem abgleich läuft, das Recht geben, im Ordner der Zustandsdatei (`[state] folder`) alle Dateien zu lesen und zu schreiben; dann `abgleich check`. Die Datei selbst ist in Ordnung und bleibt, wo sie ist."
        next_en "Give the account that abgleich runs under the right to read and write all files in the folder of the state (`[state] folder`); then run `abgleich check`. The file itself is sound and stays where it is.";
    StateFull "state-full" "D20" Failed
        de "Auf dem Datenträger der Zustandsdatei ist kein Platz mehr. Was bis dahin geschrieben war, ist festgehalten."
        en "There is no room left on the disk of the state. What was written until then is recorded."
        next_de "Auf dem Datenträger von `[state] folder` Platz schaffen; dann `abgleich check`. Die Zustandsdatei bleibt, wo sie ist."
        next_en "Make room on the disk of `[state] folder`; then run `abgleich check`. The state stays where it is.";
    StateLocked "state-locked" "D20" Failed
        de "Ein anderes Programm hält die Zustandsdatei fest, etwa eine Datensicherung oder ein Virenscanner."
        en "Another program holds the state, such as a backup or a virus scanner."
        next_de "Den Ordner der Zustandsdatei (`[state] folder`) von Sicherung und Virenprüfung im laufenden Betrieb ausnehmen und warten, bis das andere Programm fertig ist. Wie der Zustand gesichert wird, steht im Handbuch."
        next_en "Exclude the folder of the state (`[state] folder`) from live backups and virus scans, and wait until the other program is done. How the state is backed up stands in the guide.";
    StateDamaged "state-damaged" "D20" Failed
        de "Die Zustandsdatei ist beschädigt oder keine. Sie wird nie für eine leere gehalten; solange das so ist, wird nirgends etwas geschrieben."
        en "The state is damaged, or no state at all. It is never taken for an empty one; while that lasts, nothing is written anywhere."
        next_de "Die Zustandsdatei aus einer Sicherung zurückholen. Gibt es keine: sie beiseitelegen und `abgleich sync --full` aufrufen; die Elemente werden an ihren Stempeln wiedererkannt."
        next_en "Restore the state from a backup. Where there is none: move it away and run `abgleich sync --full`, which joins the items again by their stamps.";
    StateFailed "state-failed" "D20" Failed
        de "Die Zustandsdatei von abgleich konnte nicht gelesen oder geschrieben werden."
        en "The state of abgleich could not be read or written."
        next_de "`abgleich check` öffnet die Zustandsdatei und schreibt darin zur Probe."
        next_en "`abgleich check` opens the state and writes to it on trial.";
}
