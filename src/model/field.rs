//! Pure: the table of all fields. Everything that goes through fields one by one (adapter messages, mapping to EWS and
//! MAPI, merging, fingerprints, journal, `except` in the configuration, `--explain`) reads this table, so that a field
//! added here is a compile error or a failing table test everywhere else until it is dealt with. Long because it is one table.

use std::fmt;
use std::sync::LazyLock;

/// The kinds of thing that are kept in agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ItemKind {
    /// A person.
    Contact,
    /// An entry in a calendar.
    Appointment,
    /// Something to do.
    Task,
}

impl ItemKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Contact, Self::Appointment, Self::Task];

    /// Returns the word used in adapter messages, reports and the state.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Appointment => "appointment",
            Self::Task => "task",
        }
    }

    /// Finds the kind with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// Returns the switch that this kind belongs to.
    pub const fn switch(self) -> super::Switch {
        match self {
            Self::Contact => super::Switch::Contacts,
            Self::Appointment | Self::Task => super::Switch::Activities,
        }
    }
}

/// What a field's value looks like; decides its JSON form, its canonical form and what is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One line of text.
    Text,
    /// Text of several lines.
    Body,
    /// A phone number as people write it.
    Phone,
    /// An e-mail address.
    Email,
    /// A date without a zone.
    Date,
    /// A date (all-day) or an instant (timed), rules.md §4.
    Moment,
    /// An instant.
    Instant,
    /// An IANA zone name.
    Zone,
    /// Yes or no.
    Flag,
    /// A whole number, within these bounds.
    Number(i64, i64),
    /// One of these words; the first is what a blank stands for.
    Choice(&'static [&'static str]),
    /// Categories.
    List,
    /// A series.
    Recurrence,
    /// People invited; read only (rule D8).
    Attendees,
}

/// The parts that move together (rule D1). A field that is not named there is a block of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Block {
    /// Title, given, middle and last name, suffix.
    Name,
    /// E-mail 1 to 3 as one list.
    Emails,
    /// The business address.
    BusinessAddress,
    /// The home address.
    HomeAddress,
    /// The other address.
    OtherAddress,
    /// Start, end, zone, all-day.
    Time,
    /// Start and due date of a task.
    TaskDates,
    /// Status, percent and completion date.
    Progress,
    /// Reminder on/off and its time.
    Reminder,
    /// A field on its own.
    Single(Field),
}

impl Block {
    /// Says whether this is one of the three postal addresses, whose parts are never mixed from two sides.
    pub const fn is_address(self) -> bool {
        matches!(self, Self::BusinessAddress | Self::HomeAddress | Self::OtherAddress)
    }

    /// Returns the fields of this block.
    pub const fn fields(self) -> FieldSet {
        // The planner asks for each block of each pair: the answers are made when the program is built.
        match self {
            Self::Name => const { Self::Name.gather() },
            Self::Emails => const { Self::Emails.gather() },
            Self::BusinessAddress => const { Self::BusinessAddress.gather() },
            Self::HomeAddress => const { Self::HomeAddress.gather() },
            Self::OtherAddress => const { Self::OtherAddress.gather() },
            Self::Time => const { Self::Time.gather() },
            Self::TaskDates => const { Self::TaskDates.gather() },
            Self::Progress => const { Self::Progress.gather() },
            Self::Reminder => const { Self::Reminder.gather() },
            Self::Single(field) => FieldSet::of(field),
        }
    }

    const fn gather(self) -> FieldSet {
        let mut fields = FieldSet::EMPTY;
        let mut rest = Field::ALL;
        while let Some((field, after)) = rest.split_first() {
            if field.block().number() == self.number() {
                fields.insert(*field);
            }
            rest = after;
        }
        fields
    }

    /// Tells blocks apart where `==` is not to be had: in constants. All fields on their own share a number.
    const fn number(self) -> u8 {
        match self {
            Self::Name => 0,
            Self::Emails => 1,
            Self::BusinessAddress => 2,
            Self::HomeAddress => 3,
            Self::OtherAddress => 4,
            Self::Time => 5,
            Self::TaskDates => 6,
            Self::Progress => 7,
            Self::Reminder => 8,
            Self::Single(_) => 9,
        }
    }

    /// Returns the blocks of a kind, in the order of their first fields.
    pub fn of(kind: ItemKind) -> impl Iterator<Item = Self> {
        static OF_KIND: LazyLock<[Vec<Block>; 3]> = LazyLock::new(|| {
            ItemKind::ALL.map(|kind| {
                let mut blocks: Vec<Block> = Field::of(kind).map(Field::block).collect();
                blocks.dedup();
                blocks
            })
        });
        let [contact, appointment, task] = &*OF_KIND;
        let blocks = match kind {
            ItemKind::Contact => contact,
            ItemKind::Appointment => appointment,
            ItemKind::Task => task,
        };
        blocks.iter().copied()
    }
}

const C: u8 = 1;
const A: u8 = 2;
const T: u8 = 4;

const SENSITIVITY: &[&str] = &["normal", "personal", "private", "confidential"];
const SHOW_AS: &[&str] = &["busy", "free", "tentative", "out_of_office", "working_elsewhere"];
const STATUS: &[&str] = &["not_started", "in_progress", "completed", "waiting", "deferred"];
const PRIORITY: &[&str] = &["normal", "low", "high"];

macro_rules! fields {
    ($($number:literal $name:ident $key:literal $german:literal $kinds:expr, $block:ident, $shape:expr;)+) => {
        /// A field of a contact, an appointment or a task. The number is stored in the state and never used again for
        /// anything else; the key is the word in adapter messages, configuration and reports.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        #[expect(missing_docs, reason = "the table gives each field its key and its German name")]
        pub enum Field { $($name = $number),+ }

        impl Field {
            /// All fields, in the order of their numbers; the parts of a block stand together.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Returns the word for this field in adapter messages, configuration and reports.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$name => $key),+ }
            }

            /// Returns the German word shown in reports.
            pub const fn german(self) -> &'static str {
                match self { $(Self::$name => $german),+ }
            }

            /// Returns what the field's value looks like.
            pub const fn shape(self) -> Shape {
                match self { $(Self::$name => $shape),+ }
            }

            /// Returns the block that the field moves with (rule D1).
            pub const fn block(self) -> Block {
                match self { $(Self::$name => fields!(@block $block $name)),+ }
            }

            const fn kinds(self) -> u8 {
                match self { $(Self::$name => $kinds),+ }
            }

            /// Finds the field with this number.
            pub const fn from_number(number: u8) -> Option<Self> {
                match number { $($number => Some(Self::$name),)+ _ => None }
            }
        }
    };
    (@block Single $name:ident) => { Block::Single(Field::$name) };
    (@block $block:ident $name:ident) => { Block::$block };
}

fields! {
    1 Title "title" "Titel" C, Name, Shape::Text;
    2 GivenName "given_name" "Vorname" C, Name, Shape::Text;
    3 MiddleName "middle_name" "Zweiter Vorname" C, Name, Shape::Text;
    4 Surname "surname" "Nachname" C, Name, Shape::Text;
    5 Suffix "suffix" "Namenszusatz" C, Name, Shape::Text;
    6 Nickname "nickname" "Spitzname" C, Single, Shape::Text;
    7 Salutation "salutation" "Anrede" C, Single, Shape::Text;
    10 Company "company" "Firma" C, Single, Shape::Text;
    11 Department "department" "Abteilung" C, Single, Shape::Text;
    12 JobTitle "job_title" "Position" C, Single, Shape::Text;
    13 Manager "manager" "Vorgesetzter" C, Single, Shape::Text;
    14 Assistant "assistant" "Assistenz" C, Single, Shape::Text;
    15 Spouse "spouse" "Partner" C, Single, Shape::Text;
    20 Email1 "email_1" "E-Mail 1" C, Emails, Shape::Email;
    21 Email2 "email_2" "E-Mail 2" C, Emails, Shape::Email;
    22 Email3 "email_3" "E-Mail 3" C, Emails, Shape::Email;
    23 Email4 "email_4" "E-Mail 4" C, Single, Shape::Email;
    30 BusinessPhone "business_phone" "Telefon geschäftlich" C, Single, Shape::Phone;
    31 BusinessPhone2 "business_phone_2" "Telefon geschäftlich 2" C, Single, Shape::Phone;
    32 MobilePhone "mobile_phone" "Mobiltelefon" C, Single, Shape::Phone;
    33 HomePhone "home_phone" "Telefon privat" C, Single, Shape::Phone;
    34 HomePhone2 "home_phone_2" "Telefon privat 2" C, Single, Shape::Phone;
    35 BusinessFax "business_fax" "Fax geschäftlich" C, Single, Shape::Phone;
    36 HomeFax "home_fax" "Fax privat" C, Single, Shape::Phone;
    37 OtherFax "other_fax" "Weiteres Fax" C, Single, Shape::Phone;
    38 CompanyPhone "company_phone" "Telefon Firma" C, Single, Shape::Phone;
    39 AssistantPhone "assistant_phone" "Telefon Assistenz" C, Single, Shape::Phone;
    40 OtherPhone "other_phone" "Weiteres Telefon" C, Single, Shape::Phone;
    41 PrimaryPhone "primary_phone" "Haupttelefon" C, Single, Shape::Phone;
    42 Pager "pager" "Pager" C, Single, Shape::Phone;
    43 CarPhone "car_phone" "Autotelefon" C, Single, Shape::Phone;
    44 Callback "callback" "Rückruf" C, Single, Shape::Phone;
    45 Isdn "isdn" "ISDN" C, Single, Shape::Phone;
    46 RadioPhone "radio_phone" "Funktelefon" C, Single, Shape::Phone;
    47 Telex "telex" "Telex" C, Single, Shape::Phone;
    48 TextPhone "text_phone" "Texttelefon" C, Single, Shape::Phone;
    50 BusinessStreet "business_street" "Straße geschäftlich" C, BusinessAddress, Shape::Body;
    51 BusinessPostalCode "business_postal_code" "PLZ geschäftlich" C, BusinessAddress, Shape::Text;
    52 BusinessCity "business_city" "Ort geschäftlich" C, BusinessAddress, Shape::Text;
    53 BusinessState "business_state" "Bundesland geschäftlich" C, BusinessAddress, Shape::Text;
    54 BusinessCountry "business_country" "Land geschäftlich" C, BusinessAddress, Shape::Text;
    55 HomeStreet "home_street" "Straße privat" C, HomeAddress, Shape::Body;
    56 HomePostalCode "home_postal_code" "PLZ privat" C, HomeAddress, Shape::Text;
    57 HomeCity "home_city" "Ort privat" C, HomeAddress, Shape::Text;
    58 HomeState "home_state" "Bundesland privat" C, HomeAddress, Shape::Text;
    59 HomeCountry "home_country" "Land privat" C, HomeAddress, Shape::Text;
    60 OtherStreet "other_street" "Weitere Straße" C, OtherAddress, Shape::Body;
    61 OtherPostalCode "other_postal_code" "Weitere PLZ" C, OtherAddress, Shape::Text;
    62 OtherCity "other_city" "Weiterer Ort" C, OtherAddress, Shape::Text;
    63 OtherState "other_state" "Weiteres Bundesland" C, OtherAddress, Shape::Text;
    64 OtherCountry "other_country" "Weiteres Land" C, OtherAddress, Shape::Text;
    65 Birthday "birthday" "Geburtstag" C, Single, Shape::Date;
    66 Anniversary "anniversary" "Jahrestag" C, Single, Shape::Date;
    67 WebPage "web_page" "Webseite" C, Single, Shape::Text;
    70 Notes "notes" "Notizen" C, Single, Shape::Body;
    71 Subject "subject" "Betreff" A | T, Single, Shape::Text;
    72 Body "body" "Text" A | T, Single, Shape::Body;
    73 Place "place" "Ort" A, Single, Shape::Text;
    80 Start "start" "Beginn" A, Time, Shape::Moment;
    81 End "end" "Ende" A, Time, Shape::Moment;
    82 Zone "zone" "Zeitzone" A, Time, Shape::Zone;
    83 AllDay "all_day" "Ganztägig" A, Time, Shape::Flag;
    84 ShowAs "show_as" "Anzeigen als" A, Single, Shape::Choice(SHOW_AS);
    85 Attendees "attendees" "Teilnehmer" A, Single, Shape::Attendees;
    90 TaskStart "task_start" "Beginnt am" T, TaskDates, Shape::Date;
    91 Due "due" "Fällig am" T, TaskDates, Shape::Date;
    92 Status "status" "Status" T, Progress, Shape::Choice(STATUS);
    93 Percent "percent" "Prozent erledigt" T, Progress, Shape::Number(0, 100);
    94 Completed "completed" "Erledigt am" T, Progress, Shape::Date;
    95 Priority "priority" "Priorität" T, Single, Shape::Choice(PRIORITY);
    100 ReminderOn "reminder_on" "Erinnerung" A | T, Reminder, Shape::Flag;
    101 ReminderMinutes "reminder_minutes" "Erinnerung (Minuten vorher)" A, Reminder, Shape::Number(0, 2_629_800);
    102 ReminderAt "reminder_at" "Erinnerung um" T, Reminder, Shape::Instant;
    103 Recurrence "recurrence" "Serie" A | T, Single, Shape::Recurrence;
    110 Categories "categories" "Kategorien" C | A | T, Single, Shape::List;
    111 Sensitivity "sensitivity" "Vertraulichkeit" C | A | T, Single, Shape::Choice(SENSITIVITY);
}

impl Field {
    /// Finds the field with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        static BY_KEY: LazyLock<Vec<Field>> = LazyLock::new(|| {
            let mut fields = Field::ALL.to_vec();
            fields.sort_unstable_by_key(|field| field.key());
            fields
        });
        let at = BY_KEY.binary_search_by_key(&key, |field| field.key()).ok()?;
        BY_KEY.get(at).copied()
    }

    /// Returns the number stored in the state.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Says whether items of this kind have the field.
    pub const fn belongs_to(self, kind: ItemKind) -> bool {
        let bit = match kind {
            ItemKind::Contact => C,
            ItemKind::Appointment => A,
            ItemKind::Task => T,
        };
        self.kinds() & bit != 0
    }

    /// Says whether Outlook can hold the field: the fourth e-mail address has no slot there (issue: model).
    pub const fn fits_outlook(self) -> bool {
        !matches!(self, Self::Email4)
    }

    /// Says whether the field is only ever read from Outlook (rule D8).
    pub const fn read_only(self) -> bool {
        matches!(self, Self::Attendees)
    }

    /// Returns all fields of a kind, in the order of their numbers.
    pub fn of(kind: ItemKind) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |field| field.belongs_to(kind))
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// A set of fields, one bit for each.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FieldSet(u128);

impl FieldSet {
    /// The empty set.
    pub const EMPTY: Self = Self(0);

    /// All fields that this program knows.
    pub const ALL: Self = {
        let mut fields = Self::EMPTY;
        let mut rest = Field::ALL;
        while let Some((field, after)) = rest.split_first() {
            fields.insert(*field);
            rest = after;
        }
        fields
    };

    /// The fields that may go from one side to the other: Outlook has a place for them and lets them be written.
    pub const TRAVELLING: Self = {
        let mut fields = Self::EMPTY;
        let mut rest = Field::ALL;
        while let Some((field, after)) = rest.split_first() {
            if field.fits_outlook() && !field.read_only() {
                fields.insert(*field);
            }
            rest = after;
        }
        fields
    };

    /// Returns all fields of a kind.
    pub const fn of_kind(kind: ItemKind) -> Self {
        match kind {
            ItemKind::Contact => const { Self::gather(ItemKind::Contact) },
            ItemKind::Appointment => const { Self::gather(ItemKind::Appointment) },
            ItemKind::Task => const { Self::gather(ItemKind::Task) },
        }
    }

    const fn gather(kind: ItemKind) -> Self {
        let mut fields = Self::EMPTY;
        let mut rest = Field::ALL;
        while let Some((field, after)) = rest.split_first() {
            if field.belongs_to(kind) {
                fields.insert(*field);
            }
            rest = after;
        }
        fields
    }

    /// The set of one field.
    pub const fn of(field: Field) -> Self {
        Self(1 << field.number())
    }

    /// Says whether the field is in the set.
    pub const fn contains(self, field: Field) -> bool {
        self.0 & (1 << field.number()) != 0
    }

    /// Says whether no field is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns how many fields are in the set.
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Adds a field.
    pub const fn insert(&mut self, field: Field) {
        self.0 |= 1 << field.number();
    }

    /// Takes a field out.
    pub const fn remove(&mut self, field: Field) {
        self.0 &= !(1 << field.number());
    }

    /// Returns the fields in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the fields in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Returns the fields in this set that are not in the other.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Returns the lowest number in the set, be it of a field that this program knows or not.
    pub fn lowest(self) -> Option<u8> {
        u8::try_from(self.0.trailing_zeros()).ok().filter(|_| !self.is_empty())
    }

    /// Goes through the fields in the order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = Field> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            while rest != 0 {
                let number = rest.trailing_zeros();
                rest &= rest - 1;
                // A set that a newer program stored may hold fields that this one does not know.
                let field = u8::try_from(number).ok().and_then(Field::from_number);
                if field.is_some() {
                    return field;
                }
            }
            None
        })
    }

    /// Returns the sixteen bytes that the state stores.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_le_bytes()
    }

    /// Reads what [`Self::to_bytes`] wrote.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_le_bytes(bytes))
    }
}

impl FromIterator<Field> for FieldSet {
    fn from_iter<I: IntoIterator<Item = Field>>(fields: I) -> Self {
        let mut set = Self::EMPTY;
        for field in fields {
            set.insert(field);
        }
        set
    }
}

impl fmt::Debug for FieldSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Field::key)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{Block, Field, FieldSet, ItemKind, Shape};

    #[test]
    fn numbers_and_keys_are_unique_and_found_again() {
        for field in Field::ALL.iter().copied() {
            assert!(field.number() < 128, "{field} does not fit the set");
            assert_eq!(Field::from_number(field.number()), Some(field));
            assert_eq!(Field::from_key(field.key()), Some(field));
        }
    }

    #[test]
    fn d1_blocks_are_those_of_the_rule() {
        let keys = |block: Block| block.fields().iter().map(Field::key).collect::<Vec<_>>();
        assert_eq!(keys(Block::Name), ["title", "given_name", "middle_name", "surname", "suffix"]);
        assert_eq!(keys(Block::Emails), ["email_1", "email_2", "email_3"]);
        assert_eq!(keys(Block::Time), ["start", "end", "zone", "all_day"]);
        assert_eq!(keys(Block::TaskDates), ["task_start", "due"]);
        assert_eq!(keys(Block::Progress), ["status", "percent", "completed"]);
        assert_eq!(keys(Block::Single(Field::Recurrence)), ["recurrence"]);
    }

    #[test]
    fn sets_go_through_their_fields_in_order_and_pass_over_unknown_ones() {
        let fields = [Field::Sensitivity, Field::Title, Field::Start];
        let set: FieldSet = fields.into_iter().collect();
        assert_eq!(
            set.iter().collect::<Vec<_>>(),
            [Field::Title, Field::Start, Field::Sensitivity]
        );
        assert_eq!(FieldSet::from_bytes([0xFF; 16]).iter().collect::<Vec<_>>(), Field::ALL);
        assert_eq!(FieldSet::EMPTY.iter().next(), None);
    }

    #[test]
    fn every_field_of_a_kind_is_in_exactly_one_of_its_blocks() {
        for kind in ItemKind::ALL {
            let mut seen = FieldSet::EMPTY;
            for block in Block::of(kind) {
                assert!(seen.intersection(block.fields()).is_empty(), "{block:?} comes twice");
                seen = seen.union(block.fields());
            }
            assert!(Field::of(kind).all(|field| seen.contains(field)));
        }
    }

    #[test]
    fn contacts_have_every_phone_slot_of_outlook() {
        let phones = Field::of(ItemKind::Contact).filter(|f| f.shape() == Shape::Phone).count();
        assert_eq!(phones, 19, "notes.md §2.1: Exchange 2007 to 2019 have 19 keys");
    }
}
