//! Shell: what `check` has to say, in both languages.

mod file;

use std::path::Path;

use abgleich::config::{Language, MailboxSettings};
use abgleich::ews::transport::{Certificate, Scheme};
use abgleich::mailbox::exchange::ability::Rights;
use abgleich::model::{ItemKind, Module};
use jiff::Timestamp;

use crate::cli::check::probe::Step;
use crate::cli::report::one_of;

/// A sentence and the next step.
pub(super) type Said = (String, Option<String>);

/// The sentences, each with its next step.
#[derive(Clone, Copy)]
pub(super) struct Words {
    /// The language.
    pub(super) language: Language,
}

impl Words {
    pub(super) fn pick(self, de: &str, en: &str) -> String {
        one_of(self.language, de, en).to_owned()
    }

    pub(super) fn moves_nothing(self, scope: &str) -> Said {
        let text = format!(
            "{scope}: {}",
            one_of(
                self.language,
                "„Outlook überschreibt staffITpro“ bewegt hier nichts, weil Änderungen an Geschäftskontakten nie nach staffITpro gehen (Regel G7)",
                "outlook-overwrites-staffitpro moves nothing here, because changes to business contacts never reach staffITpro (rule G7)"
            )
        );
        let next = self.pick(
            "den Bereich auf „Synchronisieren“ oder „staffITpro überschreibt Outlook“ stellen",
            "set the scope to sync or staffitpro-overwrites-outlook",
        );
        (text, Some(next))
    }

    pub(super) fn open_state(self, folder: &Path) -> Said {
        let folder = folder.display();
        let text = self.pick(
            "andere auf diesem Rechner können den Ordner der Zustandsdatei lesen; darin stehen Personendaten",
            "others on this machine can read the folder of the state; it holds personal data",
        );
        (text, Some(format!("chmod 700 '{folder}'")))
    }

    pub(super) fn open_secret(self, file: &Path) -> Said {
        let file = file.display();
        let text = self.pick(
            "andere auf diesem Rechner können die Datei mit einem Geheimnis lesen",
            "others on this machine can read the file with a secret",
        );
        (format!("{text}: {file}"), Some(format!("chmod 600 '{file}'")))
    }

    pub(super) fn no_mailbox(self) -> Said {
        let text = self.pick(
            "die Konfiguration hat noch kein Postfach",
            "the configuration has no mailbox yet",
        );
        let next = self.pick(
            "`abgleich users --toml` druckt für jeden staffITpro-Benutzer eine Zeile zum Einfügen",
            "`abgleich users --toml` prints a line for each staffITpro user, to paste into it",
        );
        (text, Some(next))
    }

    pub(super) fn all_off(self, mailbox: &MailboxSettings) -> Said {
        let text = self.pick(
            "alle neun Schalter stehen auf „Keine Aktion“",
            "all nine switches are set to none",
        );
        (text, Some(self.config_show(mailbox)))
    }

    pub(super) fn writes_off(self, mailbox: &MailboxSettings) -> Said {
        let text = self.pick(
            "das Schreiben ist ausgeschaltet: Läufe berichten nur",
            "writing is switched off: runs only report",
        );
        (text, Some(self.config_show(mailbox)))
    }

    fn config_show(self, mailbox: &MailboxSettings) -> String {
        let user = &mailbox.user;
        match self.language {
            Language::German => format!("woher das kommt, zeigt `abgleich config show {user}`"),
            Language::English => {
                format!("where that comes from, `abgleich config show {user}` tells")
            }
        }
    }

    pub(super) fn no_owners(self) -> Said {
        let text = self.pick(
            "der Adapter sagt nicht, wem eine Aktivität gehört (Regel D14)",
            "the adapter cannot say whose an activity is (rule D14)",
        );
        let next = self.pick("den Hersteller des Adapters fragen", "ask the maker of the adapter");
        (text, Some(next))
    }

    pub(super) fn no_such_user(self, user: &str) -> Said {
        match self.language {
            Language::German => (
                format!("staffITpro kennt den Benutzer {user} nicht"),
                Some("`abgleich users` zeigt alle; auf die Schreibweise achten".to_owned()),
            ),
            Language::English => (
                format!("staffITpro does not know the user {user}"),
                Some("`abgleich users` lists all of them; mind the spelling".to_owned()),
            ),
        }
    }

    pub(super) fn inactive(self, user: &str) -> Said {
        match self.language {
            Language::German => (
                format!("der staffITpro-Benutzer {user} ist nicht mehr aktiv"),
                Some("die Zeile aus der Konfiguration nehmen oder den Benutzer in staffITpro aktivieren".to_owned()),
            ),
            Language::English => (
                format!("the staffITpro user {user} is not active any more"),
                Some("take the line out of the configuration, or make the user active in staffITpro".to_owned()),
            ),
        }
    }

    pub(super) fn empty_filter(self, module: Module) -> Said {
        let name = module.german().first().copied().unwrap_or_default();
        let name = one_of(self.language, name, module.key());
        match self.language {
            Language::German => (
                format!("im Filter „Outlook Synchronisation“ steht nichts ({name}), also bewegt sich dort nichts"),
                Some("in staffITpro Datensätze in den Filter verschieben, oder `abgleich filter add`".to_owned()),
            ),
            Language::English => (
                format!("nothing is in the filter “Outlook Synchronisation” ({name}), so nothing moves there"),
                Some("move records into the filter in staffITpro, or `abgleich filter add`".to_owned()),
            ),
        }
    }

    pub(super) fn other_person(self, person: &str, owner: &str) -> Said {
        match self.language {
            Language::German => (
                format!("in staffITpro heißt die Person {person}, das Postfach gehört {owner}"),
                Some("prüfen, ob die Zeile der Konfiguration die richtige Adresse hat".to_owned()),
            ),
            Language::English => (
                format!("staffITpro calls the person {person}, the mailbox belongs to {owner}"),
                Some("see whether the line of the configuration has the right address".to_owned()),
            ),
        }
    }

    /// What a run does not need; the next step is the mailbox's own.
    pub(super) fn person_untold(self, problem: &str) -> String {
        match self.language {
            Language::German => {
                format!("wem das Postfach gehört, ist nicht zu erfahren ({problem})")
            }
            Language::English => format!("whose mailbox it is cannot be found out ({problem})"),
        }
    }

    pub(super) fn folders_hidden(self) -> Said {
        let text = self.pick(
            "nicht alle Ordner sind für uns sichtbar; was fehlt, kann in einem anderen liegen und gilt deshalb nie als gelöscht",
            "we cannot see all folders; what is missing may lie in another one and therefore never counts as deleted",
        );
        let next = self.pick(
            "dem Konto Vollzugriff auf das Postfach geben (Add-MailboxPermission -AccessRights FullAccess) oder access = \"impersonation\" verwenden; Rechte auf einzelne Ordner genügen dafür nicht",
            "give the account full access to the mailbox (Add-MailboxPermission -AccessRights FullAccess) or use access = \"impersonation\"; rights on single folders are not enough for this",
        );
        (text, Some(next))
    }

    pub(super) fn private_hidden(self) -> Said {
        let text = self.pick(
            "private Elemente sind für uns nicht sichtbar; was fehlt, gilt deshalb nie als gelöscht",
            "we cannot see private items; what is missing therefore never counts as deleted",
        );
        let next = self.pick(
            "dem Konto erlauben, private Elemente zu sehen, oder access = \"impersonation\" verwenden",
            "let the account see private items, or use access = \"impersonation\"",
        );
        (text, Some(next))
    }

    fn folder(self, kind: ItemKind, path: Option<&str>) -> String {
        match (kind, path) {
            (_, Some(path)) => path.to_owned(),
            (ItemKind::Contact, None) => self.pick("Kontakte", "Contacts"),
            (ItemKind::Appointment, None) => self.pick("Kalender", "Calendar"),
            (ItemKind::Task, None) => self.pick("Aufgaben", "Tasks"),
        }
    }

    /// Whose certificate, by whom, until when.
    pub(super) fn certificate(self, certificate: &Certificate) -> String {
        let end = certificate.not_after.map_or("?".to_owned(), day);
        let until = self.pick("bis", "until");
        format!("{}, {until} {end}", certificate.subject)
    }

    pub(super) fn certificate_ends(self, days: f64, end: Timestamp) -> Said {
        let end = day(end);
        match self.language {
            Language::German => (
                format!("das Zertifikat des Servers läuft in {days} Tagen ab, am {end}"),
                Some(
                    "es rechtzeitig erneuern; danach ist keine Verbindung mehr möglich".to_owned(),
                ),
            ),
            Language::English => (
                format!("the server's certificate ends in {days} days, on {end}"),
                Some("renew it in time; after that no connection is possible".to_owned()),
            ),
        }
    }

    pub(super) fn no_login_wanted(self, status: u16, location: Option<&str>) -> Said {
        let to = location.map(|to| format!(", {to}")).unwrap_or_default();
        let text = match self.language {
            Language::German => {
                format!(
                    "der Server verlangt an dieser Adresse keine Anmeldung (Status {status}{to})"
                )
            }
            Language::English => {
                format!("the server asks for no login at this address (status {status}{to})")
            }
        };
        let next = self.pick(
            "die url prüfen; sie endet auf /EWS/Exchange.asmx, und davor steht kein Anmelde-Proxy",
            "check the url; it ends in /EWS/Exchange.asmx, and no login proxy stands in front of it",
        );
        (text, Some(next))
    }

    pub(super) fn not_offered(self, scheme: &str, offered: &str) -> Said {
        match self.language {
            Language::German => (
                format!("der Server bietet {scheme} nicht an; er bietet {offered}"),
                Some("login.scheme ändern oder das Verfahren am EWS-Verzeichnis einschalten (Set-WebServicesVirtualDirectory)".to_owned()),
            ),
            Language::English => (
                format!("the server does not offer {scheme}; it offers {offered}"),
                Some("change login.scheme, or switch the scheme on at the EWS directory (Set-WebServicesVirtualDirectory)".to_owned()),
            ),
        }
    }

    pub(super) fn binding(self, scheme: Scheme, bound: bool) -> String {
        match (scheme, bound) {
            (Scheme::Basic, _) => self.pick("Basic braucht keine", "Basic needs none"),
            (_, true) => self.pick("an das Zertifikat gebunden", "bound to the certificate"),
            (_, false) => self.pick("nicht gebunden", "not bound"),
        }
    }

    pub(super) fn old_state(self) -> Said {
        let text = self.pick(
            "der Zustand ist der eines älteren abgleich; der nächste Lauf legt eine Kopie daneben und bringt ihn auf den neuen Stand, und dann kann das ältere ihn nicht mehr lesen",
            "the state is that of an older abgleich; the next run puts a copy beside it and brings it up to date, and then the older one cannot read it any more",
        );
        let next = self.pick(
            "das ältere abgleich beenden, bevor das neue läuft",
            "end the older abgleich before the new one runs",
        );
        (text, Some(next))
    }

    pub(super) fn old_server(self) -> Said {
        let text = self.pick(
            "der Server ist Exchange 2010; er wird bedient, so gut es geht, und von Microsoft seit 2020 nicht mehr gepflegt",
            "the server is Exchange 2010; it is served as well as possible, and Microsoft has not maintained it since 2020",
        );
        (text, Some(self.pick("auf Exchange SE umsteigen", "move to Exchange SE")))
    }

    pub(super) fn rights_missing(self, kind: ItemKind, path: Option<&str>, rights: Rights) -> Said {
        let name = self.folder(kind, path);
        let missing = [
            (rights.create, self.pick("anlegen", "create")),
            (rights.change, self.pick("ändern", "change")),
            (rights.delete, self.pick("löschen", "delete")),
        ];
        let missing: Vec<_> =
            missing.into_iter().filter(|(there, _)| !there).map(|(_, word)| word).collect();
        let missing = missing.join(", ");
        let text = match self.language {
            Language::German => format!("im Ordner {name} fehlt das Recht: {missing}"),
            Language::English => format!("in the folder {name} rights are missing: {missing}"),
        };
        let next = self.pick(
            "dem Konto das Recht Editor geben; `abgleich check --exchange-setup` druckt die Befehle",
            "give the account the right Editor; `abgleich check --exchange-setup` prints the commands",
        );
        (text, Some(next))
    }

    pub(super) fn no_bin(self) -> Said {
        let text = self.pick(
            "in den Ordner Gelöschte Elemente darf nichts verschoben werden; Löschungen werden scheitern",
            "nothing may be moved to Deleted Items; deletions will fail",
        );
        let next = self.pick(
            "dem Konto dort das Recht Editor geben; `abgleich check --exchange-setup` druckt die Befehle",
            "give the account the right Editor there; `abgleich check --exchange-setup` prints the commands",
        );
        (text, Some(next))
    }

    pub(super) fn no_streaming(self, problem: &str) -> Said {
        let text = match self.language {
            Language::German => format!("Benachrichtigungen sind nicht möglich ({problem})"),
            Language::English => format!("notifications are not possible ({problem})"),
        };
        let next = self.pick(
            "Läufe gehen trotzdem; `sync --watch` fragt dann in Abständen",
            "runs work all the same; `sync --watch` then asks from time to time",
        );
        (text, Some(next))
    }

    pub(super) fn mute_stream(self, problem: &str) -> Said {
        let text = match self.language {
            Language::German => {
                format!(
                    "Benachrichtigungen sind erlaubt, aber der Strom kommt nicht an ({problem})"
                )
            }
            Language::English => {
                format!(
                    "notifications are allowed, but their stream does not come through ({problem})"
                )
            }
        };
        let next = self.pick(
            "`sync --watch` fragt dann alle `Abfrage_Sekunden`; ein Proxy vor Exchange soll Antworten ungepuffert weitergeben und ihnen eine halbe Stunde lassen",
            "`sync --watch` then asks every `pull_seconds`; let a proxy in front of Exchange hand answers on unbuffered and allow them half an hour",
        );
        (text, Some(next))
    }

    pub(super) fn probe_name(self) -> String {
        self.pick("abgleich: Schreibprobe (kann weg)", "abgleich: write probe (may be deleted)")
    }

    pub(super) fn probed(self, count: usize) -> String {
        match (self.language, count) {
            (Language::German, 1) => "1 Ordner".to_owned(),
            (Language::German, count) => format!("{count} Ordner"),
            (Language::English, 1) => "1 folder".to_owned(),
            (Language::English, count) => format!("{count} folders"),
        }
    }

    pub(super) fn probe_not_allowed(self) -> Said {
        let text = self.pick(
            "keine Schreibprobe: das Schreiben ist ausgeschaltet (writes = \"off\", Regel D19)",
            "no write probe: writing is switched off (writes = \"off\", rule D19)",
        );
        let next = self.pick("writes = \"on\" setzen", "set writes = \"on\"");
        (text, Some(next))
    }

    pub(super) fn probe_busy(self) -> Said {
        let text = self.pick(
            "keine Schreibprobe: an diesem Postfach arbeitet gerade ein Lauf",
            "no write probe: a run is at work on this mailbox",
        );
        (text, Some(self.pick("nach dem Lauf wiederholen", "repeat it after the run")))
    }

    pub(super) fn probe_failed(self, kind: ItemKind, step: Step, said: &str) -> Said {
        let name = self.folder(kind, None);
        let doing = match step {
            Step::Create => self.pick("anlegen", "make"),
            Step::Read => self.pick("zurücklesen", "read back"),
            Step::Delete => {
                self.pick("in die gelöschten Elemente verschieben", "move to Deleted Items")
            }
        };
        let text = match self.language {
            Language::German => {
                format!("das Probeelement ließ sich nicht {doing} ({name}: {said})")
            }
            Language::English => format!("the probe could not {doing} its item ({name}: {said})"),
        };
        let next = self.pick(
            "ein privates Element „abgleich: Schreibprobe“ darf gelöscht werden, wo es liegen blieb; Rechte und Kontingent des Postfachs prüfen",
            "a private item \"abgleich: write probe\" may be deleted where it was left; check rights and quota of the mailbox",
        );
        (text, Some(next))
    }

    pub(super) fn shared_records(self, number: usize, users: &[&str]) -> Said {
        let users = users.join(", ");
        match self.language {
            Language::German => (
                format!("{number} Datensätze stehen im Filter mehrerer Postfächer, die staffITpro überschreiben ({users}): sie überschreiben einander der Reihe nach"),
                Some("für alle bis auf eines den Modus Synchronisieren wählen, oder jeden Datensatz nur in einen Filter stellen".to_owned()),
            ),
            Language::English => (
                format!("{number} records are in the filter of several mailboxes that overwrite staffITpro ({users}): they overwrite each other in turns"),
                Some("choose the mode sync for all but one, or put each record into one filter only".to_owned()),
            ),
        }
    }

    pub(super) fn no_folder(self, kind: ItemKind, path: Option<&str>) -> Said {
        let name = self.folder(kind, path);
        match self.language {
            Language::German => (
                format!("den Ordner {name} gibt es nicht"),
                Some("in diesem Modus wird er nicht angelegt; in Outlook anlegen".to_owned()),
            ),
            Language::English => (
                format!("there is no folder {name}"),
                Some("it is not created in this mode; create it in Outlook".to_owned()),
            ),
        }
    }

    pub(super) fn clock(self, whose: &str, seconds: i64) -> Said {
        let minutes = seconds.abs() / 60;
        match self.language {
            Language::German => (
                format!(
                    "die Uhr von {whose} weicht um {minutes} Minuten von unserer ab; Felder, die auf beiden Seiten geändert wurden, werden gehalten"
                ),
                Some("die Uhren stellen (Zeitserver)".to_owned()),
            ),
            Language::English => (
                format!(
                    "the clock of {whose} is {minutes} minutes off ours; fields changed on both sides are held"
                ),
                Some("set the clocks right (time server)".to_owned()),
            ),
        }
    }

    pub(super) fn defect(self, text: &str) -> Said {
        let next = self
            .pick("bitte mit den Zeilen darüber melden", "please report it with the lines above");
        (
            format!(
                "{}: {text}",
                one_of(self.language, "ein Fehler in abgleich", "a defect of abgleich")
            ),
            Some(next),
        )
    }
}

fn day(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%d").to_string()
}
