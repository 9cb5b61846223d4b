//! Shell: the stages on the way to a mailbox, and what came of each.

use abgleich::config::Language;
use abgleich::mailbox;

use crate::cli::report::one_of;

macro_rules! stages {
    ($($name:ident $key:literal $de:literal $en:literal;)+) => {
        /// The stages on the way to a mailbox, in the order in which they are walked.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum Stage { $($name),+ }

        impl Stage {
            /// All stages, in order.
            #[cfg(test)]
            pub(super) const ALL: &[Self] = &[$(Self::$name),+];

            /// Returns the word used in the JSON document.
            pub(super) const fn key(self) -> &'static str {
                match self { $(Self::$name => $key),+ }
            }

            /// Returns how people call the stage.
            pub(super) const fn name(self, language: Language) -> &'static str {
                match self { $(Self::$name => one_of(language, $de, $en)),+ }
            }
        }
    };
}

stages! {
    Config "config" "Konfiguration" "configuration";
    State "state" "Zustandsdatei" "state";
    Plugin "plugin" "Adapter" "plugin";
    Source "source" "staffITpro" "staffITpro";
    User "user" "staffITpro-Benutzer" "staffITpro user";
    Filter "filter" "Filter" "filter";
    Discovery "autodiscover" "Autodiscover" "Autodiscover";
    Dns "dns" "Name des Servers" "server name";
    Network "network" "Netzwerk" "network";
    Tls "tls" "TLS" "TLS";
    Certificate "certificate" "Zertifikat" "certificate";
    Schemes "schemes" "Anmeldeverfahren" "schemes offered";
    Login "login" "Anmeldung" "login";
    Binding "channel-binding" "Kanalbindung" "channel binding";
    Version "version" "Version" "version";
    Impersonation "impersonation" "Stellvertretung" "impersonation";
    Mailbox "mailbox" "Postfach" "mailbox";
    Folder "folder" "Ordner und Rechte" "folder rights";
    Item "item" "Elemente" "items";
    Probe "write-probe" "Schreibprobe" "write probe";
    Streaming "streaming" "Benachrichtigung" "streaming";
    Clock "clock" "Uhr" "clock";
    Internal "internal" "Programmfehler" "defect";
}

impl From<mailbox::Stage> for Stage {
    fn from(stage: mailbox::Stage) -> Self {
        match stage {
            mailbox::Stage::Dns => Self::Dns,
            mailbox::Stage::Network => Self::Network,
            mailbox::Stage::Tls => Self::Tls,
            mailbox::Stage::Certificate => Self::Certificate,
            mailbox::Stage::Login => Self::Login,
            mailbox::Stage::Mailbox => Self::Mailbox,
            mailbox::Stage::Folder => Self::Folder,
            mailbox::Stage::Item => Self::Item,
        }
    }
}

/// A stage that was walked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Walked {
    /// Which.
    pub(super) stage: Stage,
    /// Whether it was passed.
    pub(super) passed: bool,
    /// What was seen there, such as the version; never a secret.
    pub(super) seen: Option<String>,
}

impl Walked {
    /// A stage that was passed, with what was seen there.
    pub(super) fn passed(stage: Stage, seen: impl Into<String>) -> Self {
        Self { stage, passed: true, seen: Some(seen.into()) }
    }

    /// A stage that was passed without anything to tell.
    pub(super) const fn quietly(stage: Stage) -> Self {
        Self { stage, passed: true, seen: None }
    }

    /// A stage at which it ended.
    pub(super) const fn failed(stage: Stage) -> Self {
        Self { stage, passed: false, seen: None }
    }
}
