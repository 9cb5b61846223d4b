//! Logins against servers that are not ours: Apache with mod_auth_gssapi and gss-ntlmssp, a MIT KDC, and an acceptor that
//! enforces channel bindings. `fixtures/logins/README.md` says what they are and what they need.
//!
//! The one test outside starts them and runs all tests of `inside` in a child of its own, because the Kerberos library reads
//! where its realm is from the environment.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

#[path = "logins/client.rs"]
mod client;
#[path = "logins/inside.rs"]
mod inside;
#[path = "logins/servers.rs"]
mod servers;

use std::process::Command;

use servers::Servers;

#[test]
fn servers_accept_what_they_must_and_refuse_what_they_must() {
    let Some(servers) = Servers::start() else { return };
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["inside::", "--ignored", "--test-threads=4"])
        .env("ABGLEICH_LOGINS_FOLDER", servers.folder())
        .env("KRB5_CONFIG", servers.folder().join("krb5.conf"))
        // Nothing of this machine's own tickets and keys.
        .env("KRB5CCNAME", format!("FILE:{}", servers.folder().join("none").display()))
        .env("KRB5_CLIENT_KTNAME", servers.folder().join("none.keytab"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let also = String::from_utf8_lossy(&output.stderr);
    println!("{said}{also}");
    assert!(output.status.success(), "see above");
    // A child that ran nothing would succeed too.
    let passed = said
        .lines()
        .filter(|line| line.starts_with("test inside::") && line.ends_with(" ok"))
        .count();
    assert!(passed >= 20, "only {passed} tests ran inside");
}
