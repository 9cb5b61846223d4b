//! Pure: lines of vCard and iCalendar. Escaping and folding are the library's; its types stay here.

use std::io::{self, Write};

use calcard::icalendar::{
    ICalendarEntry, ICalendarParameter, ICalendarParameterName, ICalendarProperty,
};
use calcard::vcard::{VCardEntry, VCardParameter, VCardParameterName, VCardProperty};

pub(super) use calcard::icalendar::{ICalendarParameterName as Given, ICalendarProperty as Ical};
pub(super) use calcard::vcard::VCardProperty as Card;

/// Writes a line of a vCard; of several values, blank ones keep their place.
pub(super) fn card(
    to: &mut dyn Write,
    property: VCardProperty,
    types: &[&str],
    values: &[&str],
) -> io::Result<()> {
    let mut entry = VCardEntry::new(property);
    for name in types {
        entry.add_param(VCardParameter::new(VCardParameterName::Type, (*name).to_owned()));
    }
    entry.values = values.iter().map(|value| plain(value).into()).collect();
    let mut text = String::new();
    entry.write_to(&mut text, true).map_err(io::Error::other)?;
    to.write_all(text.as_bytes())
}

/// Writes a line of an iCalendar object.
pub(super) fn calendar(
    to: &mut dyn Write,
    property: ICalendarProperty,
    parameters: &[(ICalendarParameterName, &str)],
    values: &[&str],
) -> io::Result<()> {
    let mut entry = ICalendarEntry::new(property);
    for (name, value) in parameters {
        entry.add_param(ICalendarParameter::new(name.clone(), plain(value).replace('\n', " ")));
    }
    entry.values = values.iter().map(|value| plain(value).into()).collect();
    let mut text = String::new();
    entry.write_to(&mut text).map_err(io::Error::other)?;
    to.write_all(text.as_bytes())
}

/// Writes the line that a component begins or ends with.
pub(super) fn bound(to: &mut dyn Write, line: &str) -> io::Result<()> {
    write!(to, "{line}\r\n")
}

/// Brings line ends into one form and leaves out control characters, which neither format allows (RFC 5545 3.1, RFC 6350 3.3).
fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|one| matches!(one, '\n' | '\t') || !one.is_control()).collect()
}
