//! Pure: the fingerprint of a value and the half of a base.
//!
//! Fingerprint **v1**: the first 16 bytes of SHA-256 over the field's number (one byte) and its canonical form in UTF-8.
//! It is stored, so its definition never changes; a new one gets a new version, and a scope whose stored version is another is
//! compared as a whole once (rule D6). Values themselves are not kept in the base.

use std::iter::Peekable;
use std::slice;
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

use super::canonical::canonical;
use super::content::{Content, Slot};
use super::field::{Field, FieldSet, Shape};
use super::value::Value;

/// The version of the fingerprint that this program takes.
pub const FINGERPRINT_VERSION: u8 = 1;

/// The fingerprint of a field's slot. Blank has one of its own, so that *blank* and *unknown* stay apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// The fingerprint of an empty field.
    pub const BLANK: Self = Self([0; 16]);

    /// Takes the fingerprint of a slot.
    pub fn of(field: Field, slot: &Slot) -> Self {
        let Some(text) = slot.value().and_then(|value| canonical(field, value)) else {
            return Self::BLANK;
        };
        let mut hash = Sha256::new();
        hash.update([field.number()]);
        hash.update(text.as_bytes());
        let digest = hash.finalize();
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(digest) {
            *to = from;
        }
        Self(bytes)
    }

    /// Says whether the field was empty.
    pub fn is_blank(self) -> bool {
        self == Self::BLANK
    }

    /// Says whether two fingerprints of a field stand for the same value. A blank and the word a blank stands for (such as
    /// "normal" for the priority) are the same, since one side may have no way to say "not set".
    pub fn agrees(self, other: Self, field: Field) -> bool {
        self == other || {
            let default = default_of(field);
            (self.is_blank() && default == Some(other))
                || (other.is_blank() && default == Some(self))
        }
    }

    /// Returns the stored form.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_blank() {
            return f.write_str("blank");
        }
        self.0.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The value that a blank of this field stands for, where there is one.
pub fn default_value(field: Field) -> Option<Value> {
    match field.shape() {
        Shape::Choice(words) => words.first().map(|word| Value::Text((*word).to_owned())),
        Shape::Flag => Some(Value::Flag(false)),
        Shape::Number(..) if field == Field::Percent => Some(Value::Number(0)),
        _ => None,
    }
}

fn default_of(field: Field) -> Option<Fingerprint> {
    static TABLE: OnceLock<Vec<Option<Fingerprint>>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        (0..128)
            .map(|number| {
                let field = Field::from_number(number)?;
                default_value(field).map(|value| Fingerprint::of(field, &Slot::Value(value)))
            })
            .collect()
    });
    table.get(usize::from(field.number())).copied().flatten()
}

/// The first byte of a stored half: its form. All hold fingerprints of version 1.
///
/// Form 1 names each known field with its fingerprint, 17 bytes each; states of the first version hold it, and it is read.
const LISTED: u8 = 1;
/// Form 2 is packed: see [`Half::to_bytes`].
const PACKED: u8 = 2;
/// Form 3 is what [`Half::to_bytes`] writes: packed as well, by a program that reads the days of tasks in the mailbox's zone. Those
/// before it took the date in UTC, so that what their halves hold may be a day early.
const ZONED: u8 = 3;

/// One half of a base: what one side held, field by field, when the pair was last settled. Also the shape in which the
/// planner sees the present of a side. Most fields of most people are blank: those are kept as a set, here and where it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Half {
    /// Fields that are known and empty.
    blank: FieldSet,
    /// Fields that held a value, in the order of their numbers.
    filled: Vec<(Field, Fingerprint)>,
}

impl Half {
    /// The half of which nothing is known.
    pub const EMPTY: Self = Self { blank: FieldSet::EMPTY, filled: Vec::new() };

    /// Takes the fingerprints of all known fields.
    pub fn of(content: &Content) -> Self {
        Self::beside(content, (&Content::new(), &Self::EMPTY))
    }

    /// Takes the fingerprints of all known fields, beside those of the other side: where both sides hold the very same, the
    /// other side's is taken over, which is most of the work saved.
    pub fn beside(content: &Content, (other, half): (&Content, &Self)) -> Self {
        let off = content.slot(Field::ReminderOn).is_some() && !content.is_set(Field::ReminderOn);
        let known = |field, slot: &Slot| {
            (other.slot(field) == Some(slot)).then(|| half.get(field)).flatten()
        };
        let filled = Vec::with_capacity(content.values().count());
        let mut taken = Self { blank: FieldSet::EMPTY, filled };
        for (field, slot) in content.iter() {
            let fingerprint = match field {
                _ if slot.is_blank() => Fingerprint::BLANK,
                // A reminder that is off has no time, whatever a server remembers of it.
                Field::ReminderMinutes | Field::ReminderAt if off => Fingerprint::BLANK,
                Field::ReminderMinutes | Field::ReminderAt => Fingerprint::of(field, slot),
                _ => known(field, slot).unwrap_or_else(|| Fingerprint::of(field, slot)),
            };
            taken.set(field, fingerprint);
        }
        taken
    }

    fn place(&self, field: Field) -> Result<usize, usize> {
        // Fields mostly come in the order of their numbers.
        match self.filled.last() {
            Some((last, _)) if *last >= field => {
                self.filled.binary_search_by_key(&field, |(known, _)| *known)
            }
            _ => Err(self.filled.len()),
        }
    }

    /// Returns the fingerprint of a field, or `None` where it is unknown.
    pub fn get(&self, field: Field) -> Option<Fingerprint> {
        if self.blank.contains(field) {
            return Some(Fingerprint::BLANK);
        }
        let at = self.place(field).ok()?;
        self.filled.get(at).map(|(_, fingerprint)| *fingerprint)
    }

    /// Sets the fingerprint of a field.
    pub fn set(&mut self, field: Field, fingerprint: Fingerprint) {
        match (self.place(field), fingerprint.is_blank()) {
            (Ok(at), true) => drop(self.filled.remove(at)),
            (Ok(at), false) => {
                if let Some(entry) = self.filled.get_mut(at) {
                    entry.1 = fingerprint;
                }
            }
            (Err(_), true) => {}
            (Err(at), false) => self.filled.insert(at, (field, fingerprint)),
        }
        if fingerprint.is_blank() {
            self.blank.insert(field);
        } else {
            self.blank.remove(field);
        }
    }

    /// Moves the fields of the set to what the other half holds; the others stay (invariant 3).
    pub fn take(&mut self, fields: FieldSet, from: &Self) {
        let taken = from.iter().filter(|(field, _)| fields.contains(*field));
        taken.for_each(|(field, fingerprint)| self.set(field, fingerprint));
    }

    /// Makes the fields of the set unknown.
    pub fn forget(&mut self, fields: FieldSet) {
        self.blank = self.blank.difference(fields);
        self.filled.retain(|(field, _)| !fields.contains(*field));
    }

    /// Returns the fields known to both whose values do not agree. One walk over both, which is what makes deciding a pair
    /// cheap.
    pub fn differing(&self, other: &Self) -> FieldSet {
        self.compare(other, |field, one, two| !one.agrees(two, field))
    }

    /// Returns the fields known to both that hold exactly the same.
    pub fn same(&self, other: &Self) -> FieldSet {
        let filled = self.compare(other, |_, one, two| one == two);
        filled.union(self.blank.intersection(other.blank))
    }

    /// Returns those of the fields that both know, and that are not empty on both sides, which are as asked for.
    fn compare(
        &self,
        other: &Self,
        is_wanted: impl Fn(Field, Fingerprint, Fingerprint) -> bool,
    ) -> FieldSet {
        let mut found = FieldSet::EMPTY;
        let (mut ours, mut theirs) =
            (self.filled.iter().peekable(), other.filled.iter().peekable());
        loop {
            let heads = [ours.peek(), theirs.peek()];
            let Some(field) = heads.into_iter().flatten().map(|(field, _)| *field).min() else {
                return found;
            };
            let (one, two) =
                (self.take_next(&mut ours, field), other.take_next(&mut theirs, field));
            if one.zip(two).is_some_and(|(one, two)| is_wanted(field, one, two)) {
                found.insert(field);
            }
        }
    }

    /// Returns what this half, of whose filled fields some are left, has of a field.
    fn take_next(&self, rest: &mut Entries<'_>, field: Field) -> Option<Fingerprint> {
        match rest.next_if(|(next, _)| *next == field) {
            Some((_, fingerprint)) => Some(*fingerprint),
            None => self.blank.contains(field).then_some(Fingerprint::BLANK),
        }
    }

    /// Returns the known fields.
    pub fn known(&self) -> FieldSet {
        self.blank.union(self.filled())
    }

    /// Returns the fields that held a value.
    fn filled(&self) -> FieldSet {
        self.filled.iter().map(|(field, _)| *field).collect()
    }

    /// Goes through the known fields in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (Field, Fingerprint)> {
        let mut filled = self.filled.iter().peekable();
        self.known().iter().map(move |field| (field, seek(&mut filled, field)))
    }

    /// Returns an estimate of the bytes that this half takes in memory.
    pub fn memory(&self) -> usize {
        self.filled.len() * size_of::<(Field, Fingerprint)>()
    }

    /// Returns the stored form: its number, the known fields, those of them that are not empty, and 16 bytes for each of these.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(33 + self.filled.len() * 16);
        bytes.push(ZONED);
        bytes.extend_from_slice(&self.known().to_bytes());
        bytes.extend_from_slice(&self.filled().to_bytes());
        self.filled.iter().for_each(|(_, fingerprint)| bytes.extend_from_slice(&fingerprint.0));
        bytes
    }

    /// Reads the stored form. A field that this program does not know, or a form it cannot read, is an error and never
    /// an empty half: an empty half would make every field look untouched.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, HalfError> {
        match bytes.split_first() {
            None => Err(HalfError::Empty),
            Some((&PACKED | &ZONED, rest)) => Self::unpack(rest),
            Some((&LISTED, rest)) => Self::from_list(rest),
            Some((form, _)) => Err(HalfError::Version(*form)),
        }
    }

    /// Says whether a stored half is one of a program that took the days of tasks in UTC.
    pub fn has_days_in_utc(bytes: &[u8]) -> bool {
        matches!(bytes.first(), Some(&(LISTED | PACKED)))
    }

    fn unpack(bytes: &[u8]) -> Result<Self, HalfError> {
        let length = HalfError::Length(bytes.len() + 1);
        let (known, rest) = bytes.split_first_chunk::<16>().ok_or(length)?;
        let (filled, rest) = rest.split_first_chunk::<16>().ok_or(length)?;
        let (fingerprints, rest) = rest.as_chunks::<16>();
        let (known, filled) = (FieldSet::from_bytes(*known), FieldSet::from_bytes(*filled));
        if !rest.is_empty() || usize::try_from(filled.len()) != Ok(fingerprints.len()) {
            return Err(length);
        }
        let strange = known.difference(FieldSet::ALL).union(filled.difference(known));
        if let Some(number) = strange.lowest() {
            return Err(HalfError::Field(number));
        }
        let mut half = Self {
            blank: known.difference(filled),
            filled: Vec::with_capacity(fingerprints.len()),
        };
        for (field, bytes) in filled.iter().zip(fingerprints) {
            half.set(field, Fingerprint(*bytes));
        }
        Ok(half)
    }

    fn from_list(bytes: &[u8]) -> Result<Self, HalfError> {
        let (chunks, rest) = bytes.as_chunks::<17>();
        if !rest.is_empty() {
            return Err(HalfError::Length(bytes.len() + 1));
        }
        if !chunks.is_sorted_by(|[one, ..], [next, ..]| one < next) {
            return Err(HalfError::Order);
        }
        chunks
            .iter()
            .map(|[number, fingerprint @ ..]| {
                let field = Field::from_number(*number).ok_or(HalfError::Field(*number))?;
                Ok((field, Fingerprint(*fingerprint)))
            })
            .collect()
    }
}

/// Filled fields of a half, in their order.
type Entries<'a> = Peekable<slice::Iter<'a, (Field, Fingerprint)>>;

/// Returns the fingerprint of a known field out of what is left of those that are filled.
fn seek(filled: &mut Entries<'_>, field: Field) -> Fingerprint {
    while filled.next_if(|(other, _)| *other < field).is_some() {}
    let found = filled.next_if(|(other, _)| *other == field);
    found.map_or(Fingerprint::BLANK, |(_, fingerprint)| *fingerprint)
}

impl FromIterator<(Field, Fingerprint)> for Half {
    fn from_iter<I: IntoIterator<Item = (Field, Fingerprint)>>(entries: I) -> Self {
        let mut half = Self::default();
        for (field, fingerprint) in entries {
            half.set(field, fingerprint);
        }
        half
    }
}

/// Why a stored half cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HalfError {
    /// There are no bytes at all.
    Empty,
    /// Another version of the program wrote it, in this form.
    Version(u8),
    /// The length is not one of whole entries.
    Length(usize),
    /// A field number that no version of the program gave.
    Field(u8),
    /// The entries are not in order.
    Order,
}

impl std::fmt::Display for HalfError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => f.write_str("a stored base is empty"),
            Self::Version(version) => write!(f, "a stored base has the unknown form {version}"),
            Self::Length(length) => write!(f, "a stored base has an impossible length of {length}"),
            Self::Field(number) => write!(f, "a stored base names the unknown field {number}"),
            Self::Order => f.write_str("the entries of a stored base are out of order"),
        }
    }
}

impl std::error::Error for HalfError {}

#[cfg(test)]
mod tests {
    use super::{Fingerprint, Half, HalfError};
    use crate::model::{Content, Field, FieldSet, Slot, Value};

    #[test]
    fn v1_is_sha256_of_number_and_canonical_text() {
        // printf '\012Firma' | sha256sum: field 10 (company), text "Firma"; taken with coreutils.
        let fingerprint =
            Fingerprint::of(Field::Company, &Slot::Value(Value::Text("Firma".into())));
        let hex = fingerprint.to_bytes().map(|b| format!("{b:02x}")).concat();
        assert_eq!(hex, "864c02cb38b916cede33cb7e117279b4");
    }

    #[test]
    fn halves_are_compared_in_what_both_know() {
        let mut one = Content::new();
        one.set_text(Field::Surname, "Müller");
        one.set_text(Field::Company, "Firma");
        one.set_blank(Field::Priority);
        let mut two = Content::new();
        two.set_text(Field::Title, "Dr.");
        two.set_text(Field::Surname, "Müller");
        two.set_text(Field::Company, "Firma GmbH");
        two.set_text(Field::Notes, "neu");
        two.set_text(Field::Priority, "normal");
        let (one, two) = (Half::of(&one), Half::of(&two));
        assert_eq!(one.differing(&two), FieldSet::of(Field::Company));
        assert_eq!(two.differing(&one), FieldSet::of(Field::Company));
        // A blank agrees with what it stands for and is still not the same.
        assert_eq!(one.same(&two), FieldSet::of(Field::Surname));
        assert_eq!(two.same(&one), FieldSet::of(Field::Surname));
        assert_eq!(one.same(&Half::EMPTY), FieldSet::EMPTY);
    }

    #[test]
    fn a_blank_agrees_with_what_it_stands_for() {
        let normal = Fingerprint::of(Field::Priority, &Slot::Value(Value::Text("normal".into())));
        let high = Fingerprint::of(Field::Priority, &Slot::Value(Value::Text("high".into())));
        assert!(Fingerprint::BLANK.agrees(normal, Field::Priority));
        assert!(!Fingerprint::BLANK.agrees(high, Field::Priority));
        assert!(!normal.agrees(high, Field::Priority));
    }

    #[test]
    fn stored_halves_come_back_and_foreign_ones_are_errors() {
        let mut content = Content::new();
        content.set_text(Field::Company, "Firma");
        content.set_blank(Field::JobTitle);
        let half = Half::of(&content);
        assert_eq!(Half::from_bytes(&half.to_bytes()), Ok(half.clone()));
        assert_eq!(half.get(Field::JobTitle), Some(Fingerprint::BLANK));
        assert_eq!(half.get(Field::Manager), None);
        assert_eq!(Half::from_bytes(&[]), Err(HalfError::Empty));
        assert_eq!(Half::from_bytes(&[9]), Err(HalfError::Version(9)));
        assert_eq!(Half::from_bytes(&[2, 10]), Err(HalfError::Length(2)));
        // Two known fields, one of them with a fingerprint that is missing, then one that is too many.
        let mut bytes = half.to_bytes();
        assert_eq!(bytes.len(), 1 + 16 + 16 + 16);
        bytes.truncate(33);
        assert_eq!(Half::from_bytes(&bytes), Err(HalfError::Length(33)));
        bytes.extend_from_slice(&[7; 32]);
        assert_eq!(Half::from_bytes(&bytes), Err(HalfError::Length(65)));
        // Field 127 is known to nobody; field 12 is not among the known ones and has a fingerprint.
        let packed = |known: u128, filled: u128| {
            let mut bytes = vec![2];
            bytes.extend_from_slice(&known.to_le_bytes());
            bytes.extend_from_slice(&filled.to_le_bytes());
            bytes.resize(33 + 16 * filled.count_ones() as usize, 7);
            Half::from_bytes(&bytes)
        };
        assert_eq!(packed(1 << 127, 0), Err(HalfError::Field(127)));
        assert_eq!(packed(1 << 10, 1 << 12), Err(HalfError::Field(12)));
    }

    #[test]
    fn halves_of_the_first_version_are_read() {
        let listed = [&[1, 10][..], &[7; 16], &[12], &[0; 16]].concat();
        let half = Half::from_bytes(&listed).unwrap();
        assert_eq!(half.known(), [Field::Company, Field::JobTitle].into_iter().collect());
        assert_eq!(half.get(Field::Company).map(super::Fingerprint::to_bytes), Some([7; 16]));
        assert_eq!(half.get(Field::JobTitle), Some(Fingerprint::BLANK));
        assert_eq!(Half::from_bytes(&[1, 10]), Err(HalfError::Length(2)));
        assert_eq!(
            Half::from_bytes(&[&[1, 127][..], &[0; 16]].concat()),
            Err(HalfError::Field(127))
        );
        // Form 2 is form 3 but for the days in it, of which a reader must know.
        let mut bytes = half.to_bytes();
        assert!(!Half::has_days_in_utc(&bytes) && Half::has_days_in_utc(&listed));
        bytes[0] = 2;
        assert_eq!(Half::from_bytes(&bytes), Ok(half));
        assert!(Half::has_days_in_utc(&bytes));
        let turned = [&[1, 12][..], &[0; 16], &[10], &[0; 16]].concat();
        assert_eq!(Half::from_bytes(&turned), Err(HalfError::Order));
    }

    #[test]
    fn a_half_taken_beside_another_is_the_half_taken_alone() {
        let mut one = Content::new();
        one.set_text(Field::Surname, "Müller");
        one.set_text(Field::Company, "A");
        one.set(Field::ReminderOn, Value::Flag(false));
        one.set(Field::ReminderMinutes, Value::Number(15));
        let mut two = one.clone();
        two.set_text(Field::Company, "B");
        two.set_blank(Field::JobTitle);
        two.set(Field::ReminderOn, Value::Flag(true));
        let (alone, other) = (Half::of(&two), Half::of(&one));
        assert_eq!(Half::beside(&two, (&one, &other)), alone);
        assert_ne!(alone.get(Field::ReminderMinutes), other.get(Field::ReminderMinutes));
    }

    #[test]
    fn d17_a_reminder_that_is_off_has_no_time() {
        let mut content = Content::new();
        content.set(Field::ReminderOn, Value::Flag(false));
        content.set(Field::ReminderMinutes, Value::Number(15));
        assert_eq!(Half::of(&content).get(Field::ReminderMinutes), Some(Fingerprint::BLANK));
    }
}
