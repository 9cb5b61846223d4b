//! Whose an address is, as `ResolveNames` says it. The expectations were written down by hand.

use abgleich::ews::{Arrival, Mailbox, Operation, Resolution, ResolveNames};

use crate::recordings::read;

#[test]
fn a_person_is_read_with_name_and_address() {
    // grommunio 3.10; see fixtures/soap/README.md.
    let answer =
        include_bytes!("../../fixtures/soap/20-operations-raw/0018-ResolveNames-response.xml");
    let (arrivals, reply) = read(answer, 512, 1);
    reply.unwrap();
    let [Arrival::Resolution { message: 0, resolution }, Arrival::Message(end)] = &arrivals[..]
    else {
        panic!("{arrivals:?}")
    };
    assert_eq!(
        **resolution,
        Resolution {
            mailbox: Mailbox {
                name: Some("Bernd Börner".into()),
                address: Some("bernd@example.test".into()),
                routing_type: Some("SMTP".into()),
            },
            display_name: Some("Bernd Börner".into()),
            addresses: vec![],
        }
    );
    assert_eq!(end.parts, 1);
    assert!(resolution.has_address("Bernd@Example.test"));
    assert!(!resolution.has_address("bernd@example.tes"));
}

/// As Microsoft's page on `ResolveNames` describes it: several people come as a warning, and one whose
/// mailbox has a directory path is told by the addresses on the contact.
#[test]
fn several_people_are_a_warning_with_data() {
    let person = |mailbox: &str, entries: &str| {
        format!(
            "<t:Resolution><t:Mailbox>{mailbox}</t:Mailbox><t:Contact><t:DisplayName>Eva Weiß</t:DisplayName>\
             <t:EmailAddresses>{entries}</t:EmailAddresses></t:Contact></t:Resolution>"
        )
    };
    let directory = "<t:Name>eva</t:Name><t:EmailAddress>/o=Firma/cn=eva</t:EmailAddress>\
                     <t:RoutingType>EX</t:RoutingType>";
    let entries = "<t:Entry Key='EmailAddress1'>SMTP:eva@firma.example</t:Entry>\
                   <t:Entry Key='EmailAddress2'>smtp:e.weiss@firma.example</t:Entry>\
                   <t:Entry Key='EmailAddress3'>X400:C=DE;S=eva</t:Entry>";
    let other = "<t:EmailAddress>eva@firma.example.org</t:EmailAddress>";
    let document = format!(
        "<s:Envelope xmlns:s='s' xmlns:m='m' xmlns:t='t'><s:Body><m:ResolveNamesResponse>\
         <m:ResponseMessages><m:ResolveNamesResponseMessage ResponseClass='Warning'><m:MessageText>\
         Multiple results were found.</m:MessageText><m:ResponseCode>ErrorNameResolutionMultipleResults\
         </m:ResponseCode><m:ResolutionSet TotalItemsInView='2' IncludesLastItemInRange='true'>{}{}\
         </m:ResolutionSet></m:ResolveNamesResponseMessage></m:ResponseMessages>\
         </m:ResolveNamesResponse></s:Body></s:Envelope>",
        person(directory, entries),
        person(other, "<t:Entry Key='EmailAddress1'/>"),
    );
    let (arrivals, reply) = read(document.as_bytes(), 7, 1);
    reply.unwrap();
    let operation = ResolveNames { entry: "eva@firma.example".into() };
    let parts: Vec<_> =
        arrivals.into_iter().filter_map(|arrival| operation.part(arrival).unwrap()).collect();
    let [(0, Ok(eva)), (0, Ok(namesake))] = &parts[..] else { panic!("{parts:?}") };
    for own in ["eva@firma.example", "E.Weiss@firma.example"] {
        assert!(eva.has_address(own), "{own}");
    }
    for strange in ["/o=Firma/cn=eva", "C=DE;S=eva", "eva@firma.example.org", ""] {
        assert!(!eva.has_address(strange), "{strange}");
    }
    assert_eq!(eva.name(), Some("Eva Weiß"));
    assert!(namesake.has_address("eva@firma.example.org"));
    assert!(!namesake.has_address("eva@firma.example"));
}
