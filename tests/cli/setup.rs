//! `check --exchange-setup`, judged by another reader of PowerShell (tree-sitter's grammar, by `ABGLEICH_PYTHON`): no syntax error, no
//! command and no parameter but those that Microsoft documents, and nothing of a configuration gets out of its quotes.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::program::Place;

/// Every command that a script may use, with its parameters: the pages of these names below learn.microsoft.com/powershell/module/exchange
/// (all on-premises, 2013 to 2019), and three of PowerShell's own. `ErrorAction` is common to all.
const DOCUMENTED: [(&str, &[&str]); 16] = [
    ("Add-MailboxFolderPermission", &["Identity", "User", "AccessRights"]),
    ("ForEach-Object", &[]),
    ("Format-List", &["Property"]),
    ("Get-Mailbox", &["Identity"]),
    ("Get-MailboxFolderPermission", &["Identity", "User"]),
    ("Get-MailboxFolderStatistics", &["Identity", "FolderScope"]),
    ("Get-ManagementRoleAssignment", &["Identity"]),
    ("Get-ManagementScope", &[]),
    ("Get-Recipient", &["ResultSize", "RecipientPreviewFilter"]),
    ("Get-User", &["Identity", "Filter"]),
    ("New-ManagementRoleAssignment", &["Name", "Role", "User", "CustomRecipientWriteScope"]),
    ("New-ManagementScope", &["Name", "RecipientRestrictionFilter"]),
    ("Read-Host", &[]),
    ("Set-MailboxFolderPermission", &["Identity", "User", "AccessRights"]),
    ("Set-ManagementScope", &["Identity", "RecipientRestrictionFilter"]),
    ("Where-Object", &[]),
];

/// What the other reader found.
pub(crate) struct Read {
    errors: Vec<String>,
    commands: Vec<(String, Vec<String>)>,
    /// The values of literal strings, as PowerShell sees them.
    literals: Vec<String>,
}

/// Reads a script; `None` where there is no such reader.
fn read(script: &str) -> Option<Read> {
    let named = std::env::var("ABGLEICH_PYTHON");
    let python = named.unwrap_or_else(|_| "python3".to_owned());
    let judge = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/powershell.py");
    let able = Command::new(&python).args(["-c", "import tree_sitter_powershell"]).output();
    if !able.is_ok_and(|output| output.status.success()) {
        println!(
            "SKIPPED: {python} has no tree-sitter-powershell; set ABGLEICH_PYTHON to one that has"
        );
        return None;
    }
    let mut child = Command::new(&python)
        .arg(judge)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    child.stdin.take().expect("a pipe").write_all(script.as_bytes()).expect("it listens");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success());
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let texts = |value: &serde_json::Value| -> Vec<String> {
        let list = value.as_array().expect("a list");
        list.iter().map(|text| text.as_str().expect("a text").to_owned()).collect()
    };
    let commands = found["commands"].as_array().expect("a list").iter();
    let quote = |letter: char| matches!(letter, '\'' | '\u{2018}'..='\u{201b}');
    let value = |literal: String| {
        let mut out = String::new();
        let inside = literal.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
        let mut letters = inside.expect("single quotes").chars();
        while let Some(letter) = letters.next() {
            assert!(!quote(letter) || letters.next().is_some_and(quote), "{literal} ends early");
            out.push(letter);
        }
        out
    };
    Some(Read {
        errors: texts(&found["errors"]),
        commands: commands
            .map(|pair| (pair[0].as_str().expect("a name").to_owned(), texts(&pair[1])))
            .collect(),
        literals: texts(&found["literals"]).into_iter().map(value).collect(),
    })
}

/// Reads a script that is to be PowerShell and to use documented commands only.
pub(crate) fn is_documented_powershell(script: &str) -> Option<Read> {
    let found = read(script)?;
    assert_eq!(found.errors, Vec::<String>::new(), "{script}");
    for (command, parameters) in &found.commands {
        let known = DOCUMENTED.iter().find(|(name, _)| name == command);
        let (_, known) = known.unwrap_or_else(|| panic!("{command}\n{script}"));
        for parameter in parameters.iter().map(|name| name.trim_start_matches('-')) {
            let is_known = parameter == "ErrorAction" || known.contains(&parameter);
            assert!(is_known, "{command} -{parameter}");
        }
    }
    Some(found)
}

/// A configuration that is only read.
fn place(access: &str, language: &str, login: &str, server: &str, addresses: &[&str]) -> Place {
    let mut config = format!(
        "version = 1\nlanguage = \"{language}\"\n[state]\nfolder = \"state\"\n[sources.staffitpro]\nadapter = \"sqlite\"\n\
         zone = \"Europe/Berlin\"\nsettings = {{ file = \"demo.db\" }}\n[servers.\"{server}\"]\n\
         url = \"https://mail.firma.example/EWS/Exchange.asmx\"\nlogin = {login}\naccess = \"{access}\"\n\
         [defaults]\napplicants = {{ contacts = \"sync\", activities = \"sync\" }}\n[mailboxes.office]\n"
    );
    for (number, address) in addresses.iter().enumerate() {
        let _ = writeln!(config, "U{number} = {}", serde_json::Value::from(*address));
    }
    Place::new().file("abgleich.toml", &config)
}

#[test]
fn scripts_are_powershell_and_use_documented_commands_only() {
    let addresses = [
        "c.schmidt@firma.example",
        "o'neill@firma.example",
        "d$x`y@firma.example",
        "müller@größe.example",
    ];
    let password = |user: &str| {
        format!(
            "{{ user = {}, password = {{ env = \"NOT_READ\" }} }}",
            serde_json::Value::from(user)
        )
    };
    let accounts = [
        r"FIRMA\svc-abgleich",
        "FIRMA\\o'brien",
        "svc$env:x`n\"@firma.example",
        "Dienst \u{2019}; Remove-Mailbox x # ß",
    ];
    let mut granted = 0;
    for access in ["impersonation", "delegate", "own"] {
        for language in ["de", "en"] {
            for account in accounts {
                // An account opens only one mailbox as its own.
                let addresses = if access == "own" { &addresses[..1] } else { &addresses[..] };
                let place = place(access, language, &password(account), "exchange", addresses);
                let ended = place.run(&["check", "--exchange-setup"]);
                assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{access} {account}");
                let Some(found) = is_documented_powershell(&ended.stdout) else { return };
                let writes: Vec<&str> = found
                    .commands
                    .iter()
                    .map(|(name, _)| name.as_str())
                    .filter(|name| !name.starts_with("Get-") && name.contains("-Ma"))
                    .collect();
                // Scoped impersonation, or rights on folders, and nothing more.
                let wanted: &[&str] = match access {
                    "impersonation" => &[
                        "New-ManagementScope",
                        "Set-ManagementScope",
                        "New-ManagementRoleAssignment",
                    ],
                    "delegate" => &["Add-MailboxFolderPermission", "Set-MailboxFolderPermission"],
                    _ => &[],
                };
                assert_eq!(writes, wanted, "{}", ended.stdout);
                if access == "own" {
                    continue;
                }
                granted += 1;
                for value in addresses.iter().chain([&account]) {
                    let times = found.literals.iter().filter(|literal| literal == value).count();
                    assert_eq!(times, 1, "{value} is one literal of {:?}", found.literals);
                }
                // Rule D15: the ids of all default folders say which mailbox it is, so that a delegate sees all of them.
                for folder in ["Contacts", "Calendar", "Tasks", "DeletedItems"] {
                    let named = found.literals.iter().any(|literal| literal == folder);
                    assert_eq!(named, access == "delegate", "{folder}: {:?}", found.literals);
                }
                let roles: Vec<_> =
                    found.literals.iter().filter(|text| text.contains("Impersonation")).collect();
                assert_eq!(roles.len(), usize::from(access == "impersonation"), "{roles:?}");
            }
        }
    }
    assert_eq!(granted, 16);
}

#[test]
fn without_a_configured_account_the_script_asks_for_it() {
    let place = place(
        "impersonation",
        "de",
        "{ scheme = \"negotiate\" }",
        "exchange",
        &["a@firma.example"],
    );
    let ended = place.run(&["check", "--exchange-setup"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains("\n$account = Read-Host 'Konto, "), "{}", ended.stdout);
    if let Some(found) = read(&ended.stdout) {
        assert_eq!(found.errors, Vec::<String>::new(), "{}", ended.stdout);
    }
}

#[test]
fn the_longest_name_is_no_longer_than_exchange_takes() {
    // New-ManagementScope and New-ManagementRoleAssignment: "up to 64 characters".
    let server = "x".repeat(40);
    let login = "{ user = 'F\\x', password = { env = \"X\" } }";
    let place = place("impersonation", "en", login, &server, &["a@firma.example"]);
    let ended = place.run(&["check", "--exchange-setup"]);
    let name = ended.stdout.lines().find_map(|line| line.strip_prefix("$name = '"));
    let name = name.and_then(|rest| rest.strip_suffix('\''));
    assert!(name.is_some_and(|name| name.len() <= 64), "{}{}", ended.stdout, ended.stderr);
    // A longer one is no name in a configuration.
    let longer = self::place("impersonation", "en", login, &"x".repeat(41), &["a@firma.example"]);
    assert_eq!(longer.run(&["check", "--exchange-setup"]).code, 2);
}
