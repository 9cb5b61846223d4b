//! Pure: the configuration as everything else sees it: complete, valid, with every default filled in.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::explain::explain;
use crate::config::layers::Layers;
use crate::config::origin::{Explained, Origins, Place};
use crate::config::secret::SecretRef;
use crate::model::keyed::keyed;
use crate::model::rules::{ScopeSettings, Scopes, Writes};
use crate::model::schedule::Quiet;
use crate::model::{Scope, TenantName, UserId};
use crate::pst::messaging::CodePage;

/// The whole configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The language of reports and messages.
    pub language: Language,
    /// Whether a run with findings ends with exit code 10, as with `--strict`.
    pub strict: bool,
    /// Where the state is kept.
    pub state: StateSettings,
    /// How `sync --watch` watches.
    pub watch: WatchSettings,
    /// The staffITpro sides by name. The name is the tenant in every stamp.
    pub sources: BTreeMap<TenantName, SourceSettings>,
    /// The Exchange servers by name.
    pub servers: BTreeMap<String, ServerSettings>,
    /// One entry per person, in the order of the files.
    pub mailboxes: Vec<MailboxSettings>,
    /// Where the settings outside the mailboxes came from.
    pub(in crate::config) origins: Origins,
}

impl Settings {
    /// Finds the mailbox of a staffITpro user; upper and lower case are the same. Where several sources have a user of
    /// this name, `SOURCE/USER` says which is meant.
    pub fn mailbox(&self, user: &str) -> Option<&MailboxSettings> {
        let wanted = user.to_lowercase();
        self.mailboxes.iter().find(|mailbox| {
            let user = mailbox.user.as_str().to_lowercase();
            user == wanted || format!("{}/{user}", mailbox.source).to_lowercase() == wanted
        })
    }

    /// Lists every setting that is in effect for a user, with the place it came from; `None` if no file has a line
    /// for this user. Secrets appear as the place they are kept at.
    pub fn explain(&self, user: &str) -> Option<Vec<Explained>> {
        Some(explain(self, self.mailbox(user)?))
    }
}

keyed! {
    /// A language of reports and messages.
    Language {
        /// German.
        German = "de",
        /// English.
        English = "en",
    }
}

/// Where the state is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateSettings {
    /// The folder of the state database; not on a network share.
    pub folder: PathBuf,
    /// For how many days it keeps what was there before something was overwritten or deleted.
    pub journal_days: u32,
}

/// How `sync --watch` watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchSettings {
    /// Whether Exchange is asked to tell what happens.
    pub notifications: bool,
    /// After how long at most a mailbox is looked at again, whatever was told.
    pub every: Duration,
    /// Up to how much later that is, differently for each mailbox.
    pub jitter: Duration,
    /// How long hints are gathered before a run.
    pub debounce: Duration,
    /// How often staffITpro is asked whether something changed.
    pub staffitpro: Duration,
    /// How often a mailbox is asked that cannot be told of by a stream.
    pub pull: Duration,
    /// When nothing is run.
    pub quiet: Quiet,
}

impl Default for WatchSettings {
    fn default() -> Self {
        Self {
            notifications: true,
            every: Duration::from_hours(1),
            jitter: Duration::from_mins(2),
            debounce: Duration::from_secs(3),
            staffitpro: Duration::from_secs(10),
            pull: Duration::from_mins(1),
            quiet: Quiet::default(),
        }
    }
}

/// A staffITpro side: an adapter and what it is opened with.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceSettings {
    /// The library that speaks to staffITpro.
    pub adapter: Adapter,
    /// The zone of times that staffITpro keeps without one.
    pub zone: Zone,
    /// Whether anything may be written, on either side, for the mailboxes of this source.
    pub writes: Writes,
    /// What the adapter is opened with, handed over unread.
    pub settings: serde_json::Value,
    /// Secrets that are added to the adapter's settings under their names.
    pub secrets: BTreeMap<String, SecretRef>,
    /// The folder of the file in which these settings stand; the adapter's relative paths count from there.
    pub folder: PathBuf,
}

/// Which adapter library to load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Adapter {
    /// One that ships with abgleich and lies beside the executable.
    Shipped(String),
    /// A vendor's, loaded only when its content has this digest.
    File {
        /// Where it is.
        path: PathBuf,
        /// The SHA-256 of its content.
        sha256: Digest,
    },
}

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Reads 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let mut digest = [0; 32];
        for (index, byte) in digest.iter_mut().enumerate() {
            let digits = text.get(index * 2..index * 2 + 2)?;
            *byte = u8::from_str_radix(digits, 16).ok()?;
        }
        Some(Self(digest))
    }

    /// Returns the 32 bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The name of a time zone that is known to exist, such as `Europe/Berlin`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Zone(String);

impl Zone {
    /// Checks a name against the time zone database.
    pub fn new(name: &str) -> Option<Self> {
        let zone = jiff::tz::TimeZone::get(name).ok()?;
        if zone.is_unknown() {
            return None;
        }
        // The database finds names in any case; its own spelling is kept.
        Some(Self(zone.iana_name().unwrap_or(name).to_owned()))
    }

    /// Returns the IANA name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An Exchange server and how to log in there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSettings {
    /// Where its web service is.
    pub url: ServerUrl,
    /// Hosts that may see the login when Autodiscover leads there: names, or `*.` and a domain.
    pub hosts: Vec<String>,
    /// Who logs in.
    pub login: Login,
    /// How mailboxes of other people are opened.
    pub access: Access,
    /// Certificates (PEM) of authorities that are trusted besides those of the system.
    pub ca_file: Option<PathBuf>,
    /// The only certificate that is believed, whoever issued it.
    pub pin: Option<Digest>,
    /// What logins are bound to.
    pub binding: Binding,
    /// The proxy on the way.
    pub proxy: Option<ProxySettings>,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// How many connections may stand at once, besides streams of notifications; at least one.
    pub max_lanes: u32,
    /// How many streams of notifications may be open at once; `None`: as many as its version allows.
    pub max_streams: Option<u32>,
}

/// Where the web service of a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerUrl {
    /// At this address; always `https://`.
    Given(String),
    /// Each mailbox is looked for by Autodiscover.
    Autodiscover,
}

/// Who logs in at a server, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Which way; nothing weaker ever takes its place.
    pub scheme: Scheme,
    /// Where that which proves the account comes from.
    pub proof: Proof,
}

impl Login {
    /// Returns whose login it is, for messages.
    pub fn account(&self) -> String {
        match &self.proof {
            Proof::Password { user, .. } | Proof::Keytab { user: Some(user), .. } => user.clone(),
            Proof::Keytab { user: None, file } => file.display().to_string(),
            Proof::TicketCache(cache) => cache.clone(),
            Proof::OfAccount => "the account that runs abgleich".to_owned(),
        }
    }
}

impl Login {
    /// Returns the user, where the configuration names one.
    pub fn user(&self) -> Option<&str> {
        match &self.proof {
            Proof::Password { user, .. } | Proof::Keytab { user: Some(user), .. } => Some(user),
            Proof::Keytab { user: None, .. } | Proof::TicketCache(_) | Proof::OfAccount => None,
        }
    }
}

/// By what an account proves that it is the one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// By a password.
    Password {
        /// The account, such as `FIRMA\svc-abgleich`.
        user: String,
        /// Where its password is kept.
        password: SecretRef,
    },
    /// By a key in a file; Kerberos only, and not on Windows.
    Keytab {
        /// The account; `None` is the first one of the file.
        user: Option<String>,
        /// The file.
        file: PathBuf,
    },
    /// By a ticket that somebody else keeps fresh; Kerberos only, and not on Windows.
    TicketCache(String),
    /// By being the account that runs the program: single sign-on on Windows, the usual ticket cache elsewhere.
    OfAccount,
}

impl Settings {
    /// Returns the files that secrets and keys are kept in.
    pub fn secret_files(&self) -> Vec<&Path> {
        let of_sources = self.sources.values().flat_map(|source| source.secrets.values());
        let of_servers = self.servers.values().flat_map(|server| {
            let proxy = server.proxy.as_ref().and_then(|proxy| proxy.login.as_ref());
            let own = match &server.login.proof {
                Proof::Password { password, .. } => Some(password),
                _ => None,
            };
            own.into_iter().chain(proxy.map(|(_, password)| password))
        });
        let kept = of_sources.chain(of_servers).filter_map(|secret| match secret {
            SecretRef::File(path) => Some(path.as_path()),
            SecretRef::Env(_) | SecretRef::Command(_) => None,
        });
        let keys = self.servers.values().filter_map(|server| match &server.login.proof {
            Proof::Keytab { file, .. } => Some(file.as_path()),
            _ => None,
        });
        let mut files: Vec<_> = kept.chain(keys).collect();
        files.sort_unstable();
        files.dedup();
        files
    }
}

keyed! {
    /// A way of logging in.
    Scheme {
        /// HTTP Basic, inside TLS.
        Basic = "basic",
        /// NTLMv2.
        Ntlm = "ntlm",
        /// Kerberos.
        Negotiate = "negotiate",
    }
}

/// What logins are bound to, so that nobody in between can use them elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Binding {
    /// The server's certificate.
    #[default]
    Auto,
    /// Nothing.
    Off,
    /// Another certificate, by its hash.
    Hash(Vec<u8>),
}

/// An HTTP proxy on the way to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxySettings {
    /// Its address, `http://host:port`.
    pub url: String,
    /// The account at the proxy, and where its password is kept.
    pub login: Option<(String, SecretRef)>,
}

keyed! {
    /// How mailboxes are opened.
    Access {
        /// By the right ApplicationImpersonation.
        Impersonation = "impersonation",
        /// By folder rights that the owner gave.
        Delegate = "delegate",
        /// The account's own mailbox only.
        Own = "own",
    }
}

/// How long to wait for a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Until the connection stands, TLS included.
    pub connect: Duration,
    /// Until an answer is complete.
    pub reply: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(15), reply: Duration::from_mins(2) }
    }
}

/// How many connections to a server are open at once unless a file says otherwise.
pub(in crate::config) const DEFAULT_MAX_LANES: u32 = 4;

/// One person: a staffITpro user and an Outlook mailbox (rule G9).
#[derive(Clone, Debug, PartialEq)]
pub struct MailboxSettings {
    /// The staffITpro user.
    pub user: UserId,
    /// The Outlook side.
    pub target: Target,
    /// The group in whose section the line stands.
    pub group: String,
    /// The name of the source.
    pub source: TenantName,
    /// Whether anything may be written for this person; off if the source, the group or the line says so (rule D19).
    pub writes: Writes,
    /// The zone of the person; the source's unless a file says otherwise.
    pub zone: Zone,
    /// What each of the nine switches does.
    pub scopes: Scopes,
    /// By what the owner is impersonated.
    pub owner: Owner,
    /// Where the line stands.
    pub(in crate::config) place: Place,
    /// What the files say, for [`Settings::explain`].
    pub(in crate::config) layers: Layers,
}

impl MailboxSettings {
    /// Returns the settings of one switch.
    pub fn scope(&self, scope: Scope) -> &ScopeSettings {
        self.scopes.of(scope)
    }
}

/// By what the owner of a mailbox is impersonated. A name or an identifier of the directory spares the server a look-up with
/// each request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Owner {
    /// By the address of the mailbox.
    #[default]
    Address,
    /// By the user principal name.
    Upn(String),
    /// By the security identifier.
    Sid(String),
}

/// The Outlook side of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A mailbox on an Exchange server.
    Exchange {
        /// The name of the server.
        server: String,
        /// The mail address of the mailbox.
        address: String,
    },
    /// A PST file.
    Pst {
        /// Where it is.
        path: PathBuf,
        /// What is said of it.
        limits: PstLimits,
    },
}

/// What the operator allows when a PST file is written, and says of how it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PstLimits {
    /// Whether it may be written although it has a password.
    pub with_password: bool,
    /// Whether it may be written although it is on a network share.
    pub on_share: bool,
    /// How long it may become, in GB of 2^30 bytes.
    pub max_gb: u32,
    /// The code page of texts that are not in Unicode, where the file does not say it.
    pub code_page: CodePage,
}

impl Default for PstLimits {
    /// As Outlook does it: 50 GB are its own limit.
    fn default() -> Self {
        Self { with_password: false, on_share: false, max_gb: 50, code_page: CodePage::WESTERN }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exchange { address, .. } => f.write_str(address),
            Self::Pst { path, .. } => write!(f, "{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Digest, Zone};

    #[test]
    fn a_digest_is_64_hexadecimal_digits() {
        let text = "9F86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        let digest = Digest::from_hex(text).unwrap();
        assert_eq!(digest.bytes()[0], 0x9f);
        assert_eq!(digest.to_string(), text.to_lowercase());
        assert!(Digest::from_hex(&text[1..]).is_none());
        assert!(Digest::from_hex(&text.replace('9', "ä")).is_none());
        assert!(Digest::from_hex(&text.replace('9', "+")).is_none());
    }

    #[test]
    fn a_zone_is_one_that_the_database_knows() {
        assert_eq!(Zone::new("Europe/Berlin").unwrap().name(), "Europe/Berlin");
        assert!(Zone::new("Europa/Berlin").is_none());
        assert!(Zone::new("").is_none());
        assert!(Zone::new("Etc/Unknown").is_none());
    }
}
