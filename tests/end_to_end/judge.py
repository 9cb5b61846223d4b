#!/usr/bin/env python3
"""Compares what exchangelib reads in a mailbox with what stands in the staffITpro database, field by field.

usage: judge.py --ready
       judge.py URL USER MAILBOX STAFFITPRO-USER PROPERTY-SET DATABASE
       (password in SIM_PASSWORD, CA in REQUESTS_CA_BUNDLE)

It takes a hundred records of each kind by chance (JUDGE_SEED repeats a choice; it is printed). What a field of staffITpro becomes
in Outlook is written down here by hand, from the sync contract and Microsoft's names. Status 77: exchangelib is not installed.
"""

import datetime as dt
import json
import os
import random
import sqlite3
import sys
from zoneinfo import ZoneInfo

try:
    import exchangelib
except ImportError:
    print("exchangelib is not installed in this Python")
    sys.exit(77)
if sys.argv[1:] == ["--ready"]:
    sys.exit(0)

from exchangelib import (
    BASIC,
    IMPERSONATION,
    UTC,
    Account,
    CalendarItem,
    Configuration,
    Contact,
    Credentials,
    EWSTimeZone,
    ExtendedProperty,
    Task,
)

HUNDRED = 100
HOME = ZoneInfo("Europe/Berlin")
NO_DATE = ("0001-01-01", "1899-12-30")

TEXTS = {
    "given_name": "given_name",
    "middle_name": "middle_name",
    "surname": "surname",
    "suffix": "generation",
    "nickname": "nickname",
    "company": "company_name",
    "department": "department",
    "job_title": "job_title",
    "manager": "manager",
    "assistant": "assistant_name",
    "spouse": "spouse_name",
    "web_page": "business_homepage",
}
MAILS = {"email_1": "EmailAddress1", "email_2": "EmailAddress2", "email_3": "EmailAddress3"}
PHONES = {
    "business_phone": "BusinessPhone",
    "business_phone_2": "BusinessPhone2",
    "mobile_phone": "MobilePhone",
    "home_phone": "HomePhone",
    "home_phone_2": "HomePhone2",
    "business_fax": "BusinessFax",
    "home_fax": "HomeFax",
    "other_fax": "OtherFax",
    "company_phone": "CompanyMainPhone",
    "assistant_phone": "AssistantPhone",
    "other_phone": "OtherTelephone",
    "primary_phone": "PrimaryPhone",
    "pager": "Pager",
    "car_phone": "CarPhone",
    "callback": "Callback",
    "isdn": "Isdn",
    "radio_phone": "RadioPhone",
    "telex": "Telex",
    "text_phone": "TtyTddPhone",
}
ADDRESSES = {"business": "Business", "home": "Home", "other": "Other"}
PARTS = {"street": "street", "postal_code": "zipcode", "city": "city", "state": "state", "country": "country"}
SHOW_AS = {"busy": "Busy", "free": "Free", "tentative": "Tentative", "out_of_office": "OOF", "working_elsewhere": "WorkingElsewhere"}
STATUS = {
    "not_started": "NotStarted",
    "in_progress": "InProgress",
    "completed": "Completed",
    "waiting": "WaitingOnOthers",
    "deferred": "Deferred",
}
PRIORITY = {"normal": "Normal", "low": "Low", "high": "High"}
WINDOWS = {"Europe/Berlin": "W. Europe Standard Time", "America/New_York": "Eastern Standard Time"}
# What is told apart by the module of the record itself and is no field of the item.
NOT_COMPARED = {"id", "module", "number", "parent", "private", "editable", "changed_at", "changed_by", "email_4"}


class Title(ExtendedProperty):
    """PidTagDisplayNamePrefix: EWS shows it for reading only, as a MAPI property it can be written."""

    property_tag = 0x3A45
    property_type = "String"


def register(property_set):
    named = {"property_set_id": property_set, "property_type": "String"}
    for kind in (Contact, CalendarItem, Task):
        kind.register("stamp_record", type("StampRecord", (ExtendedProperty,), named | {"property_name": "Record"}))
    Contact.register("name_prefix", Title)
    Contact.register("salutation", type("Salutation", (ExtendedProperty,), named | {"property_name": "Salutation"}))


class Judge:
    def __init__(self):
        self.wrong = []
        self.fields = 0
        self.filled = 0
        self.where = ""
        self.seen = set()

    def agree(self, field, ours, theirs):
        """What staffITpro has, as it should be in Outlook, and what Outlook has."""
        self.fields += 1
        self.seen.add(field)
        self.filled += ours not in (None, [], False)
        if ours != theirs:
            self.wrong.append(f"{self.where} {field}: staffITpro {ours!r}, Outlook {theirs!r}")


def blank(text):
    """Blank is nothing on both sides."""
    return None if text is None or text == "" else text


def lines(text):
    """A server keeps the lines of a text and ends them in its own way."""
    return None if not text else text.replace("\r\n", "\n").rstrip("\n") or None


def categories(text):
    return sorted(json.loads(text)) if text else []


def sensitivity(row):
    if row["private"] and row["sensitivity"] in (None, "", "normal", "personal"):
        return "Private"
    return (row["sensitivity"] or "normal").capitalize()


def date(text):
    return dt.date.fromisoformat(text) if text and text not in NO_DATE else None


def day(value):
    """exchangelib gives dates of contacts as instants or dates."""
    return value.astimezone(UTC).date() if isinstance(value, dt.datetime) else value


def instant(text):
    return dt.datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None


def last_day_shown(end):
    """The last day that exchangelib 5.6.0 shows of a whole-day appointment: it takes 24 hours off the midnight behind it, which
    leads into the day before where the last one has 23 (the clocks go forward)."""
    midnight_behind = dt.datetime.combine(end, dt.time(), HOME).astimezone(UTC)
    return (midnight_behind - dt.timedelta(hours=24)).astimezone(HOME).date()


def common(judge, row, item):
    judge.agree("categories", categories(row["categories"]), sorted(item.categories or []))
    judge.agree("sensitivity", sensitivity(row), item.sensitivity)


def contact(judge, row, item):
    for field, name in TEXTS.items():
        judge.agree(field, blank(row[field]), blank(getattr(item, name)))
    judge.agree("title", blank(row["title"]), blank(item.name_prefix))
    judge.agree("salutation", blank(row["salutation"]), blank(item.salutation))
    mails = {entry.label: entry.email for entry in item.email_addresses or []}
    for field, label in MAILS.items():
        judge.agree(field, blank(row[field]), blank(mails.get(label)))
    phones = {entry.label: entry.phone_number for entry in item.phone_numbers or []}
    for field, label in PHONES.items():
        judge.agree(field, blank(row[field]), blank(phones.get(label)))
    addresses = {entry.label: entry for entry in item.physical_addresses or []}
    for prefix, label in ADDRESSES.items():
        for part, name in PARTS.items():
            ours = lines(row[f"{prefix}_{part}"])
            judge.agree(f"{prefix}_{part}", ours, lines(getattr(addresses.get(label), name, None)))
    judge.agree("birthday", date(row["birthday"]), day(item.birthday))
    judge.agree("anniversary", date(row["anniversary"]), day(item.wedding_anniversary))
    judge.agree("notes", lines(row["notes"]), lines(item.body))
    common(judge, row, item)
    parts = ("title", "given_name", "middle_name", "surname", "suffix")
    full = " ".join(row[part] for part in parts if row[part]) or row["company"] or row["email_1"]
    judge.agree("the displayed name", blank(full), blank(item.display_name))


def appointment(judge, row, item):
    judge.agree("subject", blank(row["subject"]), blank(item.subject))
    judge.agree("body", lines(row["body"]), lines(item.body))
    judge.agree("place", blank(row["place"]), blank(item.location))
    judge.agree("all_day", bool(row["all_day"]), item.is_all_day)
    if row["all_day"]:
        # From midnight to midnight where the person is; exchangelib shows the last day, staffITpro the one after.
        judge.agree("start", date(row["start"]), local_day(item.start))
        judge.agree("end", last_day_shown(date(row["end"])), local_day(item.end))
        judge.agree("zone", WINDOWS["Europe/Berlin"], zone_of(item))
    else:
        judge.agree("start", instant(row["start"]), item.start)
        judge.agree("end", instant(row["end"]), item.end)
        judge.agree("zone", WINDOWS[row["zone"] or "Europe/Berlin"], zone_of(item))
    judge.agree("show_as", SHOW_AS[row["show_as"] or "busy"], item.legacy_free_busy_status)
    start = instant(row["start"]) if not row["all_day"] else midnight(row["start"])
    # One whose moment has passed is written switched off (rule D17).
    passed = row["reminder_on"] and start - dt.timedelta(minutes=row["reminder_minutes"] or 0) < NOW
    on = bool(row["reminder_on"]) and not (passed and not row["recurrence"])
    judge.agree("reminder_on", on, item.reminder_is_set)
    if on:
        judge.agree("reminder_minutes", row["reminder_minutes"] or 0, item.reminder_minutes_before_start)
    recurrence(judge, row, item.recurrence)
    common(judge, row, item)
    judge.agree("guests", [], (item.required_attendees or []) + (item.optional_attendees or []))


def midnight(text):
    return dt.datetime.combine(date(text), dt.time(), HOME)


def local_day(value):
    return value.astimezone(HOME).date() if isinstance(value, dt.datetime) else value


def zone_of(item):
    return item._start_timezone.ms_id if item._start_timezone else None


def task(judge, row, item):
    judge.agree("subject", blank(row["subject"]), blank(item.subject))
    judge.agree("body", lines(row["body"]), lines(item.body))
    judge.agree("task_start", date(row["task_start"]), day(item.start_date))
    judge.agree("due", date(row["due"]), day(item.due_date))
    judge.agree("status", STATUS[row["status"] or "not_started"], item.status)
    judge.agree("percent", row["percent"] or 0, int(item.percent_complete))
    judge.agree("completed", date(row["completed"]), local_day(item.complete_date))
    judge.agree("priority", PRIORITY[row["priority"] or "normal"], item.importance)
    on = bool(row["reminder_on"]) and (instant(row["reminder_at"]) or NOW) > NOW
    judge.agree("reminder_on", on, item.reminder_is_set)
    if on:
        judge.agree("reminder_at", instant(row["reminder_at"]), item.reminder_due_by)
    recurrence(judge, row, item.recurrence)
    common(judge, row, item)


WEEKDAYS = dict(zip(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), range(1, 8)))


def recurrence(judge, row, theirs):
    """The patterns of the sample, one by one; another one stops the judge."""
    if not row["recurrence"]:
        judge.agree("recurrence", None, theirs)
        return
    series = json.loads(row["recurrence"])
    pattern, limits = series["pattern"], series["range"]
    kind = pattern["kind"]
    if kind == "weekly":
        days = sorted(WEEKDAYS[name[:3].lower()] for name in pattern["days"])
        ours = ("WeeklyPattern", pattern["every"], days)
        found = (type(theirs.pattern).__name__, theirs.pattern.interval, sorted(theirs.pattern.weekdays))
    elif kind == "monthly_on_day":
        ours = ("AbsoluteMonthlyPattern", pattern["every"], pattern["day"])
        found = (type(theirs.pattern).__name__, theirs.pattern.interval, theirs.pattern.day_of_month)
    elif kind == "regenerating":
        name = {"day": "DailyRegeneration", "week": "WeeklyRegeneration"}[pattern["unit"]]
        ours = (name, pattern["every"])
        found = (type(theirs.pattern).__name__, theirs.pattern.interval)
    else:
        raise NotImplementedError(f"the sample has a new pattern: {kind}")
    judge.agree("recurrence", ours, found)
    boundary = theirs.boundary
    name = {"forever": "NoEndPattern", "until": "EndDatePattern", "count": "NumberedPattern"}
    judge.agree("the range", name.get(limits["kind"], limits["kind"]), type(boundary).__name__)
    judge.agree("the first day", date(limits["start"]), day(boundary.start))
    if limits["kind"] == "until":
        judge.agree("the last day", date(limits["until"]), day(boundary.end))
    elif limits["kind"] == "count":
        judge.agree("how often", limits["count"], boundary.number)


KINDS = {
    "contact": ("contacts", Contact, contact),
    "appointment": ("calendar", CalendarItem, appointment),
    "task": ("tasks", Task, task),
}


def main():
    url, user, mailbox, owner, property_set, path = sys.argv[1:]
    register(property_set)
    config = Configuration(service_endpoint=url, credentials=Credentials(user, os.environ["SIM_PASSWORD"]), auth_type=BASIC)
    def account(zone):
        return Account(mailbox, config=config, autodiscover=False, access_type=IMPERSONATION, default_timezone=zone)

    # The days of tasks begin where the person lives, who must be asked for in that zone.
    accounts = {"contact": account(UTC), "appointment": account(UTC), "task": account(EWSTimeZone("Europe/Berlin"))}
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    database.row_factory = sqlite3.Row
    seed = int(os.environ.get("JUDGE_SEED") or random.randrange(10**6))
    chance = random.Random(seed)
    print(f"exchangelib {exchangelib.__version__}, JUDGE_SEED={seed}")
    judge = Judge()
    for table, (folder, kind, compare) in KINDS.items():
        items = {item.stamp_record: item for item in getattr(accounts[table], folder).all() if isinstance(item, kind)}
        whose = "SELECT record FROM membership WHERE user = ?" if table == "contact" else "SELECT activity FROM assignee WHERE user = ?"
        theirs = {id for (id,) in database.execute(whose, (owner,))}
        assert set(items) <= theirs, f"{table}: Outlook has what is not {owner}'s: {sorted(set(items) - theirs)[:3]}"
        assert len(items) >= HUNDRED, f"only {len(items)} records of the kind {table} are in Outlook"
        # Those that the sample has for a purpose are always among them.
        special = [id for id in sorted(items) if id == "B-010000" or has_series(database, table, id)]
        chosen = special + chance.sample(sorted(set(items) - set(special)), HUNDRED - len(special))
        judge.seen = set()
        before = judge.fields, judge.filled
        for id in chosen:
            judge.where = id
            row = database.execute(f'SELECT * FROM "{table}" WHERE id = ?', (id,)).fetchone()
            compare(judge, row, items[id])
        forgotten = set(row.keys()) - NOT_COMPARED - judge.seen
        assert not forgotten, f"{table}: nobody looks at {sorted(forgotten)}"
        print(f"{len(chosen)} of {len(items)}: {table}, {judge.fields - before[0]} fields, {judge.filled - before[1]} filled")
    for line in judge.wrong[:40]:
        print(line)
    if judge.wrong:
        sys.exit(f"{len(judge.wrong)} of {judge.fields} fields disagree")
    print("all agree")


def has_series(database, table, id):
    if table == "contact":
        return False
    return bool(database.execute(f'SELECT recurrence FROM "{table}" WHERE id = ?', (id,)).fetchone()[0])


NOW = dt.datetime.now(UTC)

if __name__ == "__main__":
    main()
