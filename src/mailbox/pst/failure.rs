//! Pure: errors of the file in the words of the seam. None of them says that a server is down: whatever it is, it is about this file.

use std::error::Error;
use std::io;
use std::path::Path;
use std::time::Duration;

use super::advice::{CLOSE, DECRYPT, DISK, ROOM, UNPROTECT};
use crate::mailbox::{ItemError, MailboxError, MailboxErrorKind, Stage, Trouble, Wrote};
use crate::pst::error::{PstError, is_full};
use crate::pst::ndb::write::WriteError;
use crate::reason::Advice;

/// How long another program may go on writing before it is worth another try.
const WRITES: Duration = Duration::from_secs(30);

const EXPORT: Advice = Advice::new(
    "sie aus Outlook in eine neue Outlook-Datendatei (.pst) exportieren, und diese nennen",
    "export it from Outlook into a new Outlook data file (.pst), and name that one",
);

/// For what `repair` can mend: a torn header, maps and length, and nothing else.
const REPAIR: Advice = Advice::new(
    "`abgleich pst check` sagt, was falsch ist; `abgleich pst repair DATEI KOPIE` macht eine Kopie, in der Kopf, Länge und Karten \
     stimmen",
    "`abgleich pst check` says what is wrong; `abgleich pst repair FILE INTO` makes a copy in which header, length and maps are right",
);

const BACKUP: Advice = Advice::new(
    "`abgleich pst check` sagt, was an der Datei noch falsch ist; am sichersten hilft eine Kopie von vorher",
    "`abgleich pst check` says what else is wrong with the file; a copy from before is the surest help",
);

/// Says what the engine does about a file that cannot be read or written for this reason, and what a person can do.
fn of_file(error: &PstError) -> (MailboxErrorKind, Advice) {
    match error {
        PstError::InUse => (MailboxErrorKind::Denied, CLOSE),
        PstError::Written => (
            MailboxErrorKind::Transient(WRITES),
            Advice::new("noch einmal laufen lassen", "run again"),
        ),
        PstError::Unopened { .. } => (
            MailboxErrorKind::Gone,
            Advice::new(
                "stimmt der Pfad, und darf dieses Konto die Datei lesen?",
                "is the path right, and may this account read the file?",
            ),
        ),
        PstError::NotPst { .. } => (
            MailboxErrorKind::Gone,
            Advice::new(
                "stimmt der Pfad? Wenn ja, die Datei aus einer Sicherung nehmen",
                "is the path right? If it is, take the file from a backup",
            ),
        ),
        PstError::Io { .. } if error.is_full() => (MailboxErrorKind::Denied, ROOM),
        PstError::Io { .. } => (MailboxErrorKind::Denied, DISK),
        PstError::NoDeletedItems => (
            MailboxErrorKind::Malformed,
            Advice::new(
                "die Datei in Outlook öffnen, das einen fehlenden Ordner für Gelöschtes in der Regel anlegt, dann noch einmal laufen \
                 lassen; bleibt es so, von Outlook eine neue Datendatei machen lassen und alles hineinkopieren",
                "open the file in Outlook, which as a rule makes a missing folder for what is deleted, then run again; if it stays, let \
                 Outlook make a new data file and copy everything into it",
            ),
        ),
        PstError::Enlightened => (MailboxErrorKind::Unsupported, DECRYPT),
        PstError::Unsupported { .. } => (MailboxErrorKind::Unsupported, EXPORT),
        PstError::Damaged { .. } if error.is_mendable() => (MailboxErrorKind::Malformed, REPAIR),
        PstError::Damaged { structure: "HEADER", .. } => (
            MailboxErrorKind::Malformed,
            Advice::new(
                "die Datei aus einer Sicherung nehmen; an ihrem Kopf lässt sich nichts ausbessern",
                "take the file from a backup; its header is beyond mending",
            ),
        ),
        _ => (MailboxErrorKind::Malformed, BACKUP),
    }
}

/// Turns what went wrong with reading into an error of the mailbox.
#[expect(clippy::needless_pass_by_value, reason = "`map_err` gives it away")]
pub(super) fn read(error: PstError) -> MailboxError {
    let trouble = trouble(matches!(error, PstError::InUse));
    let (kind, hint) = of_file(&error);
    MailboxError {
        kind,
        stage: Stage::Mailbox,
        trouble,
        text: chain(&error),
        hint: Some(hint),
        ambiguous: false,
        source: None,
    }
}

/// Outlook keeps a file open for as long as it runs: a run does not wait for it.
const fn trouble(in_use: bool) -> Trouble {
    if in_use { Trouble::InUse } else { Trouble::Unnamed }
}

/// Turns what went wrong with opening or writing into an error of the mailbox.
#[expect(clippy::needless_pass_by_value, reason = "`map_err` gives it away")]
pub(super) fn write(error: WriteError) -> MailboxError {
    let cause = if let WriteError::Shared(cause) = &error { cause } else { &error };
    let trouble = trouble(matches!(cause, WriteError::InUse { .. }));
    let (kind, hint) = match cause {
        WriteError::InUse { .. } => (MailboxErrorKind::Denied, Some(CLOSE)),
        WriteError::NetworkShare { .. } => {
            let hint = Advice::new(
                "die Datei auf einen lokalen Datenträger legen; geht das nicht, schreibt `pst_on_share = true` neben `pst` in der \
                 Konfiguration sie trotzdem, auf die Gefahr hin, dass eine abgebrochene Verbindung sie beschädigt zurücklässt",
                "move the file to a local disk; where that cannot be, `pst_on_share = true` beside `pst` in the configuration \
                 writes it all the same, at the risk that a broken connection leaves the file damaged",
            );
            (MailboxErrorKind::Unsupported, Some(hint))
        }
        WriteError::Pst(error) => {
            let (kind, hint) = of_file(error);
            (kind, Some(hint))
        }
        WriteError::ReadOnlyKind { .. } => (MailboxErrorKind::Unsupported, Some(EXPORT)),
        WriteError::Protected => (
            MailboxErrorKind::Denied,
            Some(Advice::new(
                "`pst_with_password = true` neben `pst` in der Konfiguration erlaubt es (ein solches Kennwort ist eine Prüfsumme in der \
                 Datei und verschlüsselt nichts), oder das Kennwort in Outlook wegnehmen (Datei, Kontoeinstellungen, Datendateien)",
                "`pst_with_password = true` beside `pst` in the configuration allows it (such a password is a checksum in the file \
                 and encrypts nothing), or take the password off in Outlook (File, Account Settings, Data Files)",
            )),
        ),
        WriteError::Inconsistent { .. } => (MailboxErrorKind::Malformed, Some(REPAIR)),
        WriteError::Uncounted { .. } => (MailboxErrorKind::Malformed, Some(BACKUP)),
        WriteError::RescueDiffers { .. } => (
            MailboxErrorKind::Malformed,
            Some(Advice::new(
                "die Datei aus einer Sicherung nehmen, mit dem Begleitprotokoll daneben vom selben Augenblick",
                "take the file from a backup, with the record beside it from the same moment",
            )),
        ),
        WriteError::TooLong { .. } => (
            MailboxErrorKind::Unsupported,
            Some(Advice::new(
                "mit `abgleich pst compact` Platz schaffen, eine neue Datei beginnen, oder mit `pst_max_gb` neben `pst` in der \
                 Konfiguration mehr erlauben",
                "make room with `abgleich pst compact`, begin a new file, or allow more with `pst_max_gb` beside `pst` in the \
                 configuration",
            )),
        ),
        WriteError::DiskFull { .. } => (MailboxErrorKind::Denied, Some(ROOM)),
        WriteError::Reopen { source } | WriteError::Unknown { source } if source.is_full() => {
            (MailboxErrorKind::Denied, Some(ROOM))
        }
        WriteError::Beside { source, .. } if is_full(source) => {
            (MailboxErrorKind::Denied, Some(ROOM))
        }
        WriteError::Reopen { .. } | WriteError::Unknown { .. } | WriteError::MustReopen => (
            MailboxErrorKind::Malformed,
            Some(Advice::new(
                "noch einmal laufen lassen; die Datei wird beim Öffnen in Ordnung gebracht",
                "run again; the file is mended when it is opened",
            )),
        ),
        WriteError::NotAllowed { .. }
        | WriteError::NoMoreIds { .. }
        | WriteError::NoNewNames { .. } => (
            MailboxErrorKind::Unsupported,
            Some(Advice::new(
                "von Outlook eine neue Datendatei machen lassen, alles hineinkopieren, und diese nennen",
                "let Outlook make a new data file and copy everything into it, and name that one",
            )),
        ),
        WriteError::FolderName { .. } => (
            MailboxErrorKind::Unsupported,
            Some(Advice::new(
                "in der Konfiguration bei `folder` einen anderen Namen schreiben",
                "write another name with `folder` in the configuration",
            )),
        ),
        WriteError::WriteProtected { .. } => (MailboxErrorKind::Denied, Some(UNPROTECT)),
        WriteError::Beside { .. } => (
            MailboxErrorKind::Gone,
            Some(Advice::new(
                "stimmt der Pfad, ist der Datenträger da, und darf dieses Konto in die Datei und in ihren Ordner schreiben?",
                "is the path right, is its disk there, and may this account write the file and in its folder?",
            )),
        ),
        WriteError::InTheWay { .. } => (
            MailboxErrorKind::Denied,
            Some(Advice::new(
                "diese Datei umbenennen, oder löschen, wenn niemand sie braucht",
                "give that file another name, or remove it if nobody needs it",
            )),
        ),
        WriteError::Exists { .. } | WriteError::Shared(_) | WriteError::Unlike { .. } => {
            (MailboxErrorKind::Denied, None)
        }
    };
    MailboxError {
        kind,
        stage: Stage::Mailbox,
        trouble,
        text: chain(&error),
        hint,
        ambiguous: matches!(error, WriteError::Unknown { .. }),
        source: None,
    }
}

/// Returns the answer to a single write where what went wrong concerns its item alone; `None` where it concerns more.
pub(super) fn of_one(error: &WriteError) -> Option<Wrote> {
    match error {
        WriteError::Pst(PstError::Io { .. }) => None,
        WriteError::Pst(_) | WriteError::Uncounted { .. } => Some(Wrote::Unreadable(chain(error))),
        // What is too much, and by how much: sizes and counts, no values.
        WriteError::NotAllowed { .. } => Some(Wrote::Unfit(chain(error))),
        _ => None,
    }
}

/// Tells an error with all that lies beneath it.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text = format!("{text}: {error}");
        next = error.source();
    }
    text
}

/// Turns what went wrong with one item into its error. What cannot be read is never taken for absent.
pub(super) fn item(error: &PstError) -> ItemError {
    ItemError::Unreadable(error.to_string())
}

/// The file was closed by an error before.
pub(super) fn closed() -> MailboxError {
    write(WriteError::MustReopen)
}

/// A file that is not there, of a mailbox that was. Whether it was under this path nobody knows: the line may name another one now.
pub(super) fn missing(path: &Path) -> MailboxError {
    MailboxError {
        kind: MailboxErrorKind::Gone,
        stage: Stage::Mailbox,
        trouble: Trouble::Unnamed,
        text: format!(
            "{} is not there, and since this mailbox was there before, no new file is made in its place",
            path.display()
        ),
        hint: Some(Advice::naming(
            format!(
                "stimmt der Pfad? Wenn ja, die Datei zurücklegen; soll unter diesem Namen eine neue beginnen: `abgleich pst create {}` macht sie, \
                 `abgleich rebind BENUTZER` sagt, dass sie die richtige ist, und `abgleich sync --first-transfer --mailbox BENUTZER` \
                 füllt sie",
                path.display()
            ),
            format!(
                "is the path right? If it is, put the file back; if a new one is to begin under this name: `abgleich pst create {}` makes it, `abgleich rebind USER` \
                 says that it is the right one, and `abgleich sync --first-transfer --mailbox USER` fills it",
                path.display()
            ),
        )),
        ambiguous: false,
        source: None,
    }
}

/// The folder of a file that is to be made is not there.
pub(super) fn no_place(folder: &Path, source: io::Error) -> MailboxError {
    write(WriteError::Beside { action: "find the folder", path: folder.to_owned(), source })
}

/// A folder that is not there.
pub(super) fn no_folder(folder: &str) -> MailboxError {
    MailboxError {
        kind: MailboxErrorKind::Gone,
        stage: Stage::Folder,
        trouble: Trouble::Unnamed,
        text: format!("the file has no folder {folder}"),
        hint: None,
        ambiguous: false,
        source: None,
    }
}

/// Several folders that one name may mean.
pub(super) fn alike(name: &str, names: &[String]) -> MailboxError {
    let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let names = names.join(", ");
    MailboxError {
        kind: MailboxErrorKind::Unsupported,
        stage: Stage::Folder,
        trouble: Trouble::Unnamed,
        text: format!(
            "the folder \"{name}\" may be any of those that differ from it in case alone: {names}"
        ),
        hint: Some(Advice::new(
            "den Namen in der Konfiguration genau so schreiben, wie er in der Datei steht, oder die anderen Ordner in Outlook umbenennen",
            "write the name in the configuration exactly as it stands in the file, or rename the other folders in Outlook",
        )),
        ambiguous: false,
        source: None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, ErrorKind};
    use std::path::PathBuf;

    use super::{read, write};
    use crate::mailbox::MailboxErrorKind as Kind;
    use crate::pst::ndb::write::WriteError;
    use crate::pst::{Bid, Nid, PstError};

    fn io(kind: ErrorKind) -> PstError {
        PstError::io("write", 0x6_EB80, kind.into())
    }

    fn damaged(structure: &'static str, field: &'static str) -> PstError {
        PstError::Damaged { structure, field, value: 1, rule: "is not right", at: 0x4400 }
    }

    /// Rule D20: the next step helps against what happened. `repair` mends header, length and maps, and is named for nothing else.
    #[test]
    fn d20_the_hint_is_what_helps() {
        for (error, kind, hint) in [
            (io(ErrorKind::StorageFull), Kind::Denied, "make room"),
            (io(ErrorKind::QuotaExceeded), Kind::Denied, "make room"),
            (io(ErrorKind::Other), Kind::Denied, "look after the disk"),
            (PstError::NotPst { found: Vec::new() }, Kind::Gone, "is the path right"),
            (damaged("NBT page", "dwCRC"), Kind::Malformed, "a copy from before"),
            (damaged("AMap page", "dwCRC"), Kind::Malformed, "pst repair FILE INTO"),
            (damaged("HEADER", "dwCRCFull"), Kind::Malformed, "pst repair FILE INTO"),
            (damaged("HEADER", "dwCRCPartial"), Kind::Malformed, "from a backup"),
            (
                PstError::NoNode { nid: Nid::STORE, what: "store" },
                Kind::Malformed,
                "a copy from before",
            ),
        ] {
            // What is read for a write is told alike, also where all items need it.
            let said = error.to_string();
            let written = write(WriteError::Shared(Box::new(WriteError::Pst(error))));
            let english = written.hint.as_ref().unwrap().english().to_owned();
            assert!(written.kind == kind && english.contains(hint), "{said}: {english}");
            assert_eq!(
                english.contains("pst repair"),
                hint.contains("repair"),
                "{said}: {english}"
            );
        }
        assert_eq!(read(io(ErrorKind::Other)).kind, Kind::Denied);
        let beside = |kind: ErrorKind| {
            let source = io::Error::from(kind);
            WriteError::Beside { action: "write", path: PathBuf::from("a.pst.rescue"), source }
        };
        for (error, hint) in [
            (beside(ErrorKind::StorageFull), "make room"),
            (beside(ErrorKind::PermissionDenied), "is the path right"),
            (WriteError::WriteProtected { path: PathBuf::from("a.pst") }, "write protection off"),
            (WriteError::Reopen { source: io(ErrorKind::StorageFull) }, "make room"),
            (WriteError::Reopen { source: io(ErrorKind::Other) }, "run again"),
            (WriteError::Uncounted { bid: Bid(4) }, "a copy from before"),
            (WriteError::Inconsistent { what: "a map", at: 0x4400 }, "pst repair FILE INTO"),
        ] {
            let said = error.to_string();
            let english = write(error).hint.unwrap().english().to_owned();
            assert!(english.contains(hint), "{said}: {english}");
        }
    }
}
