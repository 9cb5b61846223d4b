-- The staffITpro database that the adapter `sqlite` reads and writes: version 1 (PRAGMA user_version).
--
-- Conventions. A column of a record is blank where it is NULL, a text also where it is ''. Dates are '2026-11-22', instants
-- '2026-11-22T08:00:00Z' (one without a zone counts in the zone of the source); '0001-01-01' and '1899-12-30' mean no date.
-- Lists and series are JSON in the form of plugins/include/schemas. Other programs may read and write these tables with plain
-- SQL: triggers keep the change feed, the versions of the records and those of the filter.

PRAGMA application_id = 0x73495470; -- "sITp"
PRAGMA user_version = 1;

-- identity: tells this database from another. product: for reports. filter: 'per_user' or 'shared'.
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE user (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT,
    active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1))
) WITHOUT ROWID;

-- Persons of the modules applicants and business_contacts.
CREATE TABLE contact (
    id TEXT PRIMARY KEY,
    module TEXT NOT NULL CHECK (module IN ('applicants', 'business_contacts')),
    number TEXT,
    private INTEGER NOT NULL DEFAULT 0 CHECK (private IN (0, 1)),
    editable INTEGER NOT NULL DEFAULT 1 CHECK (editable IN (0, 1)),
    changed_at TEXT,
    changed_by TEXT,
    title TEXT,
    given_name TEXT,
    middle_name TEXT,
    surname TEXT,
    suffix TEXT,
    nickname TEXT,
    salutation TEXT,
    company TEXT,
    department TEXT,
    job_title TEXT,
    manager TEXT,
    assistant TEXT,
    spouse TEXT,
    email_1 TEXT,
    email_2 TEXT,
    email_3 TEXT,
    email_4 TEXT,
    business_phone TEXT,
    business_phone_2 TEXT,
    mobile_phone TEXT,
    home_phone TEXT,
    home_phone_2 TEXT,
    business_fax TEXT,
    home_fax TEXT,
    other_fax TEXT,
    company_phone TEXT,
    assistant_phone TEXT,
    other_phone TEXT,
    primary_phone TEXT,
    pager TEXT,
    car_phone TEXT,
    callback TEXT,
    isdn TEXT,
    radio_phone TEXT,
    telex TEXT,
    text_phone TEXT,
    business_street TEXT,
    business_postal_code TEXT,
    business_city TEXT,
    business_state TEXT,
    business_country TEXT,
    home_street TEXT,
    home_postal_code TEXT,
    home_city TEXT,
    home_state TEXT,
    home_country TEXT,
    other_street TEXT,
    other_postal_code TEXT,
    other_city TEXT,
    other_state TEXT,
    other_country TEXT,
    birthday TEXT,
    anniversary TEXT,
    web_page TEXT,
    notes TEXT,
    categories TEXT CHECK (coalesce(categories, '') = '' OR json_valid(categories)),
    sensitivity TEXT CHECK (sensitivity IN ('', 'normal', 'personal', 'private', 'confidential'))
);

-- What activities of the other modules belong to: a lead, a position, a contract, an offer.
CREATE TABLE matter (
    id TEXT PRIMARY KEY,
    module TEXT NOT NULL CHECK (module IN ('applicants', 'business_contacts', 'leads', 'positions', 'contracts', 'offers', 'general')),
    number TEXT,
    name TEXT
);

CREATE TABLE appointment (
    id TEXT PRIMARY KEY,
    module TEXT NOT NULL CHECK (module IN ('applicants', 'business_contacts', 'leads', 'positions', 'contracts', 'offers', 'general')),
    number TEXT,
    parent TEXT, -- contact.id or matter.id
    private INTEGER NOT NULL DEFAULT 0 CHECK (private IN (0, 1)),
    editable INTEGER NOT NULL DEFAULT 1 CHECK (editable IN (0, 1)),
    changed_at TEXT,
    changed_by TEXT,
    subject TEXT,
    body TEXT,
    place TEXT,
    start TEXT,
    "end" TEXT,
    zone TEXT,
    all_day INTEGER CHECK (all_day IN (0, 1)),
    show_as TEXT CHECK (show_as IN ('', 'busy', 'free', 'tentative', 'out_of_office', 'working_elsewhere')),
    reminder_on INTEGER CHECK (reminder_on IN (0, 1)),
    reminder_minutes INTEGER CHECK (reminder_minutes BETWEEN 0 AND 2629800),
    recurrence TEXT CHECK (coalesce(recurrence, '') = '' OR json_valid(recurrence)),
    categories TEXT CHECK (coalesce(categories, '') = '' OR json_valid(categories)),
    sensitivity TEXT CHECK (sensitivity IN ('', 'normal', 'personal', 'private', 'confidential'))
);
CREATE INDEX appointment_parent ON appointment (parent);

CREATE TABLE task (
    id TEXT PRIMARY KEY,
    module TEXT NOT NULL CHECK (module IN ('applicants', 'business_contacts', 'leads', 'positions', 'contracts', 'offers', 'general')),
    number TEXT,
    parent TEXT, -- contact.id or matter.id
    private INTEGER NOT NULL DEFAULT 0 CHECK (private IN (0, 1)),
    editable INTEGER NOT NULL DEFAULT 1 CHECK (editable IN (0, 1)),
    changed_at TEXT,
    changed_by TEXT,
    subject TEXT,
    body TEXT,
    task_start TEXT,
    due TEXT,
    status TEXT CHECK (status IN ('', 'not_started', 'in_progress', 'completed', 'waiting', 'deferred')),
    percent INTEGER CHECK (percent BETWEEN 0 AND 100),
    completed TEXT,
    priority TEXT CHECK (priority IN ('', 'normal', 'low', 'high')),
    reminder_on INTEGER CHECK (reminder_on IN (0, 1)),
    reminder_at TEXT,
    recurrence TEXT CHECK (coalesce(recurrence, '') = '' OR json_valid(recurrence)),
    categories TEXT CHECK (coalesce(categories, '') = '' OR json_valid(categories)),
    sensitivity TEXT CHECK (sensitivity IN ('', 'normal', 'personal', 'private', 'confidential'))
);
CREATE INDEX task_parent ON task (parent);

-- Whose an activity is; there may be several, or nobody yet.
CREATE TABLE assignee (
    activity TEXT NOT NULL,
    user TEXT NOT NULL,
    PRIMARY KEY (activity, user)
) WITHOUT ROWID;

-- Who once had an activity and has it no more; kept by triggers.
CREATE TABLE unassigned (
    activity TEXT NOT NULL,
    user TEXT NOT NULL,
    PRIMARY KEY (activity, user)
) WITHOUT ROWID;

-- Exceptions from the rule that everybody sees and changes everything.
CREATE TABLE permission (
    record TEXT NOT NULL,
    user TEXT NOT NULL,
    level TEXT NOT NULL CHECK (level IN ('hidden', 'read')),
    PRIMARY KEY (record, user)
) WITHOUT ROWID;

-- The filter „Outlook Synchronisation“: a list of contacts. user = '' is the shared filter, used where meta.filter = 'shared'.
CREATE TABLE membership (
    module TEXT NOT NULL,
    user TEXT NOT NULL DEFAULT '',
    record TEXT NOT NULL,
    PRIMARY KEY (module, user, record)
) WITHOUT ROWID;
CREATE INDEX membership_record ON membership (record);

-- When each list was last changed, by numbers that go up over all lists and are never given twice; kept by triggers.
CREATE TABLE membership_version (
    module TEXT NOT NULL,
    user TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (module, user)
) WITHOUT ROWID;
CREATE INDEX membership_version_order ON membership_version (version);

-- The change feed; kept by triggers. One row for each record that ever was, with the number of its last change. The number is
-- the record's version as well; numbers are never given twice.
CREATE TABLE change (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    record TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    module TEXT NOT NULL,
    gone INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX change_feed ON change (module, seq);
CREATE INDEX change_list ON change (module, record);

-- Deleting and inserting, not REPLACE: a conflict clause of the statement that fires a trigger overrules those inside it.

CREATE TRIGGER contact_inserts BEFORE INSERT ON contact
WHEN EXISTS (SELECT 1 FROM change WHERE record = new.id AND gone = 0 AND kind <> 'contact') BEGIN
    SELECT RAISE(ABORT, 'ids are unique over all kinds');
END;
CREATE TRIGGER contact_inserted AFTER INSERT ON contact BEGIN
    DELETE FROM change WHERE record = new.id;
    INSERT INTO change (record, kind, module, gone) VALUES (new.id, 'contact', new.module, 0);
END;
CREATE TRIGGER contact_moves BEFORE UPDATE OF id, module ON contact
WHEN new.id IS NOT old.id OR new.module IS NOT old.module BEGIN
    SELECT RAISE(ABORT, 'a record keeps its id and its module');
END;
CREATE TRIGGER contact_updated AFTER UPDATE ON contact BEGIN
    DELETE FROM change WHERE record = new.id;
    INSERT INTO change (record, kind, module, gone) VALUES (new.id, 'contact', new.module, 0);
END;
-- A program that does not say when and who: it was now, and it is not known who.
CREATE TRIGGER contact_stamped AFTER UPDATE ON contact
WHEN new.changed_at IS old.changed_at
    AND new.changed_at IS NOT strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
    AND NOT EXISTS (SELECT 1 FROM meta WHERE key = 'connector') BEGIN
    UPDATE contact SET
        changed_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now'),
        changed_by = CASE WHEN new.changed_by IS old.changed_by THEN NULL ELSE new.changed_by END
    WHERE id = new.id;
END;
CREATE TRIGGER contact_deleted AFTER DELETE ON contact BEGIN
    DELETE FROM change WHERE record = old.id;
    INSERT INTO change (record, kind, module, gone) VALUES (old.id, 'contact', old.module, 1);
    DELETE FROM membership WHERE record = old.id AND module = old.module;
END;

CREATE TRIGGER appointment_inserts BEFORE INSERT ON appointment
WHEN EXISTS (SELECT 1 FROM change WHERE record = new.id AND gone = 0 AND kind <> 'appointment') BEGIN
    SELECT RAISE(ABORT, 'ids are unique over all kinds');
END;
CREATE TRIGGER appointment_inserted AFTER INSERT ON appointment BEGIN
    DELETE FROM change WHERE record = new.id;
    INSERT INTO change (record, kind, module, gone) VALUES (new.id, 'appointment', new.module, 0);
END;
CREATE TRIGGER appointment_moves BEFORE UPDATE OF id, module ON appointment
WHEN new.id IS NOT old.id OR new.module IS NOT old.module BEGIN
    SELECT RAISE(ABORT, 'a record keeps its id and its module');
END;
CREATE TRIGGER appointment_updated AFTER UPDATE ON appointment BEGIN
    DELETE FROM change WHERE record = new.id;
    INSERT INTO change (record, kind, module, gone) VALUES (new.id, 'appointment', new.module, 0);
END;
-- A program that does not say when and who: it was now, and it is not known who.
CREATE TRIGGER appointment_stamped AFTER UPDATE ON appointment
WHEN new.changed_at IS old.changed_at
    AND new.changed_at IS NOT strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
    AND NOT EXISTS (SELECT 1 FROM meta WHERE key = 'connector') BEGIN
    UPDATE appointment SET
        changed_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now'),
        changed_by = CASE WHEN new.changed_by IS old.changed_by THEN NULL ELSE new.changed_by END
    WHERE id = new.id;
END;
CREATE TRIGGER appointment_deleted AFTER DELETE ON appointment BEGIN
    DELETE FROM change WHERE record = old.id;
    INSERT INTO change (record, kind, module, gone) VALUES (old.id, 'appointment', old.module, 1);
    DELETE FROM assignee WHERE activity = old.id;
END;

CREATE TRIGGER task_inserts BEFORE INSERT ON task
WHEN EXISTS (SELECT 1 FROM change WHERE record = new.id AND gone = 0 AND kind <> 'task') BEGIN
    SELECT RAISE(ABORT, 'ids are unique over all kinds');
END;
CREATE TRIGGER task_inserted AFTER INSERT ON task BEGIN
    DELETE FROM change WHERE record = new.id;
    INSERT INTO change (record, kind, module, gone) VALUES (new.id, 'task', new.module, 0);
END;
CREATE TRIGGER task_moves BEFORE UPDATE OF id, module ON task
WHEN new.id IS NOT old.id OR new.module IS NOT old.module BEGIN
    SELECT RAISE(ABORT, 'a record keeps its id and its module');
END;
CREATE TRIGGER task_updated AFTER UPDATE ON task BEGIN
    DELETE FROM change WHERE record = new.id;
    INSERT INTO change (record, kind, module, gone) VALUES (new.id, 'task', new.module, 0);
END;
-- A program that does not say when and who: it was now, and it is not known who.
CREATE TRIGGER task_stamped AFTER UPDATE ON task
WHEN new.changed_at IS old.changed_at
    AND new.changed_at IS NOT strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
    AND NOT EXISTS (SELECT 1 FROM meta WHERE key = 'connector') BEGIN
    UPDATE task SET
        changed_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now'),
        changed_by = CASE WHEN new.changed_by IS old.changed_by THEN NULL ELSE new.changed_by END
    WHERE id = new.id;
END;
CREATE TRIGGER task_deleted AFTER DELETE ON task BEGIN
    DELETE FROM change WHERE record = old.id;
    INSERT INTO change (record, kind, module, gone) VALUES (old.id, 'task', old.module, 1);
    DELETE FROM assignee WHERE activity = old.id;
END;

-- An activity shows what it belongs to, so it changes with that.
CREATE TRIGGER contact_renamed AFTER UPDATE OF number, given_name, surname, company ON contact
WHEN new.number IS NOT old.number OR new.given_name IS NOT old.given_name
    OR new.surname IS NOT old.surname OR new.company IS NOT old.company BEGIN
    DELETE FROM change WHERE record IN (SELECT id FROM appointment WHERE parent = new.id);
    INSERT INTO change (record, kind, module) SELECT id, 'appointment', module FROM appointment WHERE parent = new.id;
    DELETE FROM change WHERE record IN (SELECT id FROM task WHERE parent = new.id);
    INSERT INTO change (record, kind, module) SELECT id, 'task', module FROM task WHERE parent = new.id;
END;
CREATE TRIGGER matter_renamed AFTER UPDATE OF number, name ON matter BEGIN
    DELETE FROM change WHERE record IN (SELECT id FROM appointment WHERE parent = new.id);
    INSERT INTO change (record, kind, module) SELECT id, 'appointment', module FROM appointment WHERE parent = new.id;
    DELETE FROM change WHERE record IN (SELECT id FROM task WHERE parent = new.id);
    INSERT INTO change (record, kind, module) SELECT id, 'task', module FROM task WHERE parent = new.id;
END;

CREATE TRIGGER assignee_inserted AFTER INSERT ON assignee BEGIN
    DELETE FROM unassigned WHERE activity = new.activity AND user = new.user;
    DELETE FROM change WHERE record = (SELECT id FROM appointment WHERE id = new.activity);
    INSERT INTO change (record, kind, module) SELECT id, 'appointment', module FROM appointment WHERE id = new.activity;
    DELETE FROM change WHERE record = (SELECT id FROM task WHERE id = new.activity);
    INSERT INTO change (record, kind, module) SELECT id, 'task', module FROM task WHERE id = new.activity;
END;
CREATE TRIGGER assignee_deleted AFTER DELETE ON assignee BEGIN
    DELETE FROM unassigned WHERE activity = old.activity AND user = old.user;
    INSERT INTO unassigned (activity, user) VALUES (old.activity, old.user);
    DELETE FROM change WHERE record = (SELECT id FROM appointment WHERE id = old.activity);
    INSERT INTO change (record, kind, module) SELECT id, 'appointment', module FROM appointment WHERE id = old.activity;
    DELETE FROM change WHERE record = (SELECT id FROM task WHERE id = old.activity);
    INSERT INTO change (record, kind, module) SELECT id, 'task', module FROM task WHERE id = old.activity;
END;
CREATE TRIGGER assignee_updated AFTER UPDATE ON assignee BEGIN
    DELETE FROM unassigned WHERE activity = old.activity AND user = old.user;
    INSERT INTO unassigned (activity, user) VALUES (old.activity, old.user);
    DELETE FROM unassigned WHERE activity = new.activity AND user = new.user;
    DELETE FROM change WHERE record = (SELECT id FROM appointment WHERE id = old.activity);
    INSERT INTO change (record, kind, module) SELECT id, 'appointment', module FROM appointment WHERE id = old.activity;
    DELETE FROM change WHERE record = (SELECT id FROM task WHERE id = old.activity);
    INSERT INTO change (record, kind, module) SELECT id, 'task', module FROM task WHERE id = old.activity;
    DELETE FROM change WHERE record = (SELECT id FROM appointment WHERE id = new.activity);
    INSERT INTO change (record, kind, module) SELECT id, 'appointment', module FROM appointment WHERE id = new.activity;
    DELETE FROM change WHERE record = (SELECT id FROM task WHERE id = new.activity);
    INSERT INTO change (record, kind, module) SELECT id, 'task', module FROM task WHERE id = new.activity;
END;

CREATE TRIGGER permission_inserted AFTER INSERT ON permission BEGIN
    DELETE FROM change WHERE record = (SELECT id FROM contact WHERE id = new.record);
    INSERT INTO change (record, kind, module) SELECT id, 'contact', module FROM contact WHERE id = new.record;
    DELETE FROM change WHERE record = (SELECT id FROM appointment WHERE id = new.record);
    INSERT INTO change (record, kind, module) SELECT id, 'appointment', module FROM appointment WHERE id = new.record;
    DELETE FROM change WHERE record = (SELECT id FROM task WHERE id = new.record);
    INSERT INTO change (record, kind, module) SELECT id, 'task', module FROM task WHERE id = new.record;
END;

CREATE TRIGGER permission_updated AFTER UPDATE ON permission BEGIN
    DELETE FROM change WHERE record = (SELECT id FROM contact WHERE id = new.record);
    INSERT INTO change (record, kind, module) SELECT id, 'contact', module FROM contact WHERE id = new.record;
    DELETE FROM change WHERE record = (SELECT id FROM appointment WHERE id = new.record);
    INSERT INTO change (record, kind, module) SELECT id, 'appointment', module FROM appointment WHERE id = new.record;
    DELETE FROM change WHERE record = (SELECT id FROM task WHERE id = new.record);
    INSERT INTO change (record, kind, module) SELECT id, 'task', module FROM task WHERE id = new.record;
END;

CREATE TRIGGER permission_deleted AFTER DELETE ON permission BEGIN
    DELETE FROM change WHERE record = (SELECT id FROM contact WHERE id = old.record);
    INSERT INTO change (record, kind, module) SELECT id, 'contact', module FROM contact WHERE id = old.record;
    DELETE FROM change WHERE record = (SELECT id FROM appointment WHERE id = old.record);
    INSERT INTO change (record, kind, module) SELECT id, 'appointment', module FROM appointment WHERE id = old.record;
    DELETE FROM change WHERE record = (SELECT id FROM task WHERE id = old.record);
    INSERT INTO change (record, kind, module) SELECT id, 'task', module FROM task WHERE id = old.record;
END;

CREATE TRIGGER membership_inserts BEFORE INSERT ON membership
WHEN NOT EXISTS (SELECT 1 FROM contact WHERE id = new.record AND module = new.module) BEGIN
    SELECT RAISE(ABORT, 'the filter holds contacts of its module');
END;
CREATE TRIGGER membership_inserted AFTER INSERT ON membership BEGIN
    INSERT INTO membership_version (module, user, version)
        SELECT new.module, new.user, 0
        WHERE NOT EXISTS (SELECT 1 FROM membership_version WHERE module = new.module AND user = new.user);
    UPDATE membership_version SET version = (SELECT max(version) FROM membership_version) + 1
        WHERE module = new.module AND user = new.user;
END;
CREATE TRIGGER membership_deleted AFTER DELETE ON membership BEGIN
    INSERT INTO membership_version (module, user, version)
        SELECT old.module, old.user, 0
        WHERE NOT EXISTS (SELECT 1 FROM membership_version WHERE module = old.module AND user = old.user);
    UPDATE membership_version SET version = (SELECT max(version) FROM membership_version) + 1
        WHERE module = old.module AND user = old.user;
END;
CREATE TRIGGER membership_updated AFTER UPDATE ON membership BEGIN
    INSERT INTO membership_version (module, user, version)
        SELECT old.module, old.user, 0
        WHERE NOT EXISTS (SELECT 1 FROM membership_version WHERE module = old.module AND user = old.user);
    UPDATE membership_version SET version = (SELECT max(version) FROM membership_version) + 1
        WHERE module = old.module AND user = old.user;
    INSERT INTO membership_version (module, user, version)
        SELECT new.module, new.user, 0
        WHERE NOT EXISTS (SELECT 1 FROM membership_version WHERE module = new.module AND user = new.user);
    UPDATE membership_version SET version = (SELECT max(version) FROM membership_version) + 1
        WHERE module = new.module AND user = new.user;
END;
