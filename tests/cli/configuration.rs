//! Finding, writing and showing the configuration.

use crate::program::{Ended, Place};

const CONFIG: &str = r#"version = 1
language = "en"
[state]
folder = "state"
[sources.staffitpro]
adapter = "sqlite"
zone = "Europe/Berlin"
settings = { file = "demo.db" }
[servers.exchange]
url = "https://mail.firma.example/EWS/Exchange.asmx"
login = { scheme = "basic", user = 'FIRMA\svc', password = { env = "ABGLEICH_EXCHANGE" } }
access = "impersonation"
[defaults.applicants]
contacts = "sync"
[mailboxes.vertrieb]
DHO = "d.hoffmann@firma.example"
"#;

#[cfg(unix)]
#[test]
fn without_a_configuration_the_places_are_named() {
    assert_eq!(
        Place::new().run(&["users"]),
        Ended::failed(
            2,
            "\
error: there is no configuration file; looked for abgleich.toml, ./.config/abgleich/abgleich.toml, /etc/abgleich/abgleich.toml
next: `abgleich init` writes one to start from; `--config PATH` names another place
"
        )
    );
}

#[test]
fn a_configuration_that_was_named_and_is_not_there_is_named() {
    assert_eq!(
        Place::new().run(&["--config", "other.toml", "users"]),
        Ended::failed(
            2,
            "\
error: there is no configuration file other.toml
next: `abgleich init other.toml` writes one to start from
"
        )
    );
}

#[test]
fn init_writes_a_file_that_can_be_read_and_never_overwrites_one() {
    let german = "abgleich.toml ist geschrieben. Die Zeilen darin durchgehen; `abgleich users --toml` druckt die der Benutzer, `abgleich check` prüft alles.";
    let english = "abgleich.toml is written. Go through its lines; `abgleich users --toml` prints those of the users, `abgleich check` looks at all of it.";
    // What the file that is there says is the language of what follows.
    for (language, said, error, next) in
        [("de", german, "Fehler", "als Nächstes"), ("en", english, "error", "next")]
    {
        let place = Place::new();
        let ended = place.run(&["init", "--language", language]);
        assert_eq!(ended, Ended { code: 0, stdout: format!("{said}\n"), stderr: String::new() });
        let written = place.read("abgleich.toml");
        assert!(written.contains(&format!("language = \"{language}\"")), "{written}");
        assert_eq!(
            place.run(&["init"]),
            Ended::failed(
                2,
                &format!(
                    "{error}: abgleich.toml is there already; nothing was written\n\
                     {next}: name another file: `abgleich init PATH`\n"
                )
            )
        );
        assert_eq!(place.read("abgleich.toml"), written);
        // Without a mailbox the rest is looked at: here the database is not there either.
        let checked = place.run(&["check"]);
        assert_eq!(checked.code, 2, "{checked:?}");
        for told in ["`abgleich users --toml`", "there is no database staffitpro.db"] {
            assert!(checked.stdout.contains(told), "{}", checked.stdout);
        }
        // It parses; that nobody is in it yet is what `config show` says.
        let ended = place.run(&["config", "show", "DHO"]);
        assert_eq!(ended.code, 2);
        assert!(ended.stderr.contains("no line of the configuration is about the user DHO"));
    }
}

#[test]
fn every_problem_of_a_configuration_is_shown_with_its_place() {
    let broken = CONFIG.replace("zone =", "zome =").replace("\"impersonation\"", "\"magic\"");
    let ended = Place::new().file("abgleich.toml", &broken).run(&["config", "show", "DHO"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
    assert!(
        ended.stderr.starts_with("error: the configuration cannot be used\n"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("abgleich.toml:7:1: "), "{}", ended.stderr);
    assert!(ended.stderr.contains("abgleich.toml:12:10: "), "{}", ended.stderr);
    assert!(ended.stderr.contains("zone"), "the nearest key: {}", ended.stderr);
}

#[test]
fn config_show_prints_each_setting_with_its_line() {
    let place = Place::new().file("abgleich.toml", CONFIG);
    let ended = place.run(&["config", "show", "dho"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let row = |key: &str| -> Vec<String> {
        let line = ended.stdout.lines().find(|line| line.split_whitespace().next() == Some(key));
        let line = line.unwrap_or_else(|| panic!("no row {key} in\n{}", ended.stdout));
        line.split_whitespace().skip(1).map(str::to_owned).collect()
    };
    assert_eq!(row("language"), ["\"en\"", "abgleich.toml:2"]);
    assert_eq!(row("applicants.contacts.mode"), ["\"sync\"", "abgleich.toml:14"]);
    assert_eq!(row("offers.activities.mode"), ["\"none\"", "default"]);
    assert!(!ended.stdout.contains("password ="), "{}", ended.stdout);
}

#[test]
fn a_user_without_a_line_is_told_who_has_one() {
    let ended = Place::new().file("abgleich.toml", CONFIG).run(&["config", "show", "CSC"]);
    assert_eq!(
        ended,
        Ended::failed(
            2,
            "\
error: no line of the configuration is about the user CSC
next: configured are: DHO; `abgleich users --toml` prints lines to paste
"
        )
    );
}
