//! An office: the sample database, a simulated Exchange, and a configuration for some of its people.

use exchange_sim::{Login, Options, Running, Server};
use sha2::{Digest as _, Sha256};

use crate::built;
use crate::program::{Ended, Place};
use crate::settings::Installation;

/// The service account of the configuration.
pub(crate) const ACCOUNT: &str = r"FIRMA\svc-abgleich";
pub(crate) const PASSWORD: &str = "geheim-4711";

/// Everything that a run needs.
pub(crate) struct Office {
    pub(crate) place: Place,
    pub(crate) exchange: Running,
}

impl Office {
    /// Opens an office with these lines in the configuration, each a user and the owner of the mailbox.
    pub(crate) fn of(people: &[(&str, &str, &str)]) -> Self {
        Self::open(people, Options::default())
    }

    /// The same, with a server of these options.
    pub(crate) fn open(people: &[(&str, &str, &str)], options: Options) -> Self {
        built::folder();
        let mut options = options.login(Login::service(ACCOUNT, PASSWORD));
        for (_, address, owner) in people {
            options = options.named_mailbox(address, owner);
        }
        let exchange = Server::start(&options).unwrap();
        let place = Place::new().with("SIM_PASSWORD", PASSWORD);
        staffitpro_sample::create_sample(&place.path("demo.db")).unwrap();
        // The server takes its own copy away when it stops.
        std::fs::copy(exchange.ca_file(), place.path("ca.pem")).unwrap();
        let config = configuration(&exchange.url(), people);
        Self { place: place.file("abgleich.toml", &config), exchange }
    }

    /// One person: Clara Schmidt, who has 60 records of the sample in the filter.
    pub(crate) fn of_one() -> Self {
        Self::of(&[("CSC", "c.schmidt@firma.example", "Schmidt, Clara")])
    }

    /// Has the misbehaving adapter stand in the place of the database, with these settings.
    pub(crate) fn has_faulty(&self, settings: &str) {
        let library = built::library("faulty");
        let digest: [u8; 32] = Sha256::digest(std::fs::read(&library).unwrap()).into();
        let digest = digest.map(|byte| format!("{byte:02x}")).concat();
        let adapter = format!("{{ file = '{}', sha256 = '{digest}' }}", library.display());
        let file = self.place.path("abgleich.toml");
        let config = std::fs::read_to_string(&file).unwrap();
        let config = config
            .replace("adapter = \"sqlite\"", &format!("adapter = {adapter}"))
            .replace("{ file = \"demo.db\" }", settings);
        std::fs::write(file, config).unwrap();
    }

    /// Runs the program.
    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        self.place.run(args)
    }

    /// Runs the program with `--json` and returns the document.
    pub(crate) fn json(&self, args: &[&str]) -> (i32, serde_json::Value) {
        let ended = self.run(&[args, &["--json"]].concat());
        let document = serde_json::from_str(&ended.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", ended.stdout, ended.stderr));
        (ended.code, document)
    }

    /// Counts the items in a default folder, as the server itself counts.
    pub(crate) fn items(&self, address: &str, folder: &str) -> usize {
        self.exchange.outlook(address).items(folder).unwrap().len()
    }
}

fn configuration(url: &str, people: &[(&str, &str, &str)]) -> String {
    let installation = Installation {
        database: "demo.db",
        url,
        ca_file: "ca.pem",
        account: ACCOUNT,
        password: r#"{ env = "SIM_PASSWORD" }"#,
    };
    let mut config = installation.settings();
    config.push_str(
        r#"[defaults]
applicants = { contacts = "sync", activities = "sync" }
business_contacts = { contacts = "sync", activities = "none" }
[mailboxes.office]
"#,
    );
    for (user, address, _) in people {
        config.extend([user, " = \"", address, "\"\n"]);
    }
    config
}
