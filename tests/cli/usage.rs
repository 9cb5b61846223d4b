//! Wrong command lines end with code 2 and say what is right.

use crate::program::{Ended, Place};

#[test]
fn an_unknown_command_is_a_usage_error() {
    assert_eq!(
        Place::new().run(&["confg"]),
        Ended::failed(
            2,
            "\
error: unrecognized subcommand 'confg'

  tip: a similar subcommand exists: 'config'

Usage: abgleich [OPTIONS] <COMMAND>

For more information, try '--help'.
"
        )
    );
}

#[test]
fn no_command_shows_the_help_and_is_a_usage_error() {
    let ended = Place::new().run(&[]);
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
    assert!(ended.stderr.contains("Usage: abgleich [OPTIONS] <COMMAND>"));
}

#[test]
fn asking_for_help_or_the_version_is_no_error() {
    let place = Place::new();
    let help = place.run(&["--help"]);
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    for command in ["init", "config", "users", "filter", "source", "plugin"] {
        assert!(help.stdout.contains(&format!("\n  {command} ")), "{command} is not in the help");
        let help = place.run(&[command, "--help"]);
        assert_eq!(help.code, 0, "{command} --help");
    }
    let version = place.run(&["--version"]);
    assert_eq!(version.stdout, format!("abgleich {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_file_that_is_no_adapter_is_refused() {
    let place = Place::new().file("no-adapter.so", "just text");
    let ended = place.run(&["plugin", "inspect", "no-adapter.so"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
    assert!(ended.stderr.starts_with("error: "), "{}", ended.stderr);
    assert!(ended.stderr.contains("no-adapter.so"), "{}", ended.stderr);
    assert!(ended.stderr.contains("\nnext: "), "{}", ended.stderr);
}
