#!/usr/bin/env python3
"""Reads and writes whole items with exchangelib, in the words of the connector's model: an independent judge of both directions.

usage: agreement.py URL USER MAILBOX ZONE read|write contact|appointment|task
       (password in SIM_PASSWORD, CA in REQUESTS_CA_BUNDLE)

read:  standard input has an item's id on each line; standard output has a JSON object of its fields on each.
write: standard input has a JSON object of fields on each line; standard output has the id of the item that was made on each.

The keys, the words and the forms are those of the adapter interface (plugins/include); the mapping below was written from
Microsoft's documentation and exchangelib's, and knows nothing of the connector's own. Status 77: exchangelib is not installed.
"""

import datetime as dt
import json
import os
import sys
from decimal import Decimal

try:
    import exchangelib
    import exchangelib.errors
except ImportError:
    print("exchangelib is not installed", file=sys.stderr)
    sys.exit(77)

from exchangelib import (
    BASIC,
    IMPERSONATION,
    UTC,
    Account,
    CalendarItem,
    Configuration,
    Contact,
    Credentials,
    EWSDate,
    EWSDateTime,
    EWSTimeZone,
    ExtendedProperty,
    Task,
)
from exchangelib.indexed_properties import EmailAddress, PhoneNumber, PhysicalAddress
from exchangelib.recurrence import (
    AbsoluteMonthlyPattern,
    AbsoluteYearlyPattern,
    DailyPattern,
    DailyRegeneration,
    EndDatePattern,
    MonthlyRegeneration,
    NoEndPattern,
    Recurrence,
    RelativeMonthlyPattern,
    RelativeYearlyPattern,
    TaskRecurrence,
    WeeklyPattern,
    WeeklyRegeneration,
    YearlyRegeneration,
)

SET = "8c1f3b52-64d7-4e0a-9b1e-2f7c55a0d3e6"


class Title(ExtendedProperty):
    property_tag = 0x3A45
    property_type = "String"


class Salutation(ExtendedProperty):
    property_set_id = SET
    property_name = "Salutation"
    property_type = "String"


Contact.register("title", Title)
Contact.register("salutation", Salutation)

CONTACT = dict(
    title="title",
    given_name="given_name",
    middle_name="middle_name",
    surname="surname",
    suffix="generation",
    nickname="nickname",
    salutation="salutation",
    company="company_name",
    department="department",
    job_title="job_title",
    manager="manager",
    assistant="assistant_name",
    spouse="spouse_name",
    web_page="business_homepage",
    notes="body",
)
PHONES = dict(
    business_phone="BusinessPhone",
    business_phone_2="BusinessPhone2",
    mobile_phone="MobilePhone",
    home_phone="HomePhone",
    home_phone_2="HomePhone2",
    business_fax="BusinessFax",
    home_fax="HomeFax",
    other_fax="OtherFax",
    company_phone="CompanyMainPhone",
    assistant_phone="AssistantPhone",
    other_phone="OtherTelephone",
    primary_phone="PrimaryPhone",
    pager="Pager",
    car_phone="CarPhone",
    callback="Callback",
    isdn="Isdn",
    radio_phone="RadioPhone",
    telex="Telex",
    text_phone="TtyTddPhone",
)
PARTS = dict(street="street", postal_code="zipcode", city="city", state="state", country="country")
SHOW_AS = dict(busy="Busy", free="Free", tentative="Tentative", out_of_office="OOF", working_elsewhere="WorkingElsewhere")
STATUS = dict(
    not_started="NotStarted",
    in_progress="InProgress",
    completed="Completed",
    waiting="WaitingOnOthers",
    deferred="Deferred",
)
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "any", "weekday", "weekend_day"]
ORDINALS = ["first", "second", "third", "fourth", "last"]
UNITS = dict(day=DailyRegeneration, week=WeeklyRegeneration, month=MonthlyRegeneration, year=YearlyRegeneration)


def back(words, theirs):
    return {value: key for key, value in words.items()}.get(theirs)


def text(value):
    return None if value is None else str(value).replace("\r\n", "\n")


def date(value):
    return None if value is None else value.isoformat()[:10]


def moment(value):
    if isinstance(value, dt.datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat()


def day(value):
    return EWSDate.fromisoformat(value)


def instant(value, zone=UTC):
    return EWSDateTime.from_datetime(dt.datetime.fromisoformat(value.replace("Z", "+00:00"))).astimezone(zone)


def fields(model, item):
    """Fields that all kinds have."""
    item["categories"] = model.get("categories")
    item["sensitivity"] = model.get("sensitivity", "normal").capitalize()
    return item


def contact(model, account):
    item = {theirs: model[ours] for ours, theirs in CONTACT.items() if ours in model}
    item["display_name"] = model.get("surname", "Niemand")
    item["email_addresses"] = [
        EmailAddress(label=f"EmailAddress{n}", email=model[f"email_{n}"]) for n in (1, 2, 3) if f"email_{n}" in model
    ] or None
    item["phone_numbers"] = [
        PhoneNumber(label=theirs, phone_number=model[ours]) for ours, theirs in PHONES.items() if ours in model
    ] or None
    addresses = []
    for label in ("business", "home", "other"):
        parts = {theirs: model[f"{label}_{ours}"] for ours, theirs in PARTS.items() if f"{label}_{ours}" in model}
        if parts:
            addresses.append(PhysicalAddress(label=label.capitalize(), **parts))
    item["physical_addresses"] = addresses or None
    for ours, theirs in (("birthday", "birthday"), ("anniversary", "wedding_anniversary")):
        if ours in model:
            item[theirs] = day(model[ours])
    return Contact(account=account, folder=account.contacts, **fields(model, item))


def of_contact(item):
    model = {ours: text(getattr(item, theirs)) for ours, theirs in CONTACT.items()}
    entries = {entry.label: entry.email for entry in item.email_addresses or []}
    model.update({f"email_{n}": entries.get(f"EmailAddress{n}") for n in (1, 2, 3)})
    entries = {entry.label: entry.phone_number for entry in item.phone_numbers or []}
    model.update({ours: entries.get(theirs) for ours, theirs in PHONES.items()})
    entries = {entry.label.lower(): entry for entry in item.physical_addresses or []}
    for label in ("business", "home", "other"):
        for ours, theirs in PARTS.items():
            model[f"{label}_{ours}"] = text(getattr(entries.get(label), theirs, None))
    model["birthday"] = date(item.birthday)
    model["anniversary"] = date(item.wedding_anniversary)
    return model


def recurrence(model, kind):
    pattern, limits = model["pattern"], model["range"]
    every = pattern.get("every")
    number = lambda name: DAYS.index(name) + 1
    nth = lambda: dict(weekday=number(pattern["day"]), week_number=ORDINALS.index(pattern["ordinal"]) + 1)
    made = {
        "daily": lambda: DailyPattern(interval=every),
        "weekly": lambda: WeeklyPattern(
            interval=every,
            weekdays=[number(name) for name in pattern["days"]],
            first_day_of_week=number(pattern["first_day"]),
        ),
        "monthly_on_day": lambda: AbsoluteMonthlyPattern(interval=every, day_of_month=pattern["day"]),
        "monthly_on_weekday": lambda: RelativeMonthlyPattern(interval=every, **nth()),
        "yearly_on_day": lambda: AbsoluteYearlyPattern(day_of_month=pattern["day"], month=pattern["month"]),
        "yearly_on_weekday": lambda: RelativeYearlyPattern(month=pattern["month"], **nth()),
        "regenerating": lambda: UNITS[pattern["unit"]](interval=every),
    }[pattern["kind"]]()
    limit = {"forever": {}, "until": {}, "count": dict(number=limits.get("count"))}[limits["kind"]]
    if limits["kind"] == "until":
        limit = dict(end=day(limits["end"]))
    return kind(pattern=made, start=day(limits["start"]), **limit)


def of_recurrence(series):
    if series is None:
        return None
    pattern, boundary = series.pattern, series.boundary
    name = lambda number: DAYS[number - 1]
    nth = lambda: dict(day=name(pattern.weekday), ordinal=ORDINALS[pattern.week_number - 1])
    model = {
        DailyPattern: lambda: dict(kind="daily", every=pattern.interval),
        WeeklyPattern: lambda: dict(
            kind="weekly",
            every=pattern.interval,
            days=sorted((name(number) for number in pattern.weekdays), key=DAYS.index),
            first_day=name(pattern.first_day_of_week),
        ),
        AbsoluteMonthlyPattern: lambda: dict(kind="monthly_on_day", every=pattern.interval, day=pattern.day_of_month),
        RelativeMonthlyPattern: lambda: dict(kind="monthly_on_weekday", every=pattern.interval, **nth()),
        AbsoluteYearlyPattern: lambda: dict(kind="yearly_on_day", month=pattern.month, day=pattern.day_of_month),
        RelativeYearlyPattern: lambda: dict(kind="yearly_on_weekday", month=pattern.month, **nth()),
    }
    for unit, kind in UNITS.items():
        model[kind] = lambda unit=unit: dict(kind="regenerating", unit=unit, every=pattern.interval)
    start = date(boundary.start)
    if isinstance(boundary, NoEndPattern):
        limits = dict(kind="forever", start=start)
    elif isinstance(boundary, EndDatePattern):
        limits = dict(kind="until", start=start, end=date(boundary.end))
    else:
        limits = dict(kind="count", start=start, count=boundary.number)
    return dict(pattern=model[type(pattern)](), range=limits)


def appointment(model, account):
    item = {theirs: model[ours] for ours, theirs in (("subject", "subject"), ("body", "body"), ("place", "location")) if ours in model}
    item["is_all_day"] = model["all_day"]
    if model["all_day"]:
        item["start"] = day(model["start"])
        item["end"] = day(model["end"]) - dt.timedelta(days=1)
    else:
        zone = EWSTimeZone(model["zone"])
        item["start"], item["end"] = instant(model["start"], zone), instant(model["end"], zone)
    item["legacy_free_busy_status"] = SHOW_AS[model.get("show_as", "busy")]
    item["reminder_is_set"] = model.get("reminder_on", False)
    if "reminder_minutes" in model:
        item["reminder_minutes_before_start"] = model["reminder_minutes"]
    if "recurrence" in model:
        item["recurrence"] = recurrence(model["recurrence"], Recurrence)
    return CalendarItem(account=account, folder=account.calendar, **fields(model, item))


def exceptions(model, master, account):
    """Changes and deletes occurrences, which are found by looking at the first eight."""
    zone = EWSTimeZone(model["zone"])
    shown = []
    for number in range(1, 9):
        try:
            shown += account.fetch([master.occurrence(number)._id])
        except exchangelib.errors.ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange:
            break
    by_day = {date(item.start.astimezone(zone)): item for item in shown}
    for exception in model["recurrence"]["exceptions"]:
        occurrence, change = by_day[exception["original"]], exception["change"]
        if change["kind"] == "deleted":
            occurrence.delete()
            continue
        names = ["start", "end"]
        occurrence.start, occurrence.end = instant(change["start"], zone), instant(change["end"], zone)
        for ours, theirs in (("subject", "subject"), ("place", "location")):
            if ours in change:
                setattr(occurrence, theirs, change[ours])
                names.append(theirs)
        occurrence.save(update_fields=names, conflict_resolution="AlwaysOverwrite")


def of_appointment(item):
    model = dict(subject=text(item.subject), body=text(item.body), place=text(item.location), all_day=item.is_all_day)
    model["start"], model["zone"] = moment(item.start), item._start_timezone.key
    model["end"] = moment(item.end + dt.timedelta(days=1) if item.is_all_day else item.end)
    model["show_as"] = back(SHOW_AS, item.legacy_free_busy_status)
    model["reminder_on"] = item.reminder_is_set
    model["reminder_minutes"] = item.reminder_minutes_before_start
    model["recurrence"] = of_recurrence(item.recurrence)
    changed = list(item.modified_occurrences or [])
    found = [
        dict(original=date(gone.start.astimezone(item._start_timezone)), change=dict(kind="deleted"))
        for gone in item.deleted_occurrences or []
    ]
    for entry, own in zip(changed, item.account.fetch([(entry.id, entry.changekey) for entry in changed]) if changed else []):
        change = dict(kind="changed", start=moment(own.start), end=moment(own.end))
        for ours, theirs in (("subject", "subject"), ("place", "location")):
            if (getattr(own, theirs) or "") != (getattr(item, theirs) or ""):
                change[ours] = getattr(own, theirs) or ""
        found.append(dict(original=date(entry.original_start.astimezone(item._start_timezone)), change=change))
    if found:
        model["recurrence"]["exceptions"] = sorted(found, key=lambda exception: exception["original"])
    return model


def task(model, account):
    item = {name: model[name] for name in ("subject", "body") if name in model}
    for ours, theirs in (("task_start", "start_date"), ("due", "due_date")):
        if ours in model:
            item[theirs] = day(model[ours])
    item["status"] = STATUS[model.get("status", "not_started")]
    item["percent_complete"] = Decimal(model.get("percent", 0))
    item["importance"] = model.get("priority", "normal").capitalize()
    item["reminder_is_set"] = model.get("reminder_on", False)
    if "reminder_at" in model:
        item["reminder_due_by"] = instant(model["reminder_at"])
    if "recurrence" in model:
        item["recurrence"] = recurrence(model["recurrence"], TaskRecurrence)
    return Task(account=account, folder=account.tasks, **fields(model, item))


def of_task(item):
    model = dict(subject=text(item.subject), body=text(item.body))
    model["task_start"], model["due"] = date(item.start_date), date(item.due_date)
    model["status"] = back(STATUS, item.status)
    model["percent"] = int(item.percent_complete)
    # The server tells midnight in the zone that it was asked in; exchangelib makes an instant of it.
    zone = item.account.default_timezone
    model["completed"] = date(item.complete_date.astimezone(zone)) if item.complete_date else None
    model["priority"] = item.importance.lower()
    model["reminder_on"] = item.reminder_is_set
    model["reminder_at"] = moment(item.reminder_due_by) if item.reminder_due_by else None
    model["recurrence"] = of_recurrence(item.recurrence)
    return model


KINDS = dict(contact=(contact, of_contact), appointment=(appointment, of_appointment), task=(task, of_task))


def main():
    if sys.argv[1:] == ["--ready"]:
        return
    url, user, mailbox, zone, direction, kind = sys.argv[1:]
    configuration = Configuration(
        service_endpoint=url, credentials=Credentials(user, os.environ["SIM_PASSWORD"]), auth_type=BASIC
    )
    account = Account(
        mailbox,
        config=configuration,
        access_type=IMPERSONATION,
        autodiscover=False,
        default_timezone=EWSTimeZone(zone),
    )
    make, show = KINDS[kind]
    lines = [line.rstrip("\n") for line in sys.stdin]
    if direction == "read":
        for item in account.fetch([(line, None) for line in lines], chunk_size=50):
            model = show(item)
            model["categories"] = item.categories
            model["sensitivity"] = item.sensitivity.lower()
            print(json.dumps(model))
        return
    models = [json.loads(line) for line in lines]
    items = [make(model, account) for model in models]
    folder = dict(contact=account.contacts, appointment=account.calendar, task=account.tasks)[kind]
    made = account.bulk_create(folder=folder, items=items, send_meeting_invitations="SendToNone", chunk_size=50)
    for model, item in zip(models, made):
        if model.get("recurrence", {}).get("exceptions"):
            [master] = account.fetch([item])
            exceptions(model, master, account)
        print(item.id)


main()
