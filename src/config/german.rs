//! Pure: every fault of a configuration in German: what was found, what is allowed, what to do.

use std::fmt::{self, Formatter};

use crate::config::fault::{Allowed, Broken, Fault, Kind, Slip};
use crate::config::shown::{list, shown};
use crate::model::Switch;

/// Writes the sentence.
pub(in crate::config) fn write(f: &mut Formatter<'_>, fault: &Fault) -> fmt::Result {
    match fault {
        Fault::Unreadable { path, reason } => write!(
            f,
            "die Datei {} ist nicht lesbar: {}; Namen prüfen, und ob das Konto, unter dem abgleich läuft, sie lesen darf",
            shown(path),
            shown(reason)
        ),
        Fault::Utf16 => f.write_str(
            "die Datei ist als UTF-16 gespeichert; als UTF-8 speichern (im Editor: Speichern unter, Codierung: UTF-8)",
        ),
        Fault::NotUtf8 => f.write_str(
            "hier steht ein Zeichen, das kein UTF-8 ist; die Datei als UTF-8 speichern (im Editor: Speichern unter, Codierung: UTF-8)",
        ),
        Fault::IncludeCycle { path, includer } => write!(
            f,
            "hier wird {} eingebunden, das selbst {} einbindet, direkt oder über andere; eine der beiden Stellen entfernen",
            shown(path),
            shown(includer)
        ),
        Fault::IncludeNothing { pattern } => {
            write!(f, "keine Datei heißt wie {}; es wird nichts eingebunden", shown(pattern))
        }
        Fault::IncludePattern { pattern } => write!(
            f,
            "in „{}“ steht * oder ? in einem Ordner; erlaubt ist das nur im Dateinamen",
            shown(pattern)
        ),
        Fault::Syntax { broken, slip } => {
            f.write_str("kein gültiges TOML: ")?;
            // The usual mistake says more than what the parser made of it.
            match slip {
                Some(slip) => f.write_str(slip_hint(*slip)),
                None => write_broken(f, broken),
            }
        }
        Fault::UnknownKey { key, nearest, belongs, allowed } => {
            write!(f, "unbekannter Schlüssel „{}“", shown(key))?;
            if let Some(nearest) = nearest {
                write!(f, ", gemeint ist vielleicht „{nearest}“")?;
            } else if let Some(belongs) = belongs {
                write!(f, ", er gehört nach {belongs}")?;
            }
            write!(f, " (hier erlaubt: {})", list(allowed))
        }
        Fault::Twice { key, first: Some(first) } => write!(
            f,
            "„{}“ steht hier ein zweites Mal, zuerst in {first}; nur eines behalten",
            shown(key)
        ),
        Fault::Twice { key, first: None } => {
            write!(f, "„{}“ steht hier ein zweites Mal; nur eines behalten", shown(key))
        }
        Fault::UserWithDot { user } => write!(
            f,
            "ein Benutzername mit Punkt braucht Anführungszeichen: \"{}\" = …",
            shown(user)
        ),
        Fault::LineOutsideGroup { user } => write!(
            f,
            "die Zeile von {} steht in [mailboxes] selbst; sie gehört in eine Gruppe, etwa [mailboxes.alle]",
            shown(user)
        ),
        Fault::WrongKind { key, found, allowed } => {
            write!(f, "„{}“ ist {}, muss aber ", shown(key), kind(*found))?;
            write_allowed(f, *allowed)?;
            f.write_str(" sein")
        }
        Fault::UnknownWord { key, found, nearest, allowed } => {
            write!(f, "„{}“ ist „{}“", shown(key), shown(found))?;
            if let Some(nearest) = nearest {
                write!(f, ", gemeint ist vielleicht „{nearest}“")?;
            }
            write!(f, " (erlaubt: {})", list(allowed))
        }
        Fault::OutOfRange { key, found, min, max } => write!(
            f,
            "„{}“ ist {found}, muss aber eine Zahl von {min} bis {max} sein",
            shown(key)
        ),
        Fault::Blank { key, empty: true } => {
            write!(f, "„{}“ ist leer; einen Wert eintragen oder die Zeile entfernen", shown(key))
        }
        Fault::Blank { key, empty: false } => write!(
            f,
            "„{}“ beginnt oder endet mit einem Leerzeichen; das Leerzeichen entfernen",
            shown(key)
        ),
        Fault::ControlCharacter { key, backslash: true } => write!(
            f,
            "in „{}“ wurde ein Backslash als Steuerzeichen gelesen; Pfade in einfache Anführungszeichen setzen: 'C:\\neu'",
            shown(key)
        ),
        Fault::ControlCharacter { key, backslash: false } => write!(
            f,
            "„{}“ enthält einen Tabulator, Zeilenumbruch oder ein anderes Steuerzeichen; das Zeichen entfernen",
            shown(key)
        ),
        Fault::Missing { table, key } => {
            write!(f, "in {} fehlt „{key}“; es gibt keine Vorgabe dafür", shown(table))
        }
        Fault::Version { found } => write!(
            f,
            "Version {found} der Konfiguration kennt dieses abgleich nicht; es liest Version 1"
        ),
        Fault::Name { found } => write!(
            f,
            "„{}“ kann hier kein Name sein; erlaubt sind Buchstaben a-z, Ziffern, - und _, höchstens 40",
            shown(found)
        ),
        Fault::NoContacts { module } => write!(
            f,
            "{} hat in staffITpro keine Kontakte, nur Bewerber und Geschäftskontakte haben welche (Regel G1); den Schlüssel entfernen",
            shown(module)
        ),
        Fault::Zone { found, windows: Some(name) } => write!(
            f,
            "„{}“ ist der Windows-Name einer Zeitzone; hier \"{name}\" schreiben",
            shown(found)
        ),
        Fault::Zone { found, windows: None } => write!(
            f,
            "die Zeitzone „{}“ gibt es nicht; einen IANA-Namen schreiben wie \"Europe/Berlin\"",
            shown(found)
        ),
        Fault::Digest { digits } => write!(
            f,
            "eine SHA-256-Prüfsumme hat 64 Hexadezimalziffern, diese hat {digits} Zeichen; `abgleich plugin inspect DATEI` zeigt die richtige"
        ),
        Fault::Address { found } => write!(
            f,
            "„{}“ ist keine Mailadresse; schreiben als name@firma.example (eine PST-Datei: {{ pst = '…' }})",
            shown(found)
        ),
        Fault::AddressEnd { found } => {
            write!(f, "„{}“ muss mit @ beginnen, etwa \"@firma.example\"", shown(found))
        }
        Fault::AddressMust { address, ends, rule } => write!(
            f,
            "{} endet nicht auf {}, wie es address_must in {rule} verlangt; die Adresse oder die Regel berichtigen",
            shown(address),
            list(ends)
        ),
        Fault::Category { found } => write!(
            f,
            "„{}“ ist in Outlook keine einzelne Kategorie; sie hat höchstens 255 Zeichen und weder Komma noch Semikolon",
            shown(found)
        ),
        Fault::FolderPath { found } => write!(
            f,
            "„{}“ ist kein Ordner unterhalb des Standardordners; die Teile mit / trennen, etwa \"staffITpro/Bewerber\"",
            shown(found)
        ),
        Fault::FolderName { found } => write!(
            f,
            "der Ordner „{}“ hat einen Namen, der für Outlook zu lang ist; für jeden Teil höchstens 255 Zeichen schreiben",
            shown(found)
        ),
        Fault::FolderTwice { found } => write!(
            f,
            "„{}“ ist ein Ordner im Standardordner, und nicht dieser selbst; weglassen, wenn darin kein zweiter dieses Namens gemeint ist",
            shown(found)
        ),
        Fault::Field { found, nearest, switch } => {
            let kind = match switch {
                Switch::Contacts => "Kontakte haben",
                Switch::Activities => "Aufgaben und Termine haben",
            };
            write!(f, "{kind} kein Feld „{}“", shown(found))?;
            match nearest {
                Some(nearest) => write!(f, ", gemeint ist vielleicht „{nearest}“"),
                None => f.write_str("; die Kommentare der Vorgabedatei nennen alle Felder"),
            }
        }
        Fault::AdapterName { found } => write!(
            f,
            "„{}“ sieht nach einer Datei aus; den Adapter eines Herstellers schreibt man adapter = {{ file = '…', sha256 = \"…\" }}",
            shown(found)
        ),
        Fault::NetworkShare { path } => write!(
            f,
            "{} liegt auf einer Netzwerkfreigabe, dort ist der Zustand nicht sicher; einen Ordner auf einer lokalen Platte wählen",
            shown(path)
        ),
        Fault::SecretInline { key } => write!(
            f,
            "„{}“ ist ein Geheimnis und darf nicht in der Datei stehen; {{ env = \"NAME\" }}, {{ file = '…' }} oder {{ command = [\"…\"] }} schreiben und das Geheimnis ändern",
            shown(key)
        ),
        Fault::SecretPlace { key } => write!(
            f,
            "„{}“ muss genau eines von env, file und command haben, etwa {{ env = \"NAME\" }}",
            shown(key)
        ),
        Fault::SecretInSettings { key } => write!(
            f,
            "„{}“ sieht nach einem Geheimnis aus; von settings nach secrets verschieben: secrets = {{ {} = {{ env = \"NAME\" }} }}",
            shown(key),
            shown(key)
        ),
        Fault::NotHttps { found } => write!(
            f,
            "„{}“ muss mit https:// beginnen; Kennwörter und Post gehen nur über verschlüsselte Verbindungen",
            shown(found)
        ),
        Fault::ExchangeOnline { host } => write!(
            f,
            "{} ist Exchange Online, dort schaltet Microsoft EWS ab; abgleich braucht einen eigenen Exchange-Server (2013 bis SE)",
            shown(host)
        ),
        Fault::Host { found } => write!(
            f,
            "„{}“ hat keinen gültigen Rechnernamen; schreiben als https://mail.firma.example/EWS/Exchange.asmx",
            shown(found)
        ),
        Fault::UrlLogin => f.write_str(
            "die Adresse enthält einen Benutzernamen oder ein Kennwort; beides gehört nach login und hier heraus",
        ),
        Fault::UrlPath { found } => write!(
            f,
            "der Pfad der Adresse ist „{}“; der Webdienst liegt gewöhnlich unter /EWS/Exchange.asmx",
            shown(found)
        ),
        Fault::OtherScheme { scheme } => write!(
            f,
            "„{}“ ist hier keine Art der Anmeldung; Kerberos heißt \"negotiate\", die anderen sind \"ntlm\" und \"basic\"",
            shown(scheme)
        ),
        Fault::LoginKey { key, scheme } => {
            write!(f, "{key} sagt bei scheme = \"{scheme}\" nichts; herausnehmen")
        }
        Fault::TwoTickets { first, second } => write!(
            f,
            "{first} und {second} gehören nicht zusammen: Das Kerberos-Ticket kommt aus einer Quelle; eines davon herausnehmen"
        ),
        Fault::PinAndFile => f.write_str(
            "pin vertraut einem einzigen Zertifikat, darum sagt ca_file nichts; eines davon herausnehmen",
        ),
        Fault::Binding { found } => write!(
            f,
            "cbt ist \"auto\", \"off\" oder die Prüfsumme eines Zertifikats in Hexadezimalziffern, nicht „{}“",
            shown(found)
        ),
        Fault::Pin { digits } => write!(
            f,
            "die SHA-256-Prüfsumme eines Zertifikats hat 64 Hexadezimalziffern, diese hat {digits}; auf dem Server nennt sie `certutil -hashfile DATEI.cer SHA256` (das Zertifikat als DER exportiert)"
        ),
        Fault::Proxy { found } => write!(
            f,
            "„{}“ ist kein Proxy; schreiben als http://proxy.firma.example:8080, die Anmeldung daran als user und password neben url",
            shown(found)
        ),
        Fault::HostPattern { found } => write!(
            f,
            "„{}“ ist kein Rechnername; schreiben wie \"mail.firma.example\", oder \"*.firma.example\" für alle unter einer Domain",
            shown(found)
        ),
        Fault::NoHosts { server } => write!(
            f,
            "url = \"autodiscover\" braucht die Rechner, die die Anmeldung sehen dürfen; bei [servers.{server}] hosts = [\"…\"] ergänzen (`abgleich discover ADRESSE` nennt sie)"
        ),
        Fault::Quiet { found } => write!(
            f,
            "„{}“ sind keine Ruhezeiten; schreiben: \"22:00-05:00\", \"Sa-So\" oder \"Mo-Fr 12:00-13:00\"",
            shown(found)
        ),
        Fault::Sid { found } => write!(
            f,
            "„{}“ ist keine SID; sie sieht aus wie S-1-5-21-1004336348-1177238915-682003330-1107",
            shown(found)
        ),
        Fault::CodePage { found } => write!(
            f,
            "{found} ist keine Codepage, die hier bekannt ist; es gibt etwa 1250, 1251, 932 und 65001 (UTF-8)"
        ),
        Fault::BothIdentities { user } => {
            write!(f, "die Zeile von {} hat upn und sid; nur eines behalten", shown(user))
        }
        Fault::OwnMailbox { server, first } => write!(
            f,
            "access = \"own\" in [servers.{}] öffnet nur ein Postfach, das in {first}; für mehrere impersonation oder delegate verwenden",
            shown(server)
        ),
        Fault::NoSource => f.write_str(
            "es ist keine Quelle eingerichtet; einen Abschnitt [sources.staffitpro] mit adapter und zone schreiben",
        ),
        Fault::NoServer { user } => write!(
            f,
            "für das Postfach von {} ist kein Server eingerichtet; einen Abschnitt [servers.exchange] mit url und login schreiben",
            shown(user)
        ),
        Fault::Which { key, user, names } => write!(
            f,
            "die Zeile von {} legt {key} nicht fest; {key} = … hier, in der Gruppe oder in [defaults] ergänzen (es gibt: {})",
            shown(user),
            list(names)
        ),
        Fault::UnknownName { key, found, nearest, names } => {
            write!(f, "{key} „{}“ gibt es nicht", shown(found))?;
            if let Some(nearest) = nearest {
                write!(f, ", gemeint ist vielleicht „{}“", shown(nearest))?;
            }
            write!(f, " (es gibt: {})", list(names))
        }
        Fault::UserTwice { user, first } => write!(
            f,
            "der Benutzer {} hat hier eine zweite Zeile, die erste ist {first}; ein Benutzer hat ein Postfach, nur eine behalten",
            shown(user)
        ),
        Fault::MailboxTwice { target, first } => write!(
            f,
            "das Postfach {} gehört hier einem zweiten Benutzer, zuerst in {first}; ein Postfach gehört einem Benutzer, eine der Zeilen berichtigen",
            shown(target)
        ),
        Fault::BothTargets { user } => {
            write!(f, "die Zeile von {} hat address und pst; nur eines behalten", shown(user))
        }
        Fault::WithoutFile { key, user } => write!(
            f,
            "{key} gilt einer PST-Datei, und die Zeile von {} hat eine Adresse; {key} entfernen",
            shown(user)
        ),
        Fault::NoTarget { user } => write!(
            f,
            "die Zeile von {} hat weder address noch pst; address = \"name@firma.example\" ergänzen",
            shown(user)
        ),
        Fault::MovesNothing { scope } => write!(
            f,
            "outlook-overwrites-staffitpro bewegt in {scope} nichts: Geschäftskontakte ändern sich in staffITpro nie (Regel G7); sync oder staffitpro-overwrites-outlook wählen"
        ),
        Fault::GroupUnused { group, nearest } => {
            write!(f, "in der Gruppe „{}“ ist kein Postfach", shown(group))?;
            match nearest {
                Some(nearest) => write!(f, ", gemeint ist vielleicht „{}“", shown(nearest)),
                None => write!(
                    f,
                    "; [mailboxes.{}] ergänzen oder die Gruppe entfernen",
                    shown(group)
                ),
            }
        }
        Fault::NoMailboxes => f.write_str(
            "es ist kein Postfach eingerichtet, also gibt es nichts zu tun; `abgleich users --toml` druckt Zeilen für [mailboxes.alle]",
        ),
        Fault::NothingOn => f.write_str(
            "alle Schalter aller Postfächer stehen auf none, also bewegt sich nichts; in [defaults] Modi wählen",
        ),
    }
}

fn write_broken(f: &mut Formatter<'_>, broken: &Broken) -> fmt::Result {
    f.write_str(match broken {
        Broken::Escape => {
            "nach einem Backslash in \"…\" steht keiner der Buchstaben, die dort stehen dürfen"
        }
        Broken::NoQuotes => "Texte brauchen Anführungszeichen",
        Broken::OpenText => {
            "dem Text fehlt das schließende Anführungszeichen, oder er enthält ein Steuerzeichen"
        }
        Broken::KeyLetter => {
            "Schlüssel ohne Anführungszeichen bestehen aus a-z, A-Z, Ziffern, - und _"
        }
        Broken::NoValue => "nach dem Schlüssel fehlen = und ein Wert",
        Broken::NoKey => "der Schlüssel fehlt",
        Broken::OpenSection => "die schließende ] des Abschnitts fehlt",
        Broken::OpenList => "die Liste darüber ist nicht geschlossen, es fehlt ]",
        Broken::OpenTable => "die Tabelle darüber ist nicht geschlossen, es fehlt }",
        Broken::NoComma => "ein Komma fehlt",
        Broken::AfterValue => "hier müsste die Zeile zu Ende sein",
        Broken::LeadingZero => "Zahlen beginnen nicht mit 0",
        Broken::Other(message) => return write!(f, "{}", shown(message)),
    })
}

const fn slip_hint(slip: Slip) -> &'static str {
    match slip {
        Slip::Backslash => {
            "ein Backslash in \"…\" leitet ein Sonderzeichen ein; Pfade in einfache Anführungszeichen setzen: 'C:\\neu'"
        }
        Slip::UmlautKey => {
            "Schlüssel mit Umlauten brauchen Anführungszeichen: \"Verträge\" = …, [defaults.\"Verträge\"]"
        }
        Slip::BlankInKey => {
            "Schlüssel mit Leerzeichen brauchen Anführungszeichen: \"Aufgaben und Termine\" = …"
        }
        Slip::TypographicQuotes => "gerade Anführungszeichen verwenden: \"…\" oder '…'",
        Slip::NoBreakSpace => {
            "die Zeile enthält ein geschütztes Leerzeichen, wie auf Webseiten; die Leerzeichen neu tippen"
        }
    }
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "ein Text",
        Kind::Number => "eine Zahl",
        Kind::Decimal => "eine Kommazahl",
        Kind::Flag => "true oder false",
        Kind::Moment => "ein Datum oder eine Uhrzeit",
        Kind::List => "eine Liste",
        Kind::Table => "eine Tabelle",
    }
}

fn write_allowed(f: &mut Formatter<'_>, allowed: Allowed) -> fmt::Result {
    match allowed {
        Allowed::Text => f.write_str("ein Text in Anführungszeichen"),
        Allowed::Flag => f.write_str("true oder false ohne Anführungszeichen"),
        Allowed::Count { min, max } => {
            write!(f, "eine ganze Zahl von {min} bis {max} ohne Anführungszeichen")
        }
        Allowed::Days => f.write_str("eine ganze Zahl von Tagen oder \"all\""),
        Allowed::Words(words) => {
            write!(f, "eines von {} in Anführungszeichen", words.join(", "))
        }
        Allowed::List => f.write_str("eine Liste von Texten [\"…\", \"…\"]"),
        Allowed::TextOrList => f.write_str("ein Text oder eine Liste von Texten [\"…\", \"…\"]"),
        Allowed::Table => f.write_str("eine Tabelle { schlüssel = … } oder ein eigener Abschnitt"),
        Allowed::TextOrTable => {
            f.write_str("ein Text in Anführungszeichen oder eine Tabelle { schlüssel = … }")
        }
        Allowed::Secret => f.write_str(
            "eine Tabelle mit dem Ort des Geheimnisses, { env = \"NAME\" }, { file = '…' } oder { command = [\"…\"] },",
        ),
    }
}
