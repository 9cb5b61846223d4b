//! `check --exchange-setup`: the script that gives the account its rights.

use crate::program::Place;

/// An office without a server: a setup script needs none.
fn paper(access: &str, lines: &str) -> Place {
    let config = format!(
        r#"version = 1
language = "en"
[state]
folder = "state"
[sources.staffitpro]
adapter = "sqlite"
zone = "Europe/Berlin"
settings = {{ file = "demo.db" }}
[servers.exchange]
url = "https://mail.firma.example/EWS/Exchange.asmx"
login = {{ user = 'FIRMA\svc-abgleich', password = {{ env = "NOT_READ_HERE" }} }}
access = "{access}"
[defaults]
applicants = {{ contacts = "sync", activities = "sync" }}
[mailboxes.office]
{lines}"#
    );
    Place::new().file("abgleich.toml", &config)
}

#[test]
fn the_script_gives_impersonation_on_exactly_these_mailboxes() {
    let place = paper(
        "impersonation",
        "CSC = \"C.Schmidt@firma.example\"\nFON = \"f.o'neill@firma.example\"\n",
    );
    let ended = place.run(&["check", "--exchange-setup"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    assert_eq!(
        ended.stdout,
        r#"# abgleich, server exchange
# Run it in the Exchange Management Shell. It ends at the first mistake; before that nothing is changed.
$ErrorActionPreference = 'Stop'
$account = 'FIRMA\svc-abgleich'
$addresses = @(
    'c.schmidt@firma.example'
    'f.o''neill@firma.example'
)
$user = @(Get-User -Identity $account -ErrorAction Stop)
if ($user.Count -ne 1) { throw "$account : $($user.Count) accounts" }
$mailboxes = @($addresses | ForEach-Object {
    $mailbox = @(Get-Mailbox -Identity $_ -ErrorAction Stop)
    if ($mailbox.Count -ne 1) { throw "$_ : $($mailbox.Count) mailboxes" }
    if ($mailbox[0].PrimarySmtpAddress.ToString() -ne $_) { throw "$_ : the primary address is $($mailbox[0].PrimarySmtpAddress)" }
    $mailbox[0]
})
$filter = ($mailboxes | ForEach-Object { "Guid -eq '$($_.Guid)'" }) -join ' -or '
$covered = @(Get-Recipient -ResultSize Unlimited -RecipientPreviewFilter $filter -ErrorAction Stop)
if ($covered.Count -ne $mailboxes.Count) { throw "the filter covers $($covered.Count) recipients, not $($mailboxes.Count)" }
$name = 'abgleich exchange'
$assigned = @(Get-ManagementRoleAssignment -ErrorAction Stop | Where-Object { $_.Name -eq $name })
if ($assigned.Count -gt 0 -and $assigned[0].RoleAssigneeName -ne $user[0].Name) {
    throw "$name is assigned to $($assigned[0].RoleAssigneeName); remove it first with Remove-ManagementRoleAssignment"
}
if (@(Get-ManagementScope -ErrorAction Stop | Where-Object { $_.Name -eq $name }).Count -eq 0) {
    New-ManagementScope -Name $name -RecipientRestrictionFilter $filter -ErrorAction Stop
} else {
    Set-ManagementScope -Identity $name -RecipientRestrictionFilter $filter -ErrorAction Stop
}
if ($assigned.Count -eq 0) {
    New-ManagementRoleAssignment -Name $name -Role 'ApplicationImpersonation' -User $account -CustomRecipientWriteScope $name -ErrorAction Stop
}
Get-ManagementRoleAssignment -Identity $name -ErrorAction Stop | Format-List -Property @('Name', 'Role', 'RoleAssigneeName', 'CustomRecipientWriteScope')
"#
    );
    // A scope is set as a whole: a script for one mailbox would take the rights on the others away.
    let one = place.run(&["check", "--exchange-setup", "--mailbox", "CSC"]).stdout;
    let (head, rest) = one.split_once("# The scope is set as a whole").expect("it says so");
    let rest = rest.split_once('\n').map(|(_, rest)| rest);
    assert_eq!(format!("{head}{}", rest.unwrap_or_default()), ended.stdout);
}

/// The owner of such a line is another name than the address, which may be none of Exchange's (docs/administrator.md, section 2).
#[test]
fn the_script_looks_owners_up_by_what_the_line_names() {
    let lines = "CSC = \"c.schmidt@firma.example\"\n\
                 DHO = { address = \"alias@firma.example\", upn = \"d.o'hoff@firma.local\" }\n\
                 FWE = { address = \"f.weber@firma.example\", sid = \"S-1-5-21-1-2-3-1104\" }\n";
    let text = paper("impersonation", lines).run(&["check", "--exchange-setup"]).stdout;
    for part in [
        "$addresses = @(\n    'c.schmidt@firma.example'\n)\n",
        // A quote is doubled for the filter, and both once more for PowerShell.
        "$owners = @(\n    'Sid -eq ''S-1-5-21-1-2-3-1104'''\n    'UserPrincipalName -eq ''d.o''''hoff@firma.local'''\n)\n",
        "    $owner = @(Get-User -Filter $_ -ErrorAction Stop)\n",
        "    $mailbox = @(Get-Mailbox -Identity $owner[0].Guid.ToString() -ErrorAction Stop)\n",
        "if ($covered.Count -ne $mailboxes.Count) { throw ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("alias@") && !text.contains("f.weber@"), "{text}");
    crate::setup::is_documented_powershell(&text);
}

/// Rights on folders are given one by one, so that a choice is one.
#[test]
fn the_script_for_a_delegate_is_about_the_mailboxes_that_were_chosen() {
    let lines = "CSC = \"c.schmidt@firma.example\"\nFON = \"f.neill@firma.example\"\n";
    let text = paper("delegate", lines).run(&["check", "--exchange-setup", "--mailbox", "CSC"]);
    let text = text.stdout;
    assert!(text.contains("c.schmidt@") && !text.contains("neill"), "{text}");
}

#[test]
fn the_script_for_a_delegate_gives_rights_on_the_folders_that_are_used_and_shows_the_others() {
    let place = paper(
        "delegate",
        "CSC = { address = \"c.schmidt@firma.example\", activities = \"none\", applicants.activities = \"none\" }\n",
    );
    let text = place.run(&["check", "--exchange-setup"]).stdout;
    let pairs = "foreach ($pair in @(@('Contacts', 'Editor'), @('Calendar', 'FolderVisible'), \
                 @('Tasks', 'FolderVisible'), @('DeletedItems', 'Editor'))) {";
    assert!(text.contains(pairs), "{text}");
    assert!(text.contains("if ($user[0].RecipientType -eq 'User') { throw "), "{text}");
    assert!(
        text.contains(
            "Add-MailboxFolderPermission -Identity $grant.Path -User $account -AccessRights $grant.Right"
        ),
        "{text}"
    );
    // An entry that is there is looked at: a role that contains what is needed stays, and what is set is set beside the rest.
    for part in [
        "$editors = @('Editor', 'PublishingEditor', 'Owner')",
        "$rights = @($entry[0].AccessRights | ForEach-Object { \"$_\" } | Where-Object { $_ -ne 'None' })",
        "if (@($rights | Where-Object { $enough[$grant.Right] -contains $_ }).Count -eq 0) {",
        "-AccessRights ($rights + $grant.Right)",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("ApplicationImpersonation"), "{text}");
    let place = paper("own", "CSC = \"c.schmidt@firma.example\"\n");
    let text = place.run(&["check", "--exchange-setup"]).stdout;
    assert!(!text.contains("Permission") && text.contains("needs no further rights"), "{text}");
}
