//! How fast answers are read, against quick-xml's bare event loop over the same bytes.
//!
//! The input is what a first sync reads: `GetItem` answers with contacts of 40 fields each. Both
//! loops take turns, and the median of the ratios of all turns counts, so that a busy machine hurts
//! neither.

#![allow(
    clippy::cast_precision_loss,
    clippy::expect_used,
    reason = "a benchmark fails by panicking, and its figures are rounded anyway"
)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use abgleich::ews::{Arrival, Limits, ReplyParser};
use quick_xml::Reader;
use quick_xml::events::Event;

const CONTACTS: usize = 250;
const TURNS: usize = 200;
/// What the network hands over at a time.
const PIECE: usize = 64 * 1024;

fn main() {
    let answer = answer();
    let (mut ours, mut bare, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let start = Instant::now();
        black_box(bare_loop(black_box(&answer)));
        let bare_time = start.elapsed().as_secs_f64();
        let start = Instant::now();
        black_box(read(black_box(answer.as_bytes())));
        let our_time = start.elapsed().as_secs_f64();
        bare.push(bare_time);
        ours.push(our_time);
        ratios.push(bare_time / our_time);
    }
    let megabytes = answer.len() as f64 / 1e6;
    let (bare, ours, ratio) = (median(&mut bare), median(&mut ours), median(&mut ratios));
    println!("answer: {CONTACTS} contacts, {megabytes:.2} MB, {} events", bare_loop(&answer));
    println!("bare event loop: {:7.1} MB/s", megabytes / bare);
    println!(
        "reply parser:    {:7.1} MB/s, {:.0} contacts/s",
        megabytes / ours,
        CONTACTS as f64 / ours
    );
    println!("ratio: {ratio:.2} (at least 0.50 is asked for)");
}

fn median(figures: &mut [f64]) -> f64 {
    let middle = figures.len() / 2;
    *figures.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// The measure: every event, nothing done with it.
fn bare_loop(answer: &str) -> usize {
    let mut reader = Reader::from_str(answer);
    let mut events = 0;
    loop {
        match reader.read_event().expect("the answer is well-formed") {
            Event::Eof => return events,
            event => {
                black_box(&event);
                events += 1;
            }
        }
    }
}

fn read(answer: &[u8]) -> usize {
    let mut parser = ReplyParser::new(Limits::default());
    let mut values = 0;
    for piece in answer.chunks(PIECE) {
        parser.feed(piece).expect("the answer can be read");
        while let Some(arrival) = parser.next_arrival() {
            if let Arrival::Item { item, .. } = arrival {
                values += item.properties.len();
            }
        }
    }
    parser.finish(CONTACTS).expect("the answer is complete");
    assert!(values >= CONTACTS * 40, "{values} values in {CONTACTS} contacts");
    values
}

/// Makes an answer of invented people, as Exchange writes it.
fn answer() -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\">\
         <s:Header><h:ServerVersionInfo MajorVersion=\"15\" MinorVersion=\"2\" MajorBuildNumber=\"2562\" \
         MinorBuildNumber=\"17\" Version=\"V2017_07_11\" \
         xmlns:h=\"http://schemas.microsoft.com/exchange/services/2006/types\"/></s:Header><s:Body>\
         <m:GetItemResponse xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\" \
         xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\"><m:ResponseMessages>",
    );
    for number in 0..CONTACTS {
        contact(&mut xml, number);
    }
    xml.push_str("</m:ResponseMessages></m:GetItemResponse></s:Body></s:Envelope>");
    xml
}

fn contact(xml: &mut String, number: usize) {
    let id = format!("AAMkAGI2TG93AAA{:0>120}=", number * 7919);
    let _ = write!(
        xml,
        "<m:GetItemResponseMessage ResponseClass=\"Success\"><m:ResponseCode>NoError</m:ResponseCode><m:Items>\
         <t:Contact><t:ItemId Id=\"{id}\" ChangeKey=\"EQAAABYAAAAIjVhkMlxhR5tNCb{number:06}\"/>\
         <t:ParentFolderId Id=\"AAMkAGI2TG93AAAFOLDER\" ChangeKey=\"AQAAAA==\"/>\
         <t:ItemClass>IPM.Contact</t:ItemClass><t:Subject>Gr\u{fc}n\u{e4}cker, J\u{f6}rg</t:Subject>\
         <t:Sensitivity>Normal</t:Sensitivity><t:Body BodyType=\"Text\">"
    );
    for line in 0..6 {
        let _ = write!(
            xml,
            "Gespr\u{e4}ch {line} am 12.10.: sucht ab sofort, M\u{fc}ller &amp; S\u{f6}hne, Gehalt &lt; 70.000.\r\n"
        );
    }
    xml.push_str("</t:Body><t:Categories><t:String>Bewerber</t:String><t:String>Java</t:String></t:Categories>");
    xml.push_str("<t:Importance>Normal</t:Importance><t:DateTimeCreated>2026-10-12T08:00:00Z</t:DateTimeCreated>");
    xml.push_str("<t:HasAttachments>false</t:HasAttachments>");
    for (name, value) in [
        ("RecordId", "applicants/4711"),
        ("Token", "5b0c2f8e9d"),
        ("Fingerprint", "v1:9f86d081884c7d65"),
    ] {
        let _ = write!(
            xml,
            "<t:ExtendedProperty><t:ExtendedFieldURI PropertySetId=\"7f0a5c5e-1b7f-4bb2-9c36-0d9a6c0c5a11\" \
             PropertyName=\"{name}\" PropertyType=\"String\"/><t:Value>{value}</t:Value></t:ExtendedProperty>"
        );
    }
    xml.push_str("<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"0x3a45\" PropertyType=\"String\"/><t:Value>Dr.</t:Value></t:ExtendedProperty>");
    xml.push_str("<t:LastModifiedName>Hoffmann, Dana</t:LastModifiedName><t:LastModifiedTime>2026-11-02T09:15:27Z</t:LastModifiedTime>");
    for (element, value) in [
        ("FileAs", "Gr\u{fc}n\u{e4}cker, J\u{f6}rg"),
        ("DisplayName", "Dr. J\u{f6}rg Gr\u{fc}n\u{e4}cker"),
        ("GivenName", "J\u{f6}rg"),
        ("Initials", "J.G."),
        ("MiddleName", "Peter"),
        ("Nickname", "Jogi"),
        ("CompanyName", "M\u{fc}ller &amp; S\u{f6}hne GmbH"),
    ] {
        let _ = write!(xml, "<t:{element}>{value}</t:{element}>");
    }
    let _ = write!(
        xml,
        "<t:EmailAddresses><t:Entry Key=\"EmailAddress1\" Name=\"J\u{f6}rg\" RoutingType=\"SMTP\" MailboxType=\"OneOff\">j{number}@firma.example</t:Entry>\
         <t:Entry Key=\"EmailAddress2\">privat{number}@post.example</t:Entry></t:EmailAddresses><t:PhysicalAddresses>"
    );
    for key in ["Business", "Home"] {
        let _ = write!(
            xml,
            "<t:Entry Key=\"{key}\"><t:Street>Hauptstra\u{df}e {number}</t:Street><t:City>N\u{fc}rnberg</t:City><t:State>Bayern</t:State>\
             <t:CountryOrRegion>Deutschland</t:CountryOrRegion><t:PostalCode>90402</t:PostalCode></t:Entry>"
        );
    }
    xml.push_str("</t:PhysicalAddresses><t:PhoneNumbers>");
    for key in ["BusinessPhone", "HomePhone", "MobilePhone", "BusinessFax"] {
        let _ = write!(xml, "<t:Entry Key=\"{key}\">+49 911 {number:05}</t:Entry>");
    }
    xml.push_str("</t:PhoneNumbers><t:AssistantName>Eva Sommer</t:AssistantName><t:Birthday>1980-05-17T11:59:00Z</t:Birthday>");
    xml.push_str("<t:BusinessHomePage>https://www.firma.example/</t:BusinessHomePage><t:Department>Entwicklung</t:Department>");
    xml.push_str("<t:JobTitle>Architekt</t:JobTitle><t:Manager>Petra Klein</t:Manager><t:SpouseName>Anna</t:SpouseName>");
    xml.push_str("<t:Surname>Gr\u{fc}n\u{e4}cker</t:Surname></t:Contact></m:Items></m:GetItemResponseMessage>");
}
