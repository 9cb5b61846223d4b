//! The binary forms of a time zone (pure). MS-OXOCAL 2.2.1.39 and 2.2.1.41.

use jiff::tz::TimeZone;

use super::blob::{BlobError, BlobFault, Fields, utf16};

/// A day and time at which the clocks change, every year (`SYSTEMTIME` with the year zero). All zero where they never do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transition {
    /// The year, where the change happens once; 0 for every year.
    pub year: u16,
    /// 1 to 12; 0 where the clocks never change.
    pub month: u16,
    /// 0 Sunday to 6 Saturday.
    pub weekday: u16,
    /// Which of these weekdays of the month, 5 for the last; the day of the month where a year is given.
    pub day: u16,
    /// The hour, in the time before the change.
    pub hour: u16,
    /// The minute.
    pub minute: u16,
    /// The second.
    pub second: u16,
    /// The millisecond.
    pub millisecond: u16,
}

/// How far a zone is from UTC, and when its clocks change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ZoneRule {
    /// Minutes to add to local time for UTC.
    pub bias: i32,
    /// Minutes to add to that in standard time; 0 nearly everywhere.
    pub standard_bias: i32,
    /// Minutes to add to that in daylight-saving time; -60 nearly everywhere.
    pub daylight_bias: i32,
    /// When standard time begins.
    pub standard: Transition,
    /// When daylight-saving time begins.
    pub daylight: Transition,
}

impl ZoneRule {
    /// Says whether the clocks ever change.
    pub fn changes(&self) -> bool {
        self.standard.month != 0 && self.daylight.month != 0
    }

    /// Writes the rules in the form of POSIX `TZ`, which any library of time zones reads; `None` where they are for one year.
    pub fn posix(&self) -> Option<String> {
        let standard = clock(self.bias.checked_add(self.standard_bias)?);
        if !self.changes() {
            return Some(format!("<local>{standard}"));
        }
        let daylight = clock(self.bias.checked_add(self.daylight_bias)?);
        let day = |change: &Transition| {
            let minutes = i32::from(change.hour) * 60 + i32::from(change.minute);
            let Transition { month, day, weekday, .. } = change;
            (change.year == 0).then(|| format!("M{month}.{day}.{weekday}/{}", clock(minutes)))
        };
        let (begins, ends) = (day(&self.daylight)?, day(&self.standard)?);
        Some(format!("<local>{standard}<summer>{daylight},{begins},{ends}"))
    }

    /// Makes a zone that has these rules in every year.
    pub fn zone(&self) -> Option<TimeZone> {
        TimeZone::posix(&self.posix()?).ok()
    }

    /// Reads the 48 bytes of `PidLidTimeZoneStruct`, the zone of a series.
    ///
    /// # Errors
    ///
    /// The field that cannot be, and where it stands.
    pub fn parse(bytes: &[u8]) -> Result<Self, BlobError> {
        let mut fields = Fields::new("PidLidTimeZoneStruct", bytes);
        let (bias, standard_bias, daylight_bias) = biases(&mut fields)?;
        fields.half("wStandardYear")?;
        let standard = Transition::take(&mut fields, "stStandardDate")?;
        fields.half("wDaylightYear")?;
        let daylight = Transition::take(&mut fields, "stDaylightDate")?;
        fields.end("stDaylightDate")?;
        Ok(Self { bias, standard_bias, daylight_bias, standard, daylight })
    }

    /// Returns those 48 bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(48);
        self.write_biases(&mut out);
        out.extend_from_slice(&self.standard.year.to_le_bytes());
        self.standard.write(&mut out);
        out.extend_from_slice(&self.daylight.year.to_le_bytes());
        self.daylight.write(&mut out);
        out
    }

    fn write_biases(&self, out: &mut Vec<u8>) {
        for bias in [self.bias, self.standard_bias, self.daylight_bias] {
            out.extend_from_slice(&bias.to_le_bytes());
        }
    }
}

/// Writes minutes as POSIX wants them: hours and minutes, the sign in front of both.
fn clock(minutes: i32) -> String {
    let sign = if minutes < 0 { "-" } else { "" };
    let minutes = minutes.unsigned_abs();
    format!("{sign}{}:{:02}", minutes / 60, minutes % 60)
}

/// A zone with its name (`PidLidAppointmentTimeZoneDefinition…`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneDefinition {
    /// The name, as Windows calls the zone, such as `W. Europe Standard Time`.
    pub name: String,
    /// The rules, by year; exactly one is in force.
    pub rules: Vec<YearRule>,
}

/// The rule of a zone from a year on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct YearRule {
    /// 1 the series' own, 2 in force.
    pub flags: u16,
    /// The first year of the rule; 1601 where there is only one rule.
    pub year: u16,
    /// The rule.
    pub rule: ZoneRule,
}

impl YearRule {
    /// The flag of the rule that Outlook uses (`TZRULE_FLAG_EFFECTIVE_TZREG`).
    pub const EFFECTIVE: u16 = 2;
}

impl ZoneDefinition {
    /// Makes a definition with one rule, in force.
    pub fn of(name: &str, rule: ZoneRule) -> Self {
        let rules = vec![YearRule { flags: YearRule::EFFECTIVE, year: 1601, rule }];
        Self { name: name.to_owned(), rules }
    }

    /// Returns the rule that is in force: the flagged one, else the last.
    pub fn effective(&self) -> Option<&ZoneRule> {
        let flagged = self.rules.iter().find(|rule| rule.flags & YearRule::EFFECTIVE != 0);
        flagged.or(self.rules.last()).map(|rule| &rule.rule)
    }

    /// Reads a definition.
    ///
    /// # Errors
    ///
    /// The field that cannot be, and where it stands.
    pub fn parse(bytes: &[u8]) -> Result<Self, BlobError> {
        let mut fields = Fields::new("TimeZoneDefinition", bytes);
        fields.byte("bMajorVersion")?;
        fields.byte("bMinorVersion")?;
        let size = fields.half("cbHeader")?;
        let header = fields.bytes("cbHeader", size.into())?;
        let mut inner = Fields::new("TimeZoneDefinition", header);
        inner.half("Reserved")?;
        let units = inner.half("cchKeyName")?;
        let name = inner.text("KeyName", units.into())?;
        let count = inner.half("cRules")?;
        let mut rules = Vec::new();
        for _ in 0..count {
            rules.push(YearRule::take(&mut fields)?);
        }
        if rules.is_empty() {
            return Err(inner.fault("cRules", BlobFault::Unknown(0)));
        }
        Ok(Self { name, rules })
    }

    /// Returns the binary form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let name = utf16(&self.name);
        let half = |count: usize| u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes();
        let mut out = vec![2, 1];
        out.extend(half(6 + name.len()));
        out.extend(half(2));
        out.extend(half(name.len() / 2));
        out.extend(&name);
        out.extend(half(self.rules.len()));
        for rule in &self.rules {
            rule.write(&mut out);
        }
        out
    }
}

impl YearRule {
    fn take(fields: &mut Fields<'_>) -> Result<Self, BlobError> {
        fields.byte("bMajorVersion")?;
        fields.byte("bMinorVersion")?;
        fields.half("Reserved")?;
        let flags = fields.half("TZRule flags")?;
        let year = fields.half("wYear")?;
        fields.bytes("X", 14)?;
        let (bias, standard_bias, daylight_bias) = biases(fields)?;
        let standard = Transition::take(fields, "stStandardDate")?;
        let daylight = Transition::take(fields, "stDaylightDate")?;
        let rule = ZoneRule { bias, standard_bias, daylight_bias, standard, daylight };
        Ok(Self { flags, year, rule })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend([2, 1, 0x3E, 0]);
        out.extend(self.flags.to_le_bytes());
        out.extend(self.year.to_le_bytes());
        out.extend([0; 14]);
        self.rule.write_biases(out);
        self.rule.standard.write(out);
        self.rule.daylight.write(out);
    }
}

fn biases(fields: &mut Fields<'_>) -> Result<(i32, i32, i32), BlobError> {
    Ok((fields.signed("lBias")?, fields.signed("lStandardBias")?, fields.signed("lDaylightBias")?))
}

impl Transition {
    fn take(fields: &mut Fields<'_>, field: &'static str) -> Result<Self, BlobError> {
        let mut next = || fields.half(field);
        let (year, month, weekday, day) = (next()?, next()?, next()?, next()?);
        let (hour, minute, second, millisecond) = (next()?, next()?, next()?, next()?);
        Ok(Self { year, month, weekday, day, hour, minute, second, millisecond })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let Self { year, month, weekday, day, hour, minute, second, millisecond } = *self;
        for part in [year, month, weekday, day, hour, minute, second, millisecond] {
            out.extend(part.to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Transition, YearRule, ZoneDefinition, ZoneRule};

    fn at(month: u16, day: u16, hour: u16) -> Transition {
        Transition { month, day, hour, ..Transition::default() }
    }

    fn pacific() -> ZoneRule {
        ZoneRule {
            bias: 480,
            standard_bias: 0,
            daylight_bias: -60,
            standard: at(11, 1, 2),
            daylight: at(3, 2, 2),
        }
    }

    /// As Outlook wrote it for Pacific time.
    #[test]
    fn the_zone_of_a_series_takes_48_bytes() {
        let hex = "e001000000000000c4ffffff000000000b00000001000200000000000000\
            000000000300000002000200000000000000";
        let written = pacific().to_bytes();
        assert_eq!(written.len() * 2, hex.len());
        for (place, byte) in written.iter().enumerate() {
            assert_eq!(hex[2 * place..2 * place + 2], format!("{byte:02x}"), "byte {place}");
        }
        assert_eq!(ZoneRule::parse(&pacific().to_bytes()).unwrap(), pacific());
        assert!(pacific().changes());
        assert!(ZoneRule::parse(&[0; 47]).is_err());
        assert!(ZoneRule::parse(&[0; 49]).is_err());
    }

    /// Offsets by MS-OXOCAL 2.2.1.41.
    #[test]
    fn a_definition_has_its_fields_in_their_places() {
        let definition = ZoneDefinition::of("UTC", ZoneRule::default());
        let bytes = definition.to_bytes();
        assert_eq!(bytes[..8], [2, 1, 12, 0, 2, 0, 3, 0]);
        assert_eq!(bytes[8..14], *b"U\0T\0C\0");
        assert_eq!(bytes[14..24], [1, 0, 2, 1, 0x3E, 0, 2, 0, 0x41, 0x06]);
        assert_eq!(bytes.len(), 16 + 66);
        assert_eq!(ZoneDefinition::parse(&bytes).unwrap(), definition);
        for length in 0..bytes.len() {
            assert!(ZoneDefinition::parse(&bytes[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn the_flagged_rule_is_in_force_wherever_it_stands() {
        let rule = |flags, bias| YearRule { flags, year: 1, rule: ZoneRule { bias, ..pacific() } };
        let mut zone = ZoneDefinition { name: String::new(), rules: vec![rule(3, 1), rule(0, 2)] };
        assert_eq!(zone.effective().map(|rule| rule.bias), Some(1));
        zone.rules[0].flags = 0;
        assert_eq!(zone.effective().map(|rule| rule.bias), Some(2));
    }
}
