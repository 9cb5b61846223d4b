//! The configuration of an installation with the SQLite adapter and a simulated Exchange, as far as tests and benchmarks have it in
//! common: all that stands above the switches and the mailboxes.

/// Where things lie, and how the server is entered.
pub(crate) struct Installation<'a> {
    /// The database, beside the configuration.
    pub(crate) database: &'a str,
    /// The address of the server.
    pub(crate) url: &'a str,
    /// The authority behind its certificate.
    pub(crate) ca_file: &'a str,
    /// The service account.
    pub(crate) account: &'a str,
    /// Where its password is kept, in TOML.
    pub(crate) password: &'a str,
}

impl Installation<'_> {
    /// Returns the text. The table of the server stands last.
    pub(crate) fn settings(&self) -> String {
        let Self { database, url, ca_file, account, password } = self;
        format!(
            r#"version = 1
language = "en"
[state]
folder = "state"
[sources.staffitpro]
adapter = "sqlite"
zone = "Europe/Berlin"
settings = {{ file = "{database}" }}
[servers.exchange]
url = "{url}"
login = {{ scheme = "basic", user = '{account}', password = {password} }}
access = "impersonation"
ca_file = '{ca_file}'
"#
        )
    }
}
