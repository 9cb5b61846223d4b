//! Every request that can be made, against Microsoft's schemas and read by another XML reader.
//!
//! The table walks the product's own tables of properties, so a property without a sample, a
//! request or an update here fails the test. Long because the samples are one table.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use abgleich::ews::property::Access;
use abgleich::ews::{
    Body, BodyType, CreateFolder, CreateItem, DateTime, DayOfWeek, DayOfWeekIndex, DeleteItem,
    Delivery, Disposal, DistinguishedFolder, DistinguishedSet, EmailEntry, ExtendedField,
    ExtendedType, Field, FieldChange, FindFolder, FindItem, FolderId, FolderKind, FolderRef,
    GetEvents, GetFolder, GetItem, GetStreamingEvents, Guid, Header, Impersonation, Indexed,
    ItemId, ItemRef, ItemUpdate, Month, NewFolder, NewItem, OccurrenceRef, Operation, Pattern,
    Properties, Property, PropertySet, Range, Recurrence, RegenerationUnit, ResolveNames,
    Restriction, ServerVersion, Subscribe, SyncFolderItems, Target, Unsubscribe, UpdateItem, Value,
    WritableKind, document,
};
use jiff::civil::date;

const KINDS: [WritableKind; 3] =
    [WritableKind::Contact, WritableKind::CalendarItem, WritableKind::Task];
const OWN: PropertySet = PropertySet::Guid(Guid::new(0x7f0a_5c5e_1b7f_4bb2_9c36_0d9a_6c0c_5a11));

/// Extended properties of every type and every kind of path.
fn extended() -> Vec<ExtendedField> {
    let mut fields: Vec<ExtendedField> = ExtendedType::ALL
        .iter()
        .map(|kind| ExtendedField::name(OWN, "abgleich-sample", *kind))
        .collect();
    fields.push(ExtendedField::tag(0x3A45, ExtendedType::String));
    fields.push(ExtendedField::id(OWN, 34661, ExtendedType::Integer));
    for set in DistinguishedSet::ALL {
        fields.push(ExtendedField::id(
            PropertySet::Distinguished(*set),
            0x8503,
            ExtendedType::Boolean,
        ));
    }
    fields
}

fn all_properties() -> Vec<Property> {
    let plain = Field::ALL.iter().map(|field| Property::from(*field));
    let slots = Indexed::all().map(Property::from);
    plain.chain(slots).chain(extended().into_iter().map(Property::from)).collect()
}

fn of_kind(kind: WritableKind) -> Vec<Property> {
    let kind = kind.item_kind();
    all_properties().into_iter().filter(|property| property.belongs_to(&kind)).collect()
}

/// Returns values to write, at least one for every property that can be written.
fn samples(property: &Property) -> Vec<Value> {
    let text = |text: &str| vec![Value::Text(text.to_owned())];
    let moment = |text: &str| vec![Value::DateTime(DateTime::parse(text).unwrap())];
    match property {
        Property::Extended(extended) => match extended.kind {
            ExtendedType::String => text("applicants/4711 <ä&\u{b}>"),
            ExtendedType::StringArray => vec![Value::Strings(vec!["a".into(), "b".into()])],
            ExtendedType::Boolean => vec![Value::Bool(true)],
            ExtendedType::Short | ExtendedType::Integer | ExtendedType::Long => {
                vec![Value::Integer(-7)]
            }
            ExtendedType::Double => vec![Value::Double(0.5)],
            ExtendedType::SystemTime => moment("2026-10-12T08:00:00Z"),
            ExtendedType::Binary => text("AAECAw=="),
        },
        Property::Indexed(Indexed::Email(_)) => vec![
            Value::Email(EmailEntry::new("j@firma.example")),
            Value::Email(EmailEntry {
                address: "/o=Firma/cn=x".into(),
                name: Some("Jörg \"J\" <G>".into()),
                routing_type: Some("EX".into()),
                mailbox_type: Some("Mailbox".into()),
            }),
        ],
        Property::Indexed(_) => text("+49 911 1234"),
        Property::Field(field) => match field {
            Field::Sensitivity => {
                ["Normal", "Personal", "Private", "Confidential"].map(Value::from).into()
            }
            Field::Importance => ["Low", "Normal", "High"].map(Value::from).into(),
            Field::LegacyFreeBusyStatus => {
                ["Free", "Tentative", "Busy", "OOF", "NoData"].map(Value::from).into()
            }
            Field::Status => {
                ["NotStarted", "InProgress", "Completed", "WaitingOnOthers", "Deferred"]
                    .map(Value::from)
                    .into()
            }
            Field::FileAsMapping => ["None", "LastCommaFirst"].map(Value::from).into(),
            Field::PostalAddressIndex => {
                ["None", "Home", "Business", "Other"].map(Value::from).into()
            }
            Field::BusinessHomePage => text("https://www.firma.example/?a=1&b=2"),
            Field::ItemClass => text("IPM.Contact.Abgleich"),
            Field::Body => [BodyType::Text, BodyType::Html]
                .map(|kind| {
                    Value::Body(Body {
                        kind,
                        text: "Zeile 1\r\n<b>Zeile 2</b> & \u{1f600}\u{c}".into(),
                    })
                })
                .into(),
            Field::Categories
            | Field::Children
            | Field::ContactCompanies
            | Field::TaskCompanies
            | Field::Contacts => {
                vec![Value::Strings(vec!["Bewerber".into(), "Müller & Söhne".into()])]
            }
            Field::ReminderIsSet | Field::IsAllDayEvent => {
                vec![Value::Bool(true), Value::Bool(false)]
            }
            Field::ReminderMinutesBeforeStart | Field::ActualWork | Field::TotalWork => {
                vec![Value::Integer(15)]
            }
            Field::PercentComplete => vec![Value::Double(33.5), Value::Double(100.0)],
            Field::Start | Field::End | Field::ReminderDueBy => [
                moment("2026-10-12T08:00:00Z"),
                moment("2026-10-12T10:00:00+02:00"),
                moment("2026-10-12T10:00:00"),
            ]
            .concat(),
            Field::Birthday | Field::WeddingAnniversary => moment("1980-05-17T11:59:00Z"),
            Field::StartDate | Field::DueDate | Field::CompleteDate => {
                moment("2026-10-12T00:00:00Z")
            }
            Field::StartTimeZone | Field::EndTimeZone => {
                vec![Value::zone("W. Europe Standard Time")]
            }
            Field::CalendarRecurrence => recurrences(false),
            Field::TaskRecurrence => recurrences(true),
            other if other.spec().shape == abgleich::ews::property::Shape::Text => {
                text("Grünäcker")
            }
            // What cannot be written needs no sample.
            other => {
                assert_eq!(other.spec().access, Access::ReadOnly, "{other:?} has no sample");
                vec![]
            }
        },
    }
}

fn recurrences(task: bool) -> Vec<Value> {
    let mut patterns = vec![
        Pattern::Daily { interval: 3 },
        Pattern::Weekly {
            interval: 2,
            days: vec![DayOfWeek::Monday, DayOfWeek::Friday],
            first_day: None,
        },
        Pattern::Weekly {
            interval: 1,
            days: vec![DayOfWeek::Sunday],
            first_day: Some(DayOfWeek::Monday),
        },
        Pattern::AbsoluteMonthly { interval: 1, day: 31 },
        Pattern::RelativeMonthly {
            interval: 2,
            day: DayOfWeek::Weekday,
            index: DayOfWeekIndex::Last,
        },
        Pattern::AbsoluteYearly { day: 29, month: Month::February },
        Pattern::RelativeYearly {
            day: DayOfWeek::Tuesday,
            index: DayOfWeekIndex::Second,
            month: Month::May,
        },
    ];
    if task {
        let units = [
            RegenerationUnit::Daily,
            RegenerationUnit::Weekly,
            RegenerationUnit::Monthly,
            RegenerationUnit::Yearly,
        ];
        patterns.extend(units.map(|unit| Pattern::Regeneration { unit, interval: 4 }));
    }
    let start = date(2026, 10, 12);
    let ranges = [
        Range::NoEnd { start },
        Range::EndDate { start, end: date(2027, 1, 5) },
        Range::Numbered { start, occurrences: 10 },
    ];
    let all = patterns.iter().flat_map(|pattern| {
        ranges.iter().map(|range| {
            Value::Recurrence(Recurrence { pattern: pattern.clone(), range: range.clone() })
        })
    });
    all.collect()
}

/// The documents of one version, by name.
struct Table {
    header: Header,
    documents: Vec<(String, String)>,
}

impl Table {
    fn new(version: ServerVersion) -> Self {
        let header = Header {
            version,
            impersonate: Some(Impersonation::PrimarySmtpAddress("eva@firma.example".into())),
            zone: Some("W. Europe Standard Time".into()),
            affinity: None,
            anchor: None,
        };
        let mut table = Self { header, documents: Vec::new() };
        table.folders();
        table.reading();
        table.writing();
        table.watching();
        table
    }

    fn add<O: Operation>(&mut self, name: &str, operation: &O) {
        self.documents.push((format!("{}-{name}", O::NAME), document(operation, &self.header)));
    }

    fn folders(&mut self) {
        let distinguished = [
            DistinguishedFolder::Calendar,
            DistinguishedFolder::Contacts,
            DistinguishedFolder::Tasks,
            DistinguishedFolder::DeletedItems,
            DistinguishedFolder::Inbox,
            DistinguishedFolder::MsgFolderRoot,
        ];
        let mut folders: Vec<FolderRef> = distinguished.map(FolderRef::from).into();
        let of_other = Some("eva@firma.example".to_owned());
        folders.push(FolderRef::Distinguished {
            folder: DistinguishedFolder::Contacts,
            mailbox: of_other,
        });
        folders.push(FolderId::new("AAMk/+=").into());
        self.add("all", &GetFolder { folders });
        let parents = vec![DistinguishedFolder::MsgFolderRoot.into()];
        self.add("deep", &FindFolder { parents, offset: 100, page_size: 5000 });
        self.add("address", &ResolveNames { entry: "eva@firma.example".into() });
        self.add("name", &ResolveNames { entry: "Müller <& Söhne>".into() });
        let kinds = [FolderKind::Contacts, FolderKind::Calendar, FolderKind::Tasks];
        let folders =
            kinds.map(|kind| NewFolder { kind, name: "staffITpro & Söhne".into() }).into();
        self.add(
            "all",
            &CreateFolder { parent: DistinguishedFolder::MsgFolderRoot.into(), folders },
        );
        for impersonate in [
            Impersonation::PrincipalName("eva@firma.example".into()),
            Impersonation::Sid("S-1-5-21-1-2-3-1001".into()),
            Impersonation::SmtpAddress("eva@firma.example".into()),
        ] {
            let name = format!("as-{impersonate:?}");
            let header =
                Header { impersonate: Some(impersonate), zone: None, ..self.header.clone() };
            let operation = GetFolder { folders: vec![DistinguishedFolder::Tasks.into()] };
            self.documents.push((
                name.chars().filter(char::is_ascii_alphanumeric).collect(),
                document(&operation, &header),
            ));
        }
    }

    fn reading(&mut self) {
        let items = vec![
            ItemRef { id: ItemId::new("AAMk/+="), change_key: Some("EQ==".into()) },
            ItemId::new("AAMk/2").into(),
        ];
        let targets: Vec<Target> = items.iter().cloned().map(Target::Item).collect();
        for kind in KINDS {
            for body in [None, Some(BodyType::Text), Some(BodyType::Html)] {
                let properties = of_kind(kind);
                let name = format!("{kind:?}-{body:?}");
                self.add(&name, &GetItem { items: targets.clone(), properties, body });
            }
        }
        let occurrence = OccurrenceRef { master: ItemId::new("AAMk/3"), index: 4 };
        let items_and_more = [targets, vec![Target::Occurrence(occurrence)]].concat();
        self.add("ids", &GetItem { items: items_and_more, properties: vec![], body: None });
        let folder: FolderRef = FolderId::new("AAMk").into();
        for (name, state, max_changes) in [("first", None, 0), ("next", Some("H4sI".into()), 9999)]
        {
            let properties = vec![Field::ItemClass.into()];
            let ignore = if state.is_some() { vec![ItemId::new("AAMk/2")] } else { vec![] };
            let operation =
                SyncFolderItems { folder: folder.clone(), state, max_changes, properties, ignore };
            self.add(name, &operation);
        }
        let stamp: Property =
            ExtendedField::name(OWN, "abgleich-sample", ExtendedType::String).into();
        let equal = |value: &str| Restriction::IsEqualTo(stamp.clone(), value.to_owned());
        for (name, restriction) in [
            ("all", None),
            ("exists", Some(Restriction::Exists(stamp.clone()))),
            ("equal", Restriction::any(vec![equal("\"a\" <b>")])),
            ("any", Restriction::any(vec![equal("a"), equal("b"), equal("c")])),
            (
                "and",
                Some(Restriction::And(vec![
                    equal("a"),
                    Restriction::Exists(Field::Subject.into()),
                ])),
            ),
            ("or of one", Some(Restriction::Or(vec![equal("a")]))),
        ] {
            let folders = vec![folder.clone(), DistinguishedFolder::DeletedItems.into()];
            let properties = vec![stamp.clone(), Field::LastModifiedTime.into()];
            self.add(name, &FindItem { folders, restriction, properties, offset: 0, page_size: 0 });
        }
        for to in [Disposal::DeletedItems, Disposal::RecoverableItems] {
            self.add(&format!("{to:?}"), &DeleteItem { items: items.clone(), to });
        }
    }

    fn watching(&mut self) {
        let folders: Vec<FolderRef> =
            vec![FolderId::new("AAMk/+=").into(), DistinguishedFolder::Tasks.into()];
        let all = Vec::new();
        for (name, folders, delivery) in [
            ("stream", &folders, Delivery::Streaming),
            ("stream of all", &all, Delivery::Streaming),
            ("pull", &folders, Delivery::Pull { minutes: 30 }),
            ("pull of all", &all, Delivery::Pull { minutes: 0 }),
        ] {
            self.add(name, &Subscribe { folders: folders.clone(), delivery });
        }
        let id = || "JgBzaW0+=".into();
        self.add("one", &Unsubscribe { subscription: id() });
        self.add("since", &GetEvents { subscription: id(), watermark: Some("AAAAAM4G".into()) });
        self.add("first", &GetEvents { subscription: id(), watermark: None });
        for minutes in [0, 30, 99] {
            let operation = GetStreamingEvents { subscriptions: vec![id(), id()], minutes };
            self.add(&minutes.to_string(), &operation);
        }
    }

    fn writing(&mut self) {
        let folder: FolderRef = DistinguishedFolder::Contacts.into();
        for kind in KINDS {
            let mut whole = Properties::new();
            let mut changes = Vec::new();
            // In the wrong order on purpose: the writer has to bring them into the right one.
            for property in of_kind(kind).into_iter().rev() {
                for (number, value) in samples(&property).into_iter().enumerate() {
                    if property.access() == Access::ReadOnly {
                        continue;
                    }
                    whole.set(property.clone(), value.clone());
                    let single = [(property.clone(), value.clone())].into_iter().collect();
                    let items = vec![NewItem::new(kind, single).unwrap()];
                    let name = format!("{kind:?}-{}-{number}", label(&property));
                    self.add(&name, &CreateItem { folder: folder.clone(), items });
                    if property.access() == Access::Writable {
                        changes.push((name, FieldChange::Set(property.clone(), value)));
                    }
                }
                changes.push((
                    format!("{kind:?}-{}-clear", label(&property)),
                    FieldChange::Clear(property),
                ));
            }
            let empty = NewItem::new(kind, Properties::new()).unwrap();
            let items = vec![NewItem::new(kind, whole).unwrap(), empty];
            self.add(&format!("{kind:?}-whole"), &CreateItem { folder: folder.clone(), items });
            let update = |changes| ItemUpdate::new(kind, "AAMk".into(), "EQ==".into(), changes);
            let mut possible = Vec::new();
            for (name, change) in changes {
                // What cannot be cleared is refused while the update is made.
                if let Ok(single) = update(vec![change.clone()]) {
                    self.add(&name, &UpdateItem { updates: vec![single] });
                    possible.push(change);
                }
            }
            let updates = vec![update(possible).unwrap()];
            self.add(&format!("{kind:?}-whole"), &UpdateItem { updates });
        }
    }
}

fn label(property: &Property) -> String {
    format!("{property:?}").chars().filter(char::is_ascii_alphanumeric).take(80).collect()
}

fn schemas() -> Option<PathBuf> {
    let folder = std::env::var_os("ABGLEICH_EWS_SCHEMAS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/ews/schemas"),
        PathBuf::from,
    );
    if !folder.is_dir() {
        println!(
            "SKIPPED: there are no schemas in {} (set ABGLEICH_EWS_SCHEMAS)",
            folder.display()
        );
        return None;
    }
    if Command::new("xmllint").arg("--version").output().is_err() {
        println!("SKIPPED: xmllint is not installed (package libxml2-utils)");
        return None;
    }
    Some(folder)
}

/// Writes the documents of a version into files and has xmllint validate them.
fn validate(version: ServerVersion, schema: &str) {
    let Some(schemas) = schemas() else { return };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ews-requests").join(version.name());
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let table = Table::new(version);
    let mut files = Vec::new();
    for (number, (name, text)) in table.documents.iter().enumerate() {
        let file = folder.join(format!("{number:04}-{name}.xml"));
        std::fs::write(&file, text).unwrap();
        files.push(file);
    }
    for files in files.chunks(200) {
        let output = Command::new("xmllint")
            .args(["--noout", "--nonet", "--schema"])
            .arg(schemas.join(schema))
            .args(files)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let faults: Vec<&str> =
            said.lines().filter(|line| !line.ends_with(" validates")).take(10).collect();
        assert!(output.status.success(), "{}", faults.join("\n"));
    }
    println!("{} requests are valid against {schema}", files.len());
}

#[test]
fn requests_are_valid_for_exchange_se() {
    validate(ServerVersion::V2016, "se-15.2.2562.17/soap.xsd");
}

#[test]
fn requests_are_valid_for_exchange_2013() {
    validate(ServerVersion::V2013Sp1, "2013_SP1/soap-body-only.xsd");
}

#[test]
fn requests_are_valid_for_exchange_2010() {
    validate(ServerVersion::V2010Sp1, "2010_SP1/soap-body-only.xsd");
}

/// Collects the paths that stand directly in elements of a name.
fn paths_in(table: &Table, operation: &str, element: &str) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for (name, text) in &table.documents {
        if !name.starts_with(operation) {
            continue;
        }
        let document = roxmltree::Document::parse(text).unwrap();
        for holder in document.descendants().filter(|node| node.tag_name().name() == element) {
            for path in holder.children().filter(roxmltree::Node::is_element) {
                let mut attributes: Vec<String> =
                    path.attributes().map(|a| a.value().to_owned()).collect();
                attributes.insert(0, path.tag_name().name().to_owned());
                paths.insert(attributes.join(" "));
            }
        }
    }
    paths
}

#[test]
fn the_table_reads_sets_and_clears_every_property() {
    let table = Table::new(ServerVersion::V2016);
    let read = paths_in(&table, "GetItem", "AdditionalProperties");
    let set = paths_in(&table, "UpdateItem", "SetItemField");
    let cleared = paths_in(&table, "UpdateItem", "DeleteItemField");
    for field in Field::ALL {
        let path = format!("FieldURI {}", field.spec().uri);
        let writable = field.spec().access == Access::Writable;
        assert!(read.contains(&path), "{path} is not read");
        assert_eq!(set.contains(&path), writable, "{path} set");
        assert!(writable || !cleared.contains(&path), "{path} must not be cleared");
    }
    for slot in Indexed::all() {
        let path = format!("IndexedFieldURI {} {}", slot.uri(), slot.key());
        assert!(read.contains(&path) && set.contains(&path) && cleared.contains(&path), "{path}");
    }
    // notes.md §2.0: Exchange refuses to delete these.
    for uri in [
        "contacts:DisplayName",
        "calendar:Start",
        "calendar:End",
        "calendar:IsAllDayEvent",
        "calendar:LegacyFreeBusyStatus",
        "task:PercentComplete",
        "task:Status",
    ] {
        assert!(!cleared.contains(&format!("FieldURI {uri}")), "{uri}");
    }
    for uri in [
        "item:Subject",
        "item:Body",
        "item:Categories",
        "contacts:Birthday",
        "calendar:Recurrence",
        "calendar:Location",
        "task:DueDate",
        "task:Recurrence",
        "item:ReminderDueBy",
    ] {
        assert!(cleared.contains(&format!("FieldURI {uri}")), "{uri} cannot be cleared");
    }
    assert!(set.contains("ExtendedFieldURI 0x3A45 String"), "the title of a contact");
}

#[test]
fn no_request_can_send_a_mail_or_delete_for_good() {
    // rules.md D8: SendToNone and SaveOnly everywhere.
    for version in [ServerVersion::V2010Sp1, ServerVersion::V2016] {
        for (name, text) in &Table::new(version).documents {
            let document = roxmltree::Document::parse(text).unwrap();
            for node in document.descendants().filter(roxmltree::Node::is_element) {
                let element = node.tag_name().name();
                assert!(
                    !element.ends_with("Attendees") && !element.ends_with("Recipients"),
                    "{name}"
                );
                for attribute in node.attributes() {
                    match attribute.name() {
                        "MessageDisposition" => assert_eq!(attribute.value(), "SaveOnly", "{name}"),
                        key if key.starts_with("SendMeeting") => {
                            assert_eq!(attribute.value(), "SendToNone", "{name}");
                        }
                        "DeleteType" => assert_ne!(attribute.value(), "HardDelete", "{name}"),
                        "ConflictResolution" => {
                            assert_eq!(attribute.value(), "NeverOverwrite", "{name}");
                        }
                        _ => {}
                    }
                }
                let quiet = match element {
                    "CreateItem" => "SendMeetingInvitations",
                    "UpdateItem" => "SendMeetingInvitationsOrCancellations",
                    "DeleteItem" => "SendMeetingCancellations",
                    _ => continue,
                };
                assert!(node.has_attribute(quiet), "{name} does not say {quiet}");
                let receipts = node.has_attribute("SuppressReadReceipts");
                assert!(
                    element == "CreateItem" || receipts == (version >= ServerVersion::V2013Sp1),
                    "{name}"
                );
            }
        }
    }
}
