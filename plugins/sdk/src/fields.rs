//! Pure: the fields of the three kinds, with the JSON form of each. They are the words that adapters and abgleich share.

/// The JSON form of a field's value. `null` stands for blank in every one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A string: one line of text, a phone number, an e-mail address, an IANA zone name.
    Text,
    /// A string of any length and number of lines.
    Body,
    /// A string such as `"2026-11-22"`.
    Date,
    /// A date for all-day appointments, else an RFC 3339 instant.
    Moment,
    /// An RFC 3339 instant.
    Instant,
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Number,
    /// One of the words of [`words`].
    Choice,
    /// An array of strings.
    List,
    /// A series: an object, see `schemas/recurrence.json`.
    Recurrence,
    /// People invited: an array of `{"address", "name"}`; read only.
    Attendees,
}

/// A field: its word and the JSON form of its value.
pub type FieldInfo = (&'static str, Shape);

/// The fields of a contact.
pub const CONTACT: &[FieldInfo] = &[
    ("title", Shape::Text),
    ("given_name", Shape::Text),
    ("middle_name", Shape::Text),
    ("surname", Shape::Text),
    ("suffix", Shape::Text),
    ("nickname", Shape::Text),
    ("salutation", Shape::Text),
    ("company", Shape::Text),
    ("department", Shape::Text),
    ("job_title", Shape::Text),
    ("manager", Shape::Text),
    ("assistant", Shape::Text),
    ("spouse", Shape::Text),
    ("email_1", Shape::Text),
    ("email_2", Shape::Text),
    ("email_3", Shape::Text),
    ("email_4", Shape::Text),
    ("business_phone", Shape::Text),
    ("business_phone_2", Shape::Text),
    ("mobile_phone", Shape::Text),
    ("home_phone", Shape::Text),
    ("home_phone_2", Shape::Text),
    ("business_fax", Shape::Text),
    ("home_fax", Shape::Text),
    ("other_fax", Shape::Text),
    ("company_phone", Shape::Text),
    ("assistant_phone", Shape::Text),
    ("other_phone", Shape::Text),
    ("primary_phone", Shape::Text),
    ("pager", Shape::Text),
    ("car_phone", Shape::Text),
    ("callback", Shape::Text),
    ("isdn", Shape::Text),
    ("radio_phone", Shape::Text),
    ("telex", Shape::Text),
    ("text_phone", Shape::Text),
    ("business_street", Shape::Body),
    ("business_postal_code", Shape::Text),
    ("business_city", Shape::Text),
    ("business_state", Shape::Text),
    ("business_country", Shape::Text),
    ("home_street", Shape::Body),
    ("home_postal_code", Shape::Text),
    ("home_city", Shape::Text),
    ("home_state", Shape::Text),
    ("home_country", Shape::Text),
    ("other_street", Shape::Body),
    ("other_postal_code", Shape::Text),
    ("other_city", Shape::Text),
    ("other_state", Shape::Text),
    ("other_country", Shape::Text),
    ("birthday", Shape::Date),
    ("anniversary", Shape::Date),
    ("web_page", Shape::Text),
    ("notes", Shape::Body),
    ("categories", Shape::List),
    ("sensitivity", Shape::Choice),
];

/// The fields of an appointment.
pub const APPOINTMENT: &[FieldInfo] = &[
    ("subject", Shape::Text),
    ("body", Shape::Body),
    ("place", Shape::Text),
    ("start", Shape::Moment),
    ("end", Shape::Moment),
    ("zone", Shape::Text),
    ("all_day", Shape::Flag),
    ("show_as", Shape::Choice),
    ("attendees", Shape::Attendees),
    ("reminder_on", Shape::Flag),
    ("reminder_minutes", Shape::Number),
    ("recurrence", Shape::Recurrence),
    ("categories", Shape::List),
    ("sensitivity", Shape::Choice),
];

/// The fields of a task.
pub const TASK: &[FieldInfo] = &[
    ("subject", Shape::Text),
    ("body", Shape::Body),
    ("task_start", Shape::Date),
    ("due", Shape::Date),
    ("status", Shape::Choice),
    ("percent", Shape::Number),
    ("completed", Shape::Date),
    ("priority", Shape::Choice),
    ("reminder_on", Shape::Flag),
    ("reminder_at", Shape::Instant),
    ("recurrence", Shape::Recurrence),
    ("categories", Shape::List),
    ("sensitivity", Shape::Choice),
];

/// Returns the words that a field of shape [`Shape::Choice`] takes.
pub fn words(field: &str) -> &'static [&'static str] {
    match field {
        "sensitivity" => &["normal", "personal", "private", "confidential"],
        "show_as" => &["busy", "free", "tentative", "out_of_office", "working_elsewhere"],
        "status" => &["not_started", "in_progress", "completed", "waiting", "deferred"],
        "priority" => &["normal", "low", "high"],
        _ => &[],
    }
}
