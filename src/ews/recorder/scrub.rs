//! Writes a document of EWS anew without what is about persons (pure).
//!
//! Everything is invented that is not known to be a word of the protocol: what a server adds tomorrow is hidden as well. What
//! is no XML is not written at all, only how long it was.

use std::fmt::Write as _;
use std::mem;

use crate::ews::error::ReplyError;
use crate::ews::recorder::parts::Rewrite;
use crate::ews::recorder::words::{Treatment, of_attribute, of_element, of_property, of_setting};
use crate::ews::reply::Envelopes;
use crate::ews::xml::Writer;
use crate::ews::xml::reader::{Handler, Limits, PushReader, Tag};
use crate::ews::xml::text::{TextBuffer, unescape};

const LIMITS: Limits = Limits { depth: 64, token: 4 << 20, part: 64 << 20 };

/// What of a text is written; longer ones are rare and say no more.
const LONGEST: usize = 256 << 10;

/// Writes a document, or several that follow one another, anew as they arrive.
pub struct Scrubber {
    envelopes: Envelopes,
    reader: Option<PushReader>,
    page: Page,
    /// How many bytes came after what could not be read.
    unread: Option<u64>,
}

impl Default for Scrubber {
    fn default() -> Self {
        Self::new()
    }
}

impl Scrubber {
    /// Begins.
    pub fn new() -> Self {
        Self { envelopes: Envelopes::default(), reader: None, page: Page::default(), unread: None }
    }

    /// Takes the next piece.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], rewrite: &dyn Rewrite) {
        while !bytes.is_empty() {
            if let Some(unread) = &mut self.unread {
                *unread += bytes.len() as u64;
                return;
            }
            if self.reader.is_none() {
                bytes = bytes.trim_ascii_start();
            }
            let end = self.envelopes.end(bytes);
            let (now, after) =
                bytes.split_at_checked(end.unwrap_or(bytes.len())).unwrap_or((bytes, &[]));
            let reader = self.reader.get_or_insert_with(|| PushReader::new(LIMITS));
            let mut walk = Walk { page: &mut self.page, rewrite };
            if reader.feed(now, &mut walk).is_err() {
                self.unread = Some(now.len() as u64);
            } else if end.is_some() {
                self.reader = None;
            }
            bytes = after;
        }
    }

    /// Returns what can be written by now, and forgets it.
    pub fn take(&mut self) -> String {
        mem::take(&mut self.page.out)
    }

    /// Ends the document and returns what is left to write. A text that was cut off is left out.
    pub fn end(&mut self) -> String {
        if mem::take(&mut self.page.pending) {
            self.page.out.push('>');
        }
        if let Some(unread) = self.unread.take() {
            let _ = write!(self.page.out, "<!-- up to {unread} bytes that are no XML -->");
        }
        self.take()
    }
}

/// What was written, and where in the document that is.
#[derive(Default)]
struct Page {
    out: String,
    place: Place,
    text: TextBuffer,
    /// Whether the last tag still lacks its `>`.
    pending: bool,
}

/// Where in a document somebody is, and what becomes of what stands there.
pub(crate) struct Place {
    /// The open elements as they are written, and how their text is treated.
    open: Vec<(String, Treatment)>,
    /// How the values of the property are treated of which was spoken last.
    value: Treatment,
}

impl Default for Place {
    fn default() -> Self {
        Self { open: Vec::new(), value: Treatment::Words }
    }
}

impl Place {
    /// Goes into an element.
    pub(crate) fn enter(&mut self, element: &Tag<'_>) {
        if element.name() == "ExtendedFieldURI" {
            let attributes: Vec<_> = element.attributes().collect();
            let named = |name: &str| attributes.iter().find(|(key, _)| *key == name);
            self.value = of_property(|name| named(name).map(|(_, value)| value.as_ref()));
        }
        let treatment = of_element(local(self.name()), element.name(), self.value);
        self.open.push((element.whole_name().to_owned(), treatment));
    }

    /// Takes note of a text.
    pub(crate) fn read(&mut self, text: &str) {
        let mut names = self.open.iter().rev().map(|(name, _)| local(name));
        if names.next() == Some("Name") && names.next() == Some("UserSetting") {
            self.value = of_setting(text);
        }
    }

    /// Leaves the innermost element and returns its name.
    pub(crate) fn leave(&mut self) -> Option<String> {
        self.open.pop().map(|(name, _)| name)
    }

    /// Returns what becomes of the text here.
    pub(crate) fn treatment(&self) -> Treatment {
        self.open.last().map_or(Treatment::Words, |(_, treatment)| *treatment)
    }

    /// Returns the name of the innermost element as it stands there.
    pub(crate) fn name(&self) -> &str {
        self.open.last().map_or("", |(name, _)| name)
    }
}

struct Walk<'a> {
    page: &'a mut Page,
    rewrite: &'a dyn Rewrite,
}

impl Walk<'_> {
    /// Writes the text that has come, treated as its element wants.
    fn flush(&mut self) {
        let text = self.page.text.take();
        if text.is_empty() {
            return;
        }
        if mem::take(&mut self.page.pending) {
            self.page.out.push('>');
        }
        self.page.place.read(&text);
        let treated = self.rewrite.text(self.page.place.treatment(), &text);
        let mut xml = Writer::new();
        xml.characters(&treated);
        self.page.out.push_str(&xml.finish());
    }
}

impl Handler for Walk<'_> {
    fn start(&mut self, element: &Tag<'_>, _offset: u64) -> Result<(), ReplyError> {
        self.flush();
        let page = &mut *self.page;
        if mem::take(&mut page.pending) {
            page.out.push('>');
        }
        let _ = write!(page.out, "<{}", element.whole_name());
        for (key, value) in element.whole_attributes() {
            let value = self.rewrite.text(of_attribute(element.name(), key), &unescape(&value));
            let _ = write!(page.out, " {key}=\"");
            let mut xml = Writer::new();
            xml.characters(&value);
            page.out.push_str(&xml.finish().replace('"', "&quot;"));
            page.out.push('"');
        }
        page.pending = true;
        page.place.enter(element);
        Ok(())
    }

    fn text(&mut self, raw: &str, _offset: u64) -> Result<(), ReplyError> {
        if self.page.text.as_str().len() < LONGEST {
            self.page.text.fragment(raw);
        }
        Ok(())
    }

    fn reference(&mut self, name: &str) {
        if self.page.text.as_str().len() < LONGEST {
            self.page.text.reference(name);
        }
    }

    fn end(&mut self) {
        self.flush();
        let Some(name) = self.page.place.leave() else { return };
        if mem::take(&mut self.page.pending) {
            self.page.out.push_str("/>");
        } else {
            let _ = write!(self.page.out, "</{name}>");
        }
    }
}

fn local(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ews::recorder::invent::Inventor;

    fn scrubbed(document: &str, piece: usize) -> String {
        let inventor = Inventor::new([7; 32]);
        let mut scrubber = Scrubber::new();
        document.as_bytes().chunks(piece).for_each(|piece| scrubber.feed(piece, &inventor));
        let written = scrubber.take();
        written + &scrubber.end()
    }

    const ANSWER: &str = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><m:R><m:Message ResponseClass=\"Success\">\
        <m:ResponseCode>NoError</m:ResponseCode><t:Contact><t:ItemId Id=\"AAMk1\" ChangeKey=\"EQ2\"/><t:Surname>M&amp;ller</t:Surname>\
        <t:Subject>M&amp;ller</t:Subject><t:Birthday>1984-02-29T11:59:00Z</t:Birthday><t:ReminderIsSet>false</t:ReminderIsSet>\
        <t:Body BodyType=\"HTML\">&lt;p&gt;geheim&lt;/p&gt;</t:Body><t:New Of=\"Doris\">Doris</t:New></t:Contact></m:Message></m:R></s:Body></s:Envelope>";

    #[test]
    fn the_words_of_the_protocol_stay_and_persons_go() {
        let out = scrubbed(ANSWER, 10_000);
        for gone in ["AAMk1", "EQ2", "ller", "1984-02-29", "geheim", "Doris"] {
            assert!(!out.contains(gone), "{gone} in {out}");
        }
        for kept in [
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\">",
            "<m:Message ResponseClass=\"Success\"><m:ResponseCode>NoError</m:ResponseCode>",
            "<t:ReminderIsSet>false</t:ReminderIsSet>",
            "T11:59:00Z</t:Birthday>",
            "<t:Body BodyType=\"HTML\">&lt;",
        ] {
            assert!(out.contains(kept), "{kept} in {out}");
        }
        let between = |open: &str, close: &str| {
            out.split_once(open).unwrap().1.split_once(close).unwrap().0.to_owned()
        };
        assert_eq!(between("<t:Surname>", "<"), between("<t:Subject>", "<"));
        assert_eq!(
            between("<t:New Of=\"", "\""),
            between("<t:New Of=\"", "<").split_once('>').unwrap().1
        );
    }

    /// Without these nobody can see in a recording what a zone of a server's own does, nor that an address is one of the directory,
    /// whose slot is never written (rule D11).
    #[test]
    fn rules_of_a_zone_and_the_kind_of_an_address_stay() {
        let zone = "<t:StartTimeZone Id=\"Hausinterne Zeit\"><t:Periods>\
            <t:Period Bias=\"-PT1H\" Name=\"Standard\" Id=\"trule:Microsoft/Registry/W. Europe Standard Time/1-Standard\"/>\
            <t:Period Bias=\"-PT2H\" Name=\"Daylight\" Id=\"trule:Microsoft/Registry/W. Europe Standard Time/1-Daylight\"/></t:Periods>\
            <t:TransitionsGroups><t:TransitionsGroup Id=\"0\"><t:RecurringDayTransition>\
            <t:To Kind=\"Period\">trule:Microsoft/Registry/W. Europe Standard Time/1-Daylight</t:To><t:TimeOffset>PT2H</t:TimeOffset>\
            <t:Month>3</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek><t:Occurrence>-1</t:Occurrence></t:RecurringDayTransition>\
            <t:RecurringDateTransition><t:To Kind=\"Period\">trule:Microsoft/Registry/W. Europe Standard Time/1-Standard</t:To>\
            <t:TimeOffset>PT3H</t:TimeOffset><t:Month>10</t:Month><t:Day>28</t:Day></t:RecurringDateTransition></t:TransitionsGroup>\
            </t:TransitionsGroups><t:Transitions><t:AbsoluteDateTransition><t:To Kind=\"Group\">0</t:To>\
            <t:DateTime>2007-01-01T08:00:00</t:DateTime></t:AbsoluteDateTransition></t:Transitions></t:StartTimeZone>";
        assert_eq!(scrubbed(zone, 100), zone);
        let entry = scrubbed(
            "<t:Entry Key=\"EmailAddress1\" Name=\"Doris\" RoutingType=\"EX\" MailboxType=\"Contact\">/o=Firma/cn=doris</t:Entry>",
            100,
        );
        assert!(entry.starts_with("<t:Entry Key=\"EmailAddress1\" Name=\""), "{entry}");
        assert!(entry.contains(" RoutingType=\"EX\" MailboxType=\"Contact\">"), "{entry}");
        assert!(!entry.to_lowercase().contains("doris"), "{entry}");
        let event =
            "<t:CreatedEvent><t:TimeStamp>2026-11-22T09:00:00Z</t:TimeStamp></t:CreatedEvent>";
        assert_eq!(scrubbed(event, 100), event);
        // Whoever else is meant by such a word is a person.
        assert_ne!(scrubbed("<t:To>Hofer Doris</t:To>", 100), "<t:To>Hofer Doris</t:To>");
    }

    #[test]
    fn how_it_is_cut_makes_no_difference() {
        let stream = format!("{ANSWER}\r\n{ANSWER}");
        let whole = scrubbed(&stream, 100_000);
        assert_eq!(whole.matches("</s:Envelope>").count(), 2);
        for piece in [1, 7, 64, 999] {
            assert_eq!(scrubbed(&stream, piece), whole, "in pieces of {piece}");
        }
    }

    #[test]
    fn what_is_no_xml_is_not_written() {
        for page in ["<!DOCTYPE html><p>Doris</p>", "Doris Hofer", "<a><b>x</c>Doris", "<a>Dor"] {
            let out = scrubbed(page, 5);
            assert!(!out.contains("Dor"), "{out}");
        }
    }
}
