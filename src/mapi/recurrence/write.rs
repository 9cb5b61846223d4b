//! Writes a series in its binary form (pure). MS-OXOCAL 2.2.1.44.1.

use super::{Days, End, Frequency, HIJRI, Minutes, RecurrencePattern};

impl RecurrencePattern {
    /// Returns the binary form, as Outlook 2007 and later write it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        half(&mut out, 0x3004);
        half(&mut out, 0x3004);
        half(
            &mut out,
            match self.frequency {
                Frequency::Daily => 0x200A,
                Frequency::Weekly => 0x200B,
                Frequency::Monthly => 0x200C,
                Frequency::Yearly => 0x200D,
            },
        );
        let hijri = if self.hijri { HIJRI } else { 0 };
        half(
            &mut out,
            hijri
                + match self.days {
                    Days::Day => 0,
                    Days::Week(_) => 1,
                    Days::Month(_) => 2,
                    Days::MonthNth(..) => 3,
                    Days::MonthEnd(_) => 4,
                },
        );
        half(&mut out, self.calendar);
        word(&mut out, self.first);
        word(&mut out, self.period);
        word(&mut out, self.regenerating.into());
        match self.days {
            Days::Day => {}
            Days::Week(days) => word(&mut out, days.0),
            Days::Month(day) | Days::MonthEnd(day) => word(&mut out, day),
            Days::MonthNth(days, nth) => {
                word(&mut out, days.0);
                word(&mut out, nth);
            }
        }
        word(
            &mut out,
            match self.end {
                End::Date => 0x2021,
                End::Count => 0x2022,
                End::Never => 0x2023,
            },
        );
        word(&mut out, self.occurrences);
        word(&mut out, self.first_weekday);
        dates(&mut out, &self.deleted);
        dates(&mut out, &self.modified);
        word(&mut out, self.start.0);
        word(&mut out, self.last.0);
        out
    }
}

pub(super) fn half(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_le_bytes());
}

pub(super) fn word(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn dates(out: &mut Vec<u8>, dates: &[Minutes]) {
    word(out, u32::try_from(dates.len()).unwrap_or(u32::MAX));
    for date in dates {
        word(out, date.0);
    }
}
