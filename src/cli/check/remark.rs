//! Shell: what `check` has to say, in both languages.

use abgleich::config::{Language, MailboxSettings, Writes};
use abgleich::mailbox;
use abgleich::model::{ItemKind, Mode, Module};

use crate::cli::report::{one_of, scope_name};
use crate::failure::Exit;

/// The stages on the way to a mailbox, in the order in which they are walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Config,
    Plugin,
    Source,
    User,
    Filter,
    Discovery,
    Dns,
    Network,
    Tls,
    Login,
    Mailbox,
    Folder,
    Item,
    Clock,
    Internal,
}

impl Stage {
    /// Returns the word used in the JSON document.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Plugin => "plugin",
            Self::Source => "source",
            Self::User => "user",
            Self::Filter => "filter",
            Self::Discovery => "autodiscover",
            Self::Dns => "dns",
            Self::Network => "network",
            Self::Tls => "tls",
            Self::Login => "login",
            Self::Mailbox => "mailbox",
            Self::Folder => "folder",
            Self::Item => "item",
            Self::Clock => "clock",
            Self::Internal => "internal",
        }
    }

    /// Returns how people call the stage.
    pub(super) const fn name(self, language: Language) -> &'static str {
        match self {
            Self::Config => one_of(language, "Konfiguration", "configuration"),
            Self::Plugin => one_of(language, "Adapter", "plugin"),
            Self::Source => one_of(language, "staffITpro", "staffITpro"),
            Self::User => one_of(language, "staffITpro-Benutzer", "staffITpro user"),
            Self::Filter => one_of(language, "Filter", "filter"),
            Self::Discovery => "Autodiscover",
            Self::Dns => one_of(language, "Name des Servers", "server name"),
            Self::Network => one_of(language, "Netzwerk", "network"),
            Self::Tls => one_of(language, "TLS", "TLS"),
            Self::Login => one_of(language, "Anmeldung", "login"),
            Self::Mailbox => one_of(language, "Postfach", "mailbox"),
            Self::Folder => one_of(language, "Ordner und Rechte", "folder rights"),
            Self::Item => one_of(language, "Elemente", "items"),
            Self::Clock => one_of(language, "Uhr", "clock"),
            Self::Internal => one_of(language, "Programmfehler", "defect"),
        }
    }
}

impl From<mailbox::Stage> for Stage {
    fn from(stage: mailbox::Stage) -> Self {
        match stage {
            mailbox::Stage::Dns => Self::Dns,
            mailbox::Stage::Network => Self::Network,
            mailbox::Stage::Tls => Self::Tls,
            mailbox::Stage::Login => Self::Login,
            mailbox::Stage::Mailbox => Self::Mailbox,
            mailbox::Stage::Folder => Self::Folder,
            mailbox::Stage::Item => Self::Item,
        }
    }
}

/// Something that is wrong, or probably not meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Remark {
    /// Whether a run would work all the same.
    pub(super) warning: bool,
    /// Where on the way it is.
    pub(super) stage: Stage,
    /// What it is.
    pub(super) text: String,
    /// What to do.
    pub(super) next: Option<String>,
}

impl Remark {
    /// Something without which a run cannot work.
    pub(super) fn error(stage: Stage, (text, next): (String, Option<String>)) -> Self {
        Self { warning: false, stage, text, next }
    }

    /// Something that is probably not meant.
    pub(super) fn warning(stage: Stage, (text, next): (String, Option<String>)) -> Self {
        Self { warning: true, stage, text, next }
    }

    /// Returns how a run would end because of it.
    pub(super) const fn exit(&self) -> Exit {
        match self.stage {
            _ if self.warning => Exit::Findings,
            Stage::Config | Stage::Plugin => Exit::Usage,
            Stage::Source | Stage::Dns | Stage::Network | Stage::Tls => Exit::Down,
            Stage::User
            | Stage::Filter
            | Stage::Discovery
            | Stage::Login
            | Stage::Mailbox
            | Stage::Folder
            | Stage::Item
            | Stage::Clock => Exit::MailboxFailed,
            Stage::Internal => Exit::Internal,
        }
    }
}

/// Looks at the settings of a mailbox for what is probably not meant.
pub(super) fn about_settings(mailbox: &MailboxSettings, words: Words) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let mut warn = |said| remarks.push(Remark::warning(Stage::Config, said));
    for scope in &mailbox.scopes {
        let turned = scope.mode == Mode::OutlookOverwritesStaffitpro;
        if turned && !scope.scope.may_write_staffitpro() {
            warn(words.moves_nothing(&scope_name(words.language, scope.scope)));
        }
    }
    if mailbox.scopes.iter().all(|scope| scope.mode == Mode::None) {
        warn(words.all_off(mailbox));
    }
    if mailbox.writes == Writes::Off {
        warn(words.writes_off(mailbox));
    }
    remarks
}

/// The sentences, each with its next step.
#[derive(Clone, Copy)]
pub(super) struct Words {
    /// The language.
    pub(super) language: Language,
}

type Said = (String, Option<String>);

impl Words {
    fn pick(self, de: &str, en: &str) -> String {
        one_of(self.language, de, en).to_owned()
    }

    fn moves_nothing(self, scope: &str) -> Said {
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

    fn all_off(self, mailbox: &MailboxSettings) -> Said {
        let text = self.pick(
            "alle neun Schalter stehen auf „Keine Aktion“",
            "all nine switches are set to none",
        );
        (text, Some(self.config_show(mailbox)))
    }

    fn writes_off(self, mailbox: &MailboxSettings) -> Said {
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

    pub(super) fn no_folder(self, kind: ItemKind, path: Option<&str>) -> Said {
        let name = match (kind, path) {
            (_, Some(path)) => path.to_owned(),
            (ItemKind::Contact, None) => self.pick("Kontakte", "Contacts"),
            (ItemKind::Appointment, None) => self.pick("Kalender", "Calendar"),
            (ItemKind::Task, None) => self.pick("Aufgaben", "Tasks"),
        };
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
