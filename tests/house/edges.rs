//! Who may know whom.

use std::collections::BTreeSet;
use std::fs;

use crate::paths::paths;
use crate::tree::{Source, everything, root, sources};

/// The layers of the library, and what each may know besides itself. The shell (`main`, `run`, `failure`, `cli`) may know all.
const LAYERS: [(&str, &[&str]); 12] = [
    // The words that both sides speak.
    ("model", &[]),
    // Outcomes name modules and kinds of data.
    ("reason", &["model"]),
    // Names sources, servers and mailboxes; whoever opens them asks here. Code pages are those that PST files are read in.
    ("config", &["model", "cloud", "pst"]),
    // A list of domains.
    ("cloud", &[]),
    // The protocol and the file format are usable alone.
    ("ews", &["cloud"]),
    ("mapi", &[]),
    ("pst", &["mapi"]),
    // The seams never see what is remembered.
    ("mailbox", &["ews", "cloud", "pst", "mapi", "model", "reason"]),
    ("source", &["model", "reason"]),
    ("state", &["model", "reason"]),
    // Told what to do by a `Job`, never by the configuration.
    ("engine", &["mailbox", "source", "state", "model", "reason"]),
    // Numbers and a clock; whoever drives it knows what they stand for.
    ("watch", &[]),
];

/// The shell.
const SHELL: [&str; 4] = ["src/main", "src/run", "src/failure", "src/cli"];

/// Crates of others (and of the workspace) that stay behind our own types, and where they may be named.
const CRATES: &[(&str, &[&str])] = &[
    ("quick_xml", &["src/ews/xml"]),
    ("hyper", &["src/ews/transport"]),
    ("hyper_util", &["src/ews/transport"]),
    ("http_body_util", &["src/ews/transport"]),
    ("tokio_rustls", &["src/ews/transport"]),
    ("rustls", &["src/ews/transport"]),
    ("rustls_native_certs", &["src/ews/transport"]),
    ("simple_dns", &["src/ews/autodiscover"]),
    ("resolv_conf", &["src/ews/autodiscover"]),
    ("ipconfig", &["src/ews/autodiscover"]),
    ("x509_parser", &["src/ews/transport"]),
    ("hmac", &["src/ews/auth/ntlm"]),
    ("md4", &["src/ews/auth/ntlm"]),
    ("windows", &["src/ews/auth"]),
    ("rusqlite", &["src/state", "plugins/sqlite"]),
    ("libloading", &["src/source/library", "src/ews/auth"]),
    // `run` turns clap's errors into exit codes.
    ("clap", &["src/cli", "src/run"]),
    ("fs4", &["src/pst/ndb/write"]),
    ("calcard", &["src/cli/pst"]),
    ("csv", &["src/cli/pst"]),
    ("indicatif", &["src/cli"]),
    ("toml", &["src/config", "src/cli"]),
    ("tracing_subscriber", &["src/run"]),
    ("chrono_tz", &["src/mailbox/zones"]),
    ("crc32fast", &["src/pst/crc"]),
    ("encoding_rs", &["src/pst"]),
    ("flate2", &["src/pst/ndb", "src/ews/transport"]),
    ("md5", &["src/pst", "src/ews/transport", "src/ews/auth/ntlm"]),
    // The configuration checks the names of zones with the same table that the mailbox writes them by.
    ("windows_timezones", &["src/mailbox/zones", "src/config"]),
    // The messages of the adapter interface are the SDK's; only the plugin host reads them.
    ("abgleich_plugin", &["src/source", "plugins"]),
    // Another reader of PST files is a judge of ours, in tests and benchmarks.
    ("outlook_pst", &[]),
    // Test doubles and sample data never reach the product.
    ("exchange_sim", &[]),
    ("staffitpro_sample", &[]),
];

/// Where `unsafe` may stand, each time with a sentence that says why it is sound.
const UNSAFE: [&str; 5] =
    ["src/source/library", "src/ews/auth", "plugins", "tests/pst/held", "benches/shared/cpu"];

fn fail_with(wrong: &[String], rule: &str) {
    assert!(wrong.is_empty(), "{rule}\n{}\n", wrong.join("\n"));
}

fn is_shell(source: &Source) -> bool {
    SHELL.iter().any(|place| source.is_of(place))
}

#[test]
fn layers_know_only_what_is_below_them() {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for source in
        sources("src").into_iter().filter(|source| !is_shell(source) && source.name != "src/lib.rs")
    {
        let layer = source.module().first().cloned().unwrap_or_default();
        let Some((_, knows)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
            wrong.push(format!("{}: no layer of design and `LAYERS`", source.name));
            continue;
        };
        seen.insert(layer.clone());
        for path in paths(&source).iter().filter(|path| path.part(0) == "crate") {
            let other = path.part(1);
            let fine = other == layer
                || knows.contains(&other)
                || !LAYERS.iter().any(|(name, _)| *name == other);
            if !fine {
                wrong.push(format!("{}:{}: {layer} must not know {other}", source.name, path.line));
            }
            if path.parts.len() == 1 || other == "*" {
                wrong.push(format!("{}:{}: the whole crate is imported", source.name, path.line));
            }
        }
    }
    fail_with(&wrong, "an edge points the wrong way:");
    for layer in
        ["model", "reason", "config", "ews", "mapi", "mailbox", "source", "state", "engine"]
    {
        assert!(
            seen.contains(layer),
            "{layer} was not found: does this test still read the sources?"
        );
    }
}

/// Issue 4, point 4: `pst check` shares no code with the writer that it judges.
#[test]
fn the_checker_of_pst_files_does_not_know_their_writer() {
    let mut wrong = Vec::new();
    let checker = sources("src").into_iter().filter(|source| source.is_of("src/pst/check"));
    let checker: Vec<Source> = checker.filter(|source| !source.is_test()).collect();
    assert!(checker.len() > 10, "does this test still find the checker?");
    for source in checker {
        for path in
            paths(&source).iter().filter(|path| path.parts.iter().any(|part| part == "write"))
        {
            wrong.push(format!("{}:{}: {}", source.name, path.line, path.parts.join("::")));
        }
    }
    fail_with(&wrong, "the checker knows the writer:");
}

#[test]
fn the_crates_of_others_stay_where_they_belong() {
    let mut wrong = Vec::new();
    for source in sources("src").into_iter().chain(sources("plugins")) {
        for path in paths(&source) {
            let rule = CRATES.iter().find(|(name, _)| *name == path.part(0));
            if let Some((name, places)) = rule
                && !places.iter().any(|place| source.is_of(place))
            {
                wrong
                    .push(format!("{}:{}: {name} belongs into {places:?}", source.name, path.line));
            }
        }
    }
    fail_with(&wrong, "a crate is named outside its place:");
}

#[test]
fn the_library_prints_nothing() {
    let mut wrong = Vec::new();
    for source in sources("src").into_iter().chain(sources("plugins")) {
        if is_shell(&source) || source.is_test() {
            continue;
        }
        for path in paths(&source) {
            if path.part(0) == "std"
                && path.part(1) == "io"
                && ["stdout", "stderr"].contains(&path.part(2))
            {
                wrong.push(format!("{}:{}: {}", source.name, path.line, path.parts.join("::")));
            }
        }
        // Tests come last in a file and may say that they are skipped.
        let words = source.words();
        let before_tests =
            words.windows(2).take_while(|pair| pair[0].text != "mod" || pair[1].text != "tests");
        for pair in before_tests {
            let prints =
                ["print", "println", "eprint", "eprintln"].contains(&pair[0].text.as_str());
            if prints && pair[1].text == "!" {
                wrong.push(format!("{}:{}: {}!", source.name, pair[0].line, pair[0].text));
            }
        }
    }
    fail_with(&wrong, "only the shell prints:");
}

#[test]
fn unsafe_stands_where_it_may_and_says_why() {
    let mut wrong = Vec::new();
    for source in everything() {
        let lines: Vec<&str> = source.text.lines().collect();
        for pair in source.words().windows(2).filter(|pair| pair[0].text == "unsafe") {
            let line = pair[0].line;
            if !UNSAFE.iter().any(|place| source.is_of(place))
                && !source.name.starts_with("tests/source/")
            {
                wrong.push(format!("{}:{line}: unsafe", source.name));
            }
            let above = lines.get(line.saturating_sub(8)..line).unwrap_or_default();
            let opens = ["{", "impl", "("].contains(&pair[1].text.as_str());
            if opens && !above.iter().any(|line| line.contains("SAFETY:")) {
                wrong.push(format!("{}:{line}: no SAFETY sentence above", source.name));
            }
        }
    }
    fail_with(&wrong, "unsafe code:");
}

/// The simulated server and the SDK are judges and neighbours of the product: they share no code with it.
#[test]
fn the_packages_depend_on_each_other_in_one_direction() {
    let allowed: [(&str, &[&str]); 5] = [
        ("plugins/sdk", &[]),
        ("plugins/sqlite", &["abgleich-plugin"]),
        ("plugins/faulty", &["abgleich-plugin"]),
        ("fixtures/staffitpro", &[]),
        ("fixtures/exchange-sim", &["staffitpro-sample"]),
    ];
    let ours = [
        "abgleich",
        "abgleich-plugin",
        "abgleich-sqlite",
        "abgleich-faulty",
        "exchange-sim",
        "staffitpro-sample",
    ];
    let table = |folder: &str| -> toml::Table {
        let text = fs::read_to_string(root().join(folder).join("Cargo.toml")).expect("a manifest");
        text.parse().expect("a manifest in TOML")
    };
    let names = |manifest: &toml::Table, group: &str| -> Vec<String> {
        let group = manifest.get(group).and_then(toml::Value::as_table);
        group.into_iter().flat_map(toml::Table::keys).cloned().collect()
    };
    for (folder, allowed) in allowed {
        for name in names(&table(folder), "dependencies") {
            let fine = !ours.contains(&name.as_str()) || allowed.contains(&name.as_str());
            assert!(fine, "{folder} must not depend on {name}");
        }
    }
    let product = table("");
    for name in names(&product, "dependencies") {
        let fine = !ours.contains(&name.as_str()) || name == "abgleich-plugin";
        assert!(fine, "the product must not depend on {name}");
    }
    // The doubles of the seams are behind a feature that nobody gets without asking.
    let features = product.get("features").and_then(toml::Value::as_table).expect("features");
    assert!(features.contains_key("simulation") && !features.contains_key("default"));
    for (file, double) in
        [("src/mailbox.rs", "memory"), ("src/mailbox.rs", "contract"), ("src/source.rs", "memory")]
    {
        let text = fs::read_to_string(root().join(file)).expect("a source file");
        let behind = format!("#[cfg(any(test, feature = \"simulation\"))]\npub mod {double};");
        assert!(text.contains(&behind), "{file}: {double} must be behind the feature");
    }
}
