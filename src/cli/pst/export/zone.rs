//! Pure: a zone as iCalendar wants it beside its name (RFC 5545 3.6.5).

use std::collections::BTreeMap;
use std::io::{self, Write};

use abgleich::mailbox::zones::Zone;
use jiff::Timestamp;
use jiff::tz::Offset;

use super::line::bound;

/// Changes of time from here until 2050 are written down, in seconds since 1970.
const UNTIL: i64 = 2_524_608_000;

/// Writes a zone: every change of its time, those that are alike together.
pub(super) fn write(to: &mut dyn Write, zone: &Zone) -> io::Result<()> {
    bound(to, "BEGIN:VTIMEZONE")?;
    bound(to, &format!("TZID:{}", zone.name))?;
    let rules = &zone.rules;
    let mut before = rules.to_offset(Timestamp::UNIX_EPOCH);
    part(to, "STANDARD", before, before, &["19700101T000000".to_owned()])?;
    let mut alike: BTreeMap<(bool, Offset, Offset), Vec<String>> = BTreeMap::new();
    for change in rules.following(Timestamp::UNIX_EPOCH) {
        let at = change.timestamp();
        if at.as_second() > UNTIL {
            break;
        }
        // The change is told in the time that was shown until then.
        let local = before.to_datetime(at).strftime("%Y%m%dT%H%M%S").to_string();
        alike.entry((change.dst().is_dst(), before, change.offset())).or_default().push(local);
        before = change.offset();
    }
    for ((is_summer, from, into), times) in alike {
        part(to, if is_summer { "DAYLIGHT" } else { "STANDARD" }, from, into, &times)?;
    }
    bound(to, "END:VTIMEZONE")
}

fn part(
    to: &mut dyn Write,
    name: &str,
    from: Offset,
    into: Offset,
    times: &[String],
) -> io::Result<()> {
    let Some((first, others)) = times.split_first() else { return Ok(()) };
    bound(to, &format!("BEGIN:{name}"))?;
    bound(to, &format!("DTSTART:{first}"))?;
    bound(to, &format!("TZOFFSETFROM:{}", offset(from)))?;
    bound(to, &format!("TZOFFSETTO:{}", offset(into)))?;
    for time in others {
        bound(to, &format!("RDATE:{time}"))?;
    }
    bound(to, &format!("END:{name}"))
}

fn offset(offset: Offset) -> String {
    let (sign, seconds) = (if offset.is_negative() { '-' } else { '+' }, offset.seconds().abs());
    format!("{sign}{:02}{:02}", seconds / 3600, seconds / 60 % 60)
}
