//! Shell: `check --exchange-setup`: the PowerShell that gives the account of this configuration the rights that it needs on the
//! mailboxes of this configuration, and nothing more. Nothing is sent; an administrator reads it and runs it.
//!
//! The scope names mailboxes by their GUID, which the script looks up: addresses and places in the directory change, and a filter by
//! address could match somebody who gets an address later. The scope is set as a whole, so that it always has all mailboxes of a server:
//! a script for some of them would take the rights on the others away. Before anything is changed, the script compares what the filter covers with the
//! list, and looks up the account and the folders. In the Exchange Management Shell the cmdlets are proxies of a remote session, which do not
//! see a script's `$ErrorActionPreference`, so that each is told to stop at an error.

use std::collections::{BTreeMap, BTreeSet};

use abgleich::config::{Access, MailboxSettings, Owner, ServerSettings, Settings, Target};
use abgleich::model::{Direction, ItemKind, Mode};

use crate::cli::report::one_of;

/// A line of the configuration, and the address in it.
type Line<'a> = (&'a MailboxSettings, &'a str);

/// Writes the script for the mailboxes chosen, server by server.
pub(super) fn powershell(settings: &Settings, chosen: &[&MailboxSettings]) -> String {
    let chosen = by_server(chosen.iter().copied());
    let all = by_server(&settings.mailboxes);
    let mut out = String::new();
    for (name, mailboxes) in &chosen {
        let Some(server) = settings.servers.get(*name) else { continue };
        let whole = all.get(name).unwrap_or(mailboxes);
        let mailboxes = if server.access == Access::Impersonation { whole } else { mailboxes };
        let is_more = mailboxes.len() > chosen.get(name).map_or(0, Vec::len);
        out.push_str(&script(settings, name, server, mailboxes, is_more));
    }
    out
}

fn by_server<'a>(
    mailboxes: impl IntoIterator<Item = &'a MailboxSettings>,
) -> BTreeMap<&'a str, Vec<Line<'a>>> {
    let mut by_server: BTreeMap<&str, Vec<Line<'_>>> = BTreeMap::new();
    for mailbox in mailboxes {
        if let Target::Exchange { server, address } = &mailbox.target {
            by_server.entry(server).or_default().push((mailbox, address));
        }
    }
    by_server
}

fn script(
    settings: &Settings,
    name: &str,
    server: &ServerSettings,
    mailboxes: &[Line<'_>],
    is_more: bool,
) -> String {
    let say = |de: &'static str, en: &'static str| one_of(settings.language, de, en);
    let mut lines = vec![format!("# abgleich, server {name}")];
    if server.access == Access::Own {
        lines.push(format!("# {}", say(
            "access = \"own\": das Konto öffnet nur sein eigenes Postfach und braucht keine weiteren Rechte.",
            "access = \"own\": the account opens its own mailbox only and needs no further rights.",
        )));
        return lines.join("\n") + "\n";
    }
    lines.push(format!("# {}", say(
        "In der Exchange Management Shell ausführen. Beim ersten Fehler endet es; vorher wird nichts geändert.",
        "Run it in the Exchange Management Shell. It ends at the first mistake; before that nothing is changed.",
    )));
    if is_more {
        lines.push(format!("# {}", say(
            "Der Geltungsbereich wird im Ganzen gesetzt: Alle Postfächer dieses Servers stehen darin, nicht nur die gewählten.",
            "The scope is set as a whole: all mailboxes of this server are in it, not only those that were chosen.",
        )));
    }
    lines.push("$ErrorActionPreference = 'Stop'".to_owned());
    lines.push(match server.login.user() {
        Some(user) => format!("$account = {}", quoted(user)),
        // A ticket or the running account has a name that the configuration does not know.
        None => format!(
            "$account = Read-Host {}",
            quoted(say(
                "Konto, mit dem sich abgleich anmeldet (DOMÄNE\\name)",
                "Account that abgleich logs in as (DOMAIN\\name)",
            ))
        ),
    });
    let owner = |line: &Line<'_>| match (server.access, &line.0.owner) {
        (Access::Impersonation, Owner::Upn(upn)) => Some(equals("UserPrincipalName", upn)),
        (Access::Impersonation, Owner::Sid(sid)) => Some(equals("Sid", sid)),
        _ => None,
    };
    let mut addresses = BTreeSet::new();
    for (_, address) in mailboxes.iter().filter(|line| owner(line).is_none()) {
        addresses.insert(address.to_lowercase());
    }
    lines.push(list("$addresses", &addresses));
    lines.push(
        "$user = @(Get-User -Identity $account -ErrorAction Stop)
if ($user.Count -ne 1) { throw \"$account : $($user.Count) accounts\" }
$mailboxes = @($addresses | ForEach-Object {
    $mailbox = @(Get-Mailbox -Identity $_ -ErrorAction Stop)
    if ($mailbox.Count -ne 1) { throw \"$_ : $($mailbox.Count) mailboxes\" }
    if ($mailbox[0].PrimarySmtpAddress.ToString() -ne $_) { throw \"$_ : the primary address is $($mailbox[0].PrimarySmtpAddress)\" }
    $mailbox[0]
})"
            .to_owned(),
    );
    let owners: BTreeSet<String> = mailboxes.iter().filter_map(owner).collect();
    if !owners.is_empty() {
        lines.push(list("$owners", &owners));
        lines.push(
            "$mailboxes += @($owners | ForEach-Object {
    $owner = @(Get-User -Filter $_ -ErrorAction Stop)
    if ($owner.Count -ne 1) { throw \"$_ : $($owner.Count) accounts\" }
    $mailbox = @(Get-Mailbox -Identity $owner[0].Guid.ToString() -ErrorAction Stop)
    if ($mailbox.Count -ne 1) { throw \"$_ : $($mailbox.Count) mailboxes\" }
    $mailbox[0]
})"
            .to_owned(),
        );
    }
    lines.push(match server.access {
        Access::Delegate => delegate(settings, mailboxes),
        Access::Impersonation | Access::Own => impersonation(name),
    });
    lines.join("\n") + "\n"
}

/// The scope and the role. Run again after the configuration changed, it changes the scope; an assignment of that name to somebody else is
/// not touched.
fn impersonation(name: &str) -> String {
    let scope = quoted(&format!("abgleich {name}"));
    format!(
        "$filter = ($mailboxes | ForEach-Object {{ \"Guid -eq '$($_.Guid)'\" }}) -join ' -or '
$covered = @(Get-Recipient -ResultSize Unlimited -RecipientPreviewFilter $filter -ErrorAction Stop)
if ($covered.Count -ne $mailboxes.Count) {{ throw \"the filter covers $($covered.Count) recipients, not $($mailboxes.Count)\" }}
$name = {scope}
$assigned = @(Get-ManagementRoleAssignment -ErrorAction Stop | Where-Object {{ $_.Name -eq $name }})
if ($assigned.Count -gt 0 -and $assigned[0].RoleAssigneeName -ne $user[0].Name) {{
    throw \"$name is assigned to $($assigned[0].RoleAssigneeName); remove it first with Remove-ManagementRoleAssignment\"
}}
if (@(Get-ManagementScope -ErrorAction Stop | Where-Object {{ $_.Name -eq $name }}).Count -eq 0) {{
    New-ManagementScope -Name $name -RecipientRestrictionFilter $filter -ErrorAction Stop
}} else {{
    Set-ManagementScope -Identity $name -RecipientRestrictionFilter $filter -ErrorAction Stop
}}
if ($assigned.Count -eq 0) {{
    New-ManagementRoleAssignment -Name $name -Role 'ApplicationImpersonation' -User $account -CustomRecipientWriteScope $name -ErrorAction Stop
}}
Get-ManagementRoleAssignment -Identity $name -ErrorAction Stop | Format-List -Property @('Name', 'Role', 'RoleAssigneeName', 'CustomRecipientWriteScope')"
    )
}

/// Rights on the default folders: those that the scopes use are written, since stamps are in each mode; items that are not where they
/// were are looked for in Deleted Items, and deleted ones moved there. The others only have to be seen, since the ids of all say which
/// mailbox it is (rule D15). Their names are those of the mailbox's language, so they are looked up. What the account has already is
/// looked at, left as it is where it contains what is needed, and never made less: the cmdlet takes several roles and rights at once.
fn delegate(settings: &Settings, mailboxes: &[Line<'_>]) -> String {
    let scopes = || mailboxes.iter().flat_map(|(mailbox, _)| &mailbox.scopes);
    let uses = |kind: ItemKind| {
        scopes().any(|scope| scope.mode != Mode::None && kind.switch() == scope.scope.switch)
    };
    let mut grants: Vec<String> = ItemKind::ALL
        .into_iter()
        .map(|kind| {
            let name = match kind {
                ItemKind::Contact => "Contacts",
                ItemKind::Appointment => "Calendar",
                ItemKind::Task => "Tasks",
            };
            let right = if uses(kind) { "Editor" } else { "FolderVisible" };
            format!("@('{name}', '{right}')")
        })
        .collect();
    let deletes = scopes().any(|scope| scope.mode.permits(Direction::ToOutlook));
    let right = if deletes { "Editor" } else { "Reviewer" };
    grants.push(format!("@('DeletedItems', '{right}')"));
    let note = one_of(
        settings.language,
        "Unterordner, die es schon gibt, erben diese Rechte nicht; dort ebenso vergeben. Private Elemente bleiben unsichtbar.",
        "Folders below that exist already do not inherit these rights; give them there too. Private items stay invisible.",
    );
    format!(
        "# {note}
if ($user[0].RecipientType -eq 'User') {{ throw \"$account has no mailbox; rights on folders are given to accounts with one\" }}
$grants = @(foreach ($mailbox in $mailboxes) {{
    foreach ($pair in @({grants})) {{
        $kind, $right = $pair
        $folder = @(Get-MailboxFolderStatistics -Identity $mailbox.Guid.ToString() -FolderScope $kind -ErrorAction Stop | Where-Object {{ $_.FolderType -eq $kind }})
        if ($folder.Count -ne 1) {{ throw \"$($mailbox.PrimarySmtpAddress) : $($folder.Count) folders of the kind $kind\" }}
        @{{ Path = $mailbox.PrimarySmtpAddress.ToString() + ':' + $folder[0].FolderPath.Replace('/', '\\'); Right = $right }}
    }}
}})
$editors = @('Editor', 'PublishingEditor', 'Owner')
$readers = @('Reviewer', 'NonEditingAuthor', 'Author', 'PublishingAuthor') + $editors
$enough = @{{ Editor = $editors; Reviewer = $readers; FolderVisible = @('FolderVisible', 'Contributor') + $readers }}
foreach ($grant in $grants) {{
    $entry = @(Get-MailboxFolderPermission -Identity $grant.Path -User $account -ErrorAction SilentlyContinue)
    if ($entry.Count -eq 0) {{
        Add-MailboxFolderPermission -Identity $grant.Path -User $account -AccessRights $grant.Right -ErrorAction Stop
        continue
    }}
    $rights = @($entry[0].AccessRights | ForEach-Object {{ \"$_\" }} | Where-Object {{ $_ -ne 'None' }})
    if (@($rights | Where-Object {{ $enough[$grant.Right] -contains $_ }}).Count -eq 0) {{
        Set-MailboxFolderPermission -Identity $grant.Path -User $account -AccessRights ($rights + $grant.Right) -ErrorAction Stop
    }}
}}",
        grants = grants.join(", ")
    )
}

/// Writes a list of texts.
fn list(name: &str, texts: &BTreeSet<String>) -> String {
    let mut list = format!("{name} = @(\n");
    for text in texts {
        list.push_str("    ");
        list.push_str(&quoted(text));
        list.push('\n');
    }
    list.push(')');
    list
}

/// Writes what the filters of Exchange take for "this property has this value". A quote in the value is doubled.
fn equals(property: &str, value: &str) -> String {
    format!("{property} -eq '{}'", value.replace('\'', "''"))
}

/// Writes a text as PowerShell takes it literally: in single quotes, in which nothing is expanded. A quote is doubled, and PowerShell
/// takes the typographic ones for quotes as well. Control characters, which no such text needs, are left out.
fn quoted(text: &str) -> String {
    let mut out = String::from("'");
    for character in text.chars().filter(|character| !character.is_control()) {
        if matches!(character, '\'' | '\u{2018}'..='\u{201b}') {
            out.push(character);
        }
        out.push(character);
    }
    out.push('\'');
    out
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn nothing_gets_out_of_a_quoted_text() {
        assert_eq!(quoted(r"FIRMA\svc-abgleich"), r"'FIRMA\svc-abgleich'");
        assert_eq!(quoted("o'neill@firma.example"), "'o''neill@firma.example'");
        // PowerShell takes U+2018 to U+201B for single quotes (about_Quoting_Rules, CharTraits.cs IsSingleQuote).
        assert_eq!(
            quoted("a\u{2019}; Remove-Mailbox x #"),
            "'a\u{2019}\u{2019}; Remove-Mailbox x #'"
        );
        assert_eq!(quoted("$(Get-Date)`n\"\r\n"), "'$(Get-Date)`n\"'");
    }
}
