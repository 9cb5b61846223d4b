//! Laws that hold for every pair there can be, drawn at random: what no mix of modes, settings, values and states may do.
//! Long because all laws are asked of the same pairs, and how these are drawn is one table.

use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::prelude::{
    Just, ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, proptest,
};
use proptest::sample::{select, subsequence};
use proptest::strategy::Union;
use proptest::{option, prop_oneof};

use abgleich::engine::plan::{Action, ItemView, RecordView, Verdict, plan};
use abgleich::engine::rules::{ClockDifference, Rules};
use abgleich::model::rules::{Conflict, Leftover};
use abgleich::model::texts::Unheld;
use abgleich::model::{
    Block, Content, Direction, Field, FieldSet, Half, ItemKind, Mode, Scope, Shape, Slot, Switch,
    Value,
};
use abgleich::reason::{Class, Code};

use super::past::{Item, Past, Record, Settled, is_quiet, settled};

/// A few fields of each kind: all blocks that have parts, single fields, and those with a rule of their own.
fn fields(kind: ItemKind) -> &'static [Field] {
    match kind {
        ItemKind::Contact => &[
            Field::Title,
            Field::Surname,
            Field::Company,
            Field::Email1,
            Field::Email2,
            Field::Email4,
            Field::BusinessStreet,
            Field::BusinessCity,
            Field::Notes,
        ],
        ItemKind::Appointment => &[
            Field::Subject,
            Field::Start,
            Field::End,
            Field::AllDay,
            Field::ShowAs,
            Field::ReminderOn,
            Field::ReminderMinutes,
            Field::Recurrence,
        ],
        ItemKind::Task => &[
            Field::Subject,
            Field::TaskStart,
            Field::Due,
            Field::Status,
            Field::Percent,
            Field::Completed,
            Field::Priority,
            Field::ReminderOn,
            Field::ReminderAt,
            Field::Recurrence,
        ],
    }
}

/// One of a field's few values; 0 is unknown and 1 is blank.
fn slot(field: Field, which: u8) -> Option<Slot> {
    if which == 0 {
        return None;
    }
    if which == 1 {
        return Some(Slot::Blank);
    }
    let n = i8::try_from(which).unwrap();
    let date = jiff::civil::date(2026, 11, n);
    Some(Slot::of(match field.shape() {
        Shape::Date => Value::Date(date),
        Shape::Moment | Shape::Instant => Value::Instant(second(i64::from(which) * 3600)),
        Shape::Flag => Value::Flag(which.is_multiple_of(2)),
        Shape::Number(..) => Value::Number(i64::from(which) * 10),
        Shape::Choice(words) => Value::Text(words[usize::from(which) % words.len()].to_owned()),
        Shape::List => Value::List(vec![format!("list {which}")]),
        Shape::Recurrence => Value::Recurrence(Box::new(
            serde_json::from_value(serde_json::json!({
                "pattern": {"kind": "daily", "every": which},
                "range": {"kind": "forever", "start": "2026-11-23"},
            }))
            .unwrap(),
        )),
        _ => Value::Text(format!("value {which}")),
    }))
}

fn second(n: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + n).unwrap()
}

fn half(kind: ItemKind, which: &[u8]) -> Half {
    let slots = fields(kind).iter().zip(which);
    Half::of(&slots.filter_map(|(field, n)| Some((*field, slot(*field, *n)?))).collect::<Content>())
}

/// Mostly the base's value, sometimes another: a side that changed everything says little.
fn near(base: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    base.into_iter().map(|n| prop_oneof![4 => Just(n), 1 => 0..5u8]).collect::<Vec<_>>()
}

fn time() -> impl Strategy<Value = Option<Timestamp>> {
    option::weighted(0.9, (0..6i64).prop_map(second))
}

fn some(kind: ItemKind) -> impl Strategy<Value = FieldSet> {
    let all = fields(kind);
    prop_oneof![
        4 => Just(FieldSet::EMPTY),
        1 => subsequence(all, 0..=all.len()).prop_map(|fields| fields.into_iter().collect()),
    ]
}

fn leftover() -> impl Strategy<Value = Leftover> {
    select(vec![Leftover::Keep, Leftover::Delete])
}

fn rules() -> impl Strategy<Value = Rules> {
    let conflicts = vec![
        Conflict::Newest,
        Conflict::Newest,
        Conflict::Staffitpro,
        Conflict::Outlook,
        Conflict::Hold,
    ];
    let clocks = vec![
        ClockDifference::Within(SignedDuration::ZERO),
        ClockDifference::Within(SignedDuration::from_secs(3)),
        ClockDifference::Beyond,
    ];
    (select(Scope::ALL.to_vec()), any::<bool>())
        .prop_map(|(scope, task)| match (scope.switch, task) {
            (Switch::Contacts, _) => (scope, ItemKind::Contact),
            (Switch::Activities, true) => (scope, ItemKind::Task),
            (Switch::Activities, false) => (scope, ItemKind::Appointment),
        })
        .prop_flat_map(move |(scope, kind)| {
            let modes = Union::new_weighted(vec![
                (6, Just(Mode::Sync)),
                (3, Just(Mode::StaffitproOverwritesOutlook)),
                (3, Just(Mode::OutlookOverwritesStaffitpro)),
                (1, Just(Mode::None)),
            ]);
            let switches = vec(proptest::bool::weighted(0.85), 4);
            let settings = (select(conflicts.clone()), leftover(), leftover(), switches);
            (modes, settings, some(kind), select(clocks.clone())).prop_map(
                move |(mode, (conflict, on_leave, on_gone, on), refused, clock)| Rules {
                    scope,
                    kind,
                    mode,
                    conflict,
                    on_leave,
                    on_gone,
                    transferred: on[0],
                    create_missing: on[1],
                    writable: Field::of(kind).collect::<FieldSet>().difference(refused),
                    writes_outlook: on[2],
                    writes_staffitpro: on[3],
                    clock,
                },
            )
        })
}

fn record(kind: ItemKind, which: Vec<u8>) -> impl Strategy<Value = RecordView> {
    let flags = (
        proptest::bool::weighted(0.1),
        proptest::bool::weighted(0.85),
        proptest::bool::weighted(0.1),
        proptest::bool::weighted(0.2),
    );
    let own = option::weighted(0.3, (select(fields(kind)), time()));
    // The parts of a name go together or not at all.
    let names = option::weighted(0.1, Just(Block::Name.fields()));
    let staying = (names, some(kind)).prop_map(move |(names, some)| {
        let alone = [Field::Subject, Field::Company, Field::Email1].into_iter().collect();
        let names = names.unwrap_or_default().intersection(FieldSet::of_kind(kind));
        names.union(some.intersection(alone))
    });
    (near(which), time(), flags, own, staying).prop_map(
        move |(which, changed_at, (private, editable, old, reminder_past), own, too_long)| {
            RecordView {
                half: half(kind, &which),
                version: None,
                field_times: own
                    .and_then(|(field, time)| Some((field, time?)))
                    .into_iter()
                    .collect(),
                changed_at,
                private,
                editable,
                old,
                reminder_past,
                unheld: Unheld { too_long, ..Unheld::default() },
            }
        },
    )
}

fn item(kind: ItemKind, which: Vec<u8>) -> impl Strategy<Value = ItemView> {
    let flags = (
        proptest::bool::weighted(0.1),
        proptest::bool::weighted(0.1),
        proptest::bool::weighted(0.1),
        proptest::bool::weighted(0.5),
    );
    (near(which), time(), flags, some(kind), some(kind), some(kind)).prop_map(
        move |(
            which,
            modified_at,
            (private, guests, over, stamped),
            fixed,
            unsupported,
            too_long,
        )| {
            ItemView {
                half: half(kind, &which),
                version: None,
                modified_at,
                private,
                guests: guests && kind == ItemKind::Appointment,
                stamped,
                fixed: fixed.intersection(Block::Emails.fields()),
                read_only: if over { Block::TaskDates.fields() } else { FieldSet::EMPTY },
                unsupported: unsupported.intersection(FieldSet::of(Field::Recurrence)),
                too_long,
                went_on: over && kind == ItemKind::Task,
                over,
                bare: FieldSet::EMPTY,
            }
        },
    )
}

fn states(kind: ItemKind, now: (Vec<u8>, Vec<u8>)) -> impl Strategy<Value = (Record, Item)> {
    let records = prop_oneof![
        8 => record(kind, now.0).prop_map(Record::Here),
        1 => select(vec![Record::Left, Record::Gone, Record::Unreadable]),
    ];
    let items = prop_oneof![
        8 => item(kind, now.1.clone()).prop_map(Item::Here),
        3 => item(kind, now.1.clone()).prop_map(Item::Candidate),
        1 => item(kind, now.1).prop_map(Item::Twin),
        2 => select(vec![
            Item::None,
            Item::Doubtful(Code::PairAmbiguous),
            Item::Deleted,
            Item::Removed,
            Item::Missing,
            Item::Unreadable,
        ]),
    ];
    (records, items)
}

fn pasts() -> impl Strategy<Value = (Rules, Past)> {
    rules().prop_flat_map(|rules| {
        let kind = rules.kind;
        let n = fields(kind).len();
        // The item's half is mostly the record's; where it is not, the field was settled apart or normalised.
        vec(0..4u8, n)
            .prop_flat_map(move |record| (Just(record.clone()), near(record)))
            .prop_flat_map(move |(record, item)| {
                let base = (Just(record.clone()), Just(item.clone()), some(kind));
                let taken = select(vec![Direction::ToOutlook, Direction::ToStaffitpro]);
                (
                    option::weighted(0.8, base),
                    proptest::bool::weighted(0.8),
                    states(kind, (record, item)),
                    option::weighted(0.1, taken),
                    proptest::bool::weighted(0.2),
                )
            })
            .prop_map(move |(base, created, (record, item), taken, unread)| {
                let base = base.map(|(of_record, of_item, apart)| Settled {
                    record: half(kind, &of_record),
                    item: half(kind, &of_item),
                    apart,
                    created,
                    private: matches!(&record, Record::Here(view) if view.private),
                });
                // A candidate is an item that is not linked yet.
                let base = base.filter(|_| !matches!(item, Item::Candidate(_)));
                // Nobody decides about a pair that is not linked yet.
                let taken = taken.filter(|_| base.is_some());
                (rules.clone(), Past { base, record, item, taken, unread })
            })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn i10_the_same_pair_gives_the_same_verdict((rules, past) in pasts()) {
        prop_assert_eq!(plan(&rules, &past.pair()), plan(&rules, &past.pair()));
    }

    #[test]
    fn what_is_forbidden_is_never_planned((rules, past) in pasts()) {
        let verdict = plan(&rules, &past.pair());
        let merge = &verdict.merge;
        let writes_item = !merge.to_item.is_empty()
            || matches!(verdict.action, Action::Create | Action::Delete | Action::RemoveTwin);
        prop_assert!(!(past.unread && verdict.action == Action::Create), "D3");
        if writes_item {
            prop_assert!(rules.mode.permits(Direction::ToOutlook), "I9");
            prop_assert!(rules.writes_outlook, "D19");
        }
        if !merge.to_record.is_empty() {
            prop_assert!(rules.mode.permits(Direction::ToStaffitpro), "I9");
            prop_assert!(rules.scope.may_write_staffitpro(), "G7");
            prop_assert!(rules.writes_staffitpro, "D19");
            prop_assert!(merge.to_record.difference(rules.writable).is_empty(), "D14");
            let Record::Here(record) = &past.record else { panic!("G6: there is no record") };
            prop_assert!(record.editable, "D14");
        }
        if let Item::Here(item) | Item::Candidate(item) | Item::Twin(item) = &past.item {
            if item.guests {
                prop_assert!(!writes_item, "D8");
            }
            prop_assert!(merge.to_item.intersection(item.fixed).is_empty(), "D11");
            prop_assert!(merge.to_record.intersection(item.fixed).is_empty(), "D11");
            prop_assert!(merge.to_record.intersection(item.too_long).is_empty(), "D11");
            prop_assert!(merge.to_item.intersection(item.unsupported).is_empty(), "D10");
            // Dates of a series are free only where the same write ends it.
            let ends = merge.to_item.contains(Field::Recurrence)
                && merge.cleared.contains(Field::Recurrence);
            if !ends {
                prop_assert!(merge.to_item.intersection(item.read_only).is_empty(), "D10");
            }
            prop_assert!(merge.to_record.intersection(item.unsupported).is_empty(), "D10");
            let ours = match (&past.record, &past.base) {
                (Record::Here(record), base) => {
                    record.private || base.as_ref().is_some_and(|base| base.private)
                }
                _ => false,
            };
            if item.private && !ours {
                prop_assert!(!writes_item && merge.to_record.is_empty() && !verdict.link, "D9");
            }
        }
        if let Record::Here(RecordView { unheld: Unheld { too_long, divided }, .. }) = &past.record {
            prop_assert!(merge.to_item.intersection(too_long.union(*divided)).is_empty(), "D11");
        }
        prop_assert!(!merge.to_item.contains(Field::Email4), "Outlook has no fourth slot");
    }

    /// Rule D1: a blank clears only where its side had a value in its half and lost it.
    #[test]
    fn d01_a_blank_never_clears_what_it_never_held((rules, past) in pasts()) {
        let verdict = plan(&rules, &past.pair());
        let (Record::Here(record), Item::Here(item) | Item::Candidate(item)) =
            (&past.record, &past.item) else { return Ok(()) };
        let moved = [
            (verdict.merge.to_item, &record.half, past.base.as_ref().map(|base| &base.record)),
            (verdict.merge.to_record, &item.half, past.base.as_ref().map(|base| &base.item)),
        ];
        for (fields, from, base) in moved {
            for field in fields.iter().filter(|f| is_blank(from, *f)) {
                let had = base.and_then(|base| base.get(field)).is_some_and(|f| !f.is_blank());
                let decided = past.taken.is_some() && !matches!(field.block(), Block::Name | Block::Single(_));
                prop_assert!(had || follows(field) || decided, "{field} is cleared\n{}", tell(&rules, &past));
            }
        }
    }

    #[test]
    fn the_parts_of_a_verdict_fit_together((rules, past) in pasts()) {
        let verdict = plan(&rules, &past.pair());
        let merge = &verdict.merge;
        prop_assert!(merge.to_item.intersection(merge.to_record).is_empty(), "both ways at once");
        prop_assert!(merge.apart.difference(merge.settle).is_empty(), "apart but not settled");
        let moved = merge.to_item.union(merge.to_record);
        prop_assert!(merge.cleared.difference(moved).is_empty(), "cleared but not moved");
        prop_assert!(moved.intersection(merge.apart).is_empty(), "moved and apart");
        let stamped = matches!(&past.item, Item::Candidate(item) if item.stamped);
        let writes = !moved.is_empty() || (verdict.link && !stamped);
        prop_assert_eq!(matches!(verdict.action, Action::Update), writes && verdict.action != Action::Create, "{}", tell(&rules, &past));
        let (Record::Here(record), Item::Here(item) | Item::Candidate(item)) =
            (&past.record, &past.item) else { return Ok(()) };
        for field in moved.iter() {
            prop_assert!(record.half.get(field).is_some() && item.half.get(field).is_some(), "D11: {field} is unknown");
        }
        for block in Block::of(rules.kind).filter(|block| moves_whole(*block)) {
            let one = merge.to_item.intersection(block.fields()).is_empty();
            let other = merge.to_record.intersection(block.fields()).is_empty();
            prop_assert!(one || other, "D1: {block:?} is mixed\n{}", tell(&rules, &past));
        }
    }

    /// Invariants 4 and 6: once a verdict is carried out, the pair is quiet, and stays so.
    #[test]
    fn i04_a_verdict_carried_out_leaves_nothing_to_do((rules, past) in pasts()) {
        let first = plan(&rules, &past.pair());
        let mut after = settled(&past, &first);
        let mut rules = rules;
        rules.transferred |= first.action == Action::Create;
        let mut second = plan(&rules, &after.pair());
        if past.taken.is_some() {
            // What a person chose and could not be carried over is decided by the mode in the next run.
            after = settled(&after, &second);
            second = plan(&rules, &after.pair());
        }
        prop_assert!(is_quiet(&second), "first {first:?}, then {second:?}\n{}", tell(&rules, &past));
        prop_assert_eq!(plan(&rules, &after.pair()), second);
    }

    /// Rule D20: what differs, changed and does not move has a reason.
    #[test]
    fn d20_nothing_is_left_behind_in_silence((rules, past) in pasts()) {
        let verdict = plan(&rules, &past.pair());
        let (Record::Here(record), Item::Here(item) | Item::Candidate(item)) =
            (&past.record, &past.item) else { return Ok(()) };
        // A switch that is off says nothing; O→S on business contacts is said by `check` (rule G7).
        if rules.mode == Mode::None
            || (rules.mode == Mode::OutlookOverwritesStaffitpro && !rules.scope.may_write_staffitpro())
        {
            return Ok(());
        }
        let moved = verdict.merge.to_item.union(verdict.merge.to_record);
        let no_base = Settled::default();
        let base = past.base.as_ref().unwrap_or(&no_base);
        let changed = |now: &Half, then: &Half, field| match (now.get(field), then.get(field)) {
            (Some(now), Some(then)) => !now.agrees(then, field),
            _ => true,
        };
        let open: Vec<Field> = fields(rules.kind)
            .iter()
            .copied()
            .filter(|field| field.fits_outlook() && !moved.contains(*field))
            .filter(|field| match (record.half.get(*field), item.half.get(*field)) {
                (Some(a), Some(b)) => !a.agrees(b, *field),
                _ => false,
            })
            .filter(|field| {
                changed(&record.half, &base.record, *field) || changed(&item.half, &base.item, *field)
            })
            // A slot that is left alone and that the record does not want either is no news.
            .filter(|field| !(item.fixed.contains(*field) && is_blank(&record.half, *field)))
            // A dismissed reminder is no change (rule D17).
            .filter(|field| !(record.reminder_past && field.block() == Block::Reminder))
            .collect();
        for field in open {
            let said = reasons(&verdict, field);
            prop_assert!(!said.is_empty(), "{field} stays behind without a word: {verdict:?}\n{}", tell(&rules, &past));
            prop_assert!(said.iter().any(|code| code.class() != Class::Done), "{field}: {said:?} claims what was not done\n{}", tell(&rules, &past));
        }
    }
}

/// A pair in one line, values by their fingerprints; what proptest prints by itself runs over pages.
fn tell(rules: &Rules, past: &Past) -> String {
    let sides = |half: &Half| {
        half.iter().map(|(field, f)| format!("{field}={f:?}")).collect::<Vec<_>>().join(" ")
    };
    let record = match &past.record {
        Record::Here(view) => format!(
            "{} private={} editable={} reminder_past={} unheld={:?} @{:?}",
            sides(&view.half),
            view.private,
            view.editable,
            view.reminder_past,
            view.unheld,
            view.changed_at
        ),
        other => format!("{other:?}"),
    };
    let item = match &past.item {
        Item::Here(view) | Item::Candidate(view) | Item::Twin(view) => format!(
            "{} private={} guests={} fixed={:?} read_only={:?} unsupported={:?} too_long={:?} @{:?}",
            sides(&view.half),
            view.private,
            view.guests,
            view.fixed,
            view.read_only,
            view.unsupported,
            view.too_long,
            view.modified_at
        ),
        other => format!("{other:?}"),
    };
    let base = past.base.as_ref().map(|base| {
        format!("{} / {} apart {:?}", sides(&base.record), sides(&base.item), base.apart)
    });
    format!(
        "{} {} conflict={:?} writes={}/{} taken={:?}\n  base {base:?}\n  record {record}\n  item {item}\n",
        rules.scope,
        rules.mode.key(),
        rules.conflict,
        rules.writes_outlook,
        rules.writes_staffitpro,
        past.taken
    )
}

fn cases() -> u32 {
    std::env::var("ABGLEICH_PLAN_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(1000)
}

/// The reasons that speak of a field, or of the whole pair.
fn reasons(verdict: &Verdict, field: Field) -> Vec<Code> {
    verdict
        .merge
        .reasons
        .iter()
        .filter(|(_, fields)| {
            fields.is_empty() || !fields.intersection(field.block().fields()).is_empty()
        })
        .map(|(code, _)| *code)
        .collect()
}

fn is_blank(half: &Half, field: Field) -> bool {
    half.get(field).is_none_or(abgleich::model::Fingerprint::is_blank)
}

/// Fields whose blank says nothing of its own: the time of a reminder that is off, the day an open task was completed.
fn follows(field: Field) -> bool {
    matches!(field, Field::ReminderMinutes | Field::ReminderAt | Field::Completed)
}

/// Blocks of which a part makes no sense without the rest.
fn moves_whole(block: Block) -> bool {
    !matches!(block, Block::Name | Block::Emails | Block::Single(_))
}
