//! An adapter that misbehaves on demand. Its settings name a method and a fault:
//!
//! ```toml
//! settings = { method = "list", fault = "panic" }
//! ```
//!
//! Everything else is answered soundly, over one contact `1` and one task `2` of user `DHO`; `CSC` is a user without records. With
//! `once`, the path of a file that is not there yet, the fault happens once; the file is its memory over all instances. With
//! `user` it happens in calls for that one alone. Faults of the table itself
//! (version, magic, size) are made by patching the library, see `tests/source`.
#![allow(unsafe_code)]
#![allow(
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "it only ever meets its own tests"
)]

use std::ffi::c_void;
use std::fs::File;
use std::time::Duration;

use abgleich_plugin::abi::{
    ABI_MAJOR, ABI_MINOR, Bytes, Header, Host, MAGIC, STATUS_FAILED, STATUS_REPLIED, StaticTable,
    Table,
};
use serde_json::{Map, Value, json};

/// An instance: the fault that it was opened with.
struct Faulty {
    method: String,
    fault: String,
    once: Option<String>,
    user: Option<String>,
}

/// What goes back to the host.
enum Answer {
    /// This reply.
    Json(Value),
    /// These bytes.
    Raw(Vec<u8>),
    /// A status without a reply.
    Status(i32),
    /// A null reply of so many bytes.
    Null(usize),
    /// A reply that claims to be longer than anything.
    Huge,
}

impl Faulty {
    fn answer(&self, request: &Value) -> Answer {
        let method = request["method"].as_str().unwrap_or_default();
        let sound = sound(method, request);
        let is_meant = self.user.as_deref().is_none_or(|user| request["user"] == user);
        if method != self.method || !is_meant || !self.strikes() {
            return Answer::Json(sound);
        }
        misbehave(&self.fault, method, request, sound)
    }

    /// Says whether the fault happens now.
    fn strikes(&self) -> bool {
        self.once.as_ref().is_none_or(|path| File::create_new(path).is_ok())
    }
}

fn misbehave(fault: &str, method: &str, request: &Value, mut sound: Value) -> Answer {
    let ok = &mut sound["ok"];
    match fault {
        "hang" => loop {
            std::thread::sleep(Duration::from_hours(1));
        },
        "status" => return Answer::Status(STATUS_FAILED),
        "null" => return Answer::Null(0),
        "null_with_length" => return Answer::Null(1 << 20),
        "huge" => return Answer::Huge,
        "no_json" => return Answer::Raw(b"<html>".to_vec()),
        "empty" => return Answer::Raw(Vec::new()),
        "half" => {
            let mut text = sound.to_string().into_bytes();
            text.truncate(text.len() / 2);
            return Answer::Raw(text);
        }
        "no_utf8" => return Answer::Raw(b"{\"ok\": {\"entries\": [\"\xff\"]}}".to_vec()),
        "deep" => return Answer::Raw("[".repeat(1_000_000).into_bytes()),
        "wrong_type" => *ok = json!("thank you"),
        // What the SDK makes of a panic.
        "panic" => {
            return Answer::Json(
                json!({"error": {"kind": "internal", "text": "panic: on demand"}}),
            );
        }
        "busy" => {
            return Answer::Json(
                json!({"error": {"kind": "busy", "text": "locked", "retry_after": 7}}),
            );
        }
        "unreachable" => {
            return Answer::Json(json!({"error": {"kind": "unreachable", "text": "it is away"}}));
        }
        "denied" => {
            return Answer::Json(json!({"error": {"kind": "denied", "text": "no", "hint": "ask"}}));
        }
        "indiscreet" => {
            let text = r"Weber, Frank has C:\Users\f.weber\crm.db open";
            return Answer::Json(json!({"error": {"kind": "denied", "text": text}}));
        }
        "strange_error" => {
            return Answer::Json(json!({"error": {"kind": "sulking", "text": "no"}}));
        }
        "too_few" => drop(list(ok, method).pop()),
        "too_many" => {
            let first = list(ok, method).first().cloned().unwrap_or(Value::Null);
            list(ok, method).push(first);
        }
        "foreign_id" => list(ok, method)[0]["id"] = json!("another"),
        "blank_id" => list(ok, method)[0]["id"] = json!(""),
        "blank_version" => list(ok, method)[0]["version"] = json!(""),
        "other_module" => list(ok, method)[0]["module"] = json!("business_contacts"),
        "strange_module" => list(ok, method)[0]["module"] = json!("kitchen"),
        "contact_of_leads" => list(ok, method)[0]["module"] = json!("leads"),
        "flood" => {
            let module = &request["module"];
            let entry = |id| json!({"id": format!("f{id}"), "version": "1", "kind": "task", "module": module});
            list(ok, method).extend((0..501).map(entry));
        }
        "circle" => {
            ok["next"] = request.get("page").cloned().unwrap_or_else(|| json!("first"));
            ok["more"] = json!(true);
            ok["position"] = request.get("since").cloned().unwrap_or_else(|| json!("p"));
        }
        "empty_pages" => {
            ok["entries"] = json!([]);
            ok["ids"] = json!([]);
            ok["next"] = json!(format!("{}x", request["page"].as_str().unwrap_or_default()));
        }
        "unchanged" => ok["unchanged"] = json!(true),
        "changed_and_gone" => ok["gone"] = json!(["1"]),
        "foreign_parent" => list(ok, method)[0]["parent"] = json!("77"),
        "no_base" => ok["capabilities"] = json!(["users/1"]),
        "blank_identity" => ok["identity"] = json!(" "),
        "strange_field" => {
            list(ok, method)[0]["found"]["record"]["fields"]["blood_group"] = json!("A");
        }
        "strange_key" => ok["mood"] = json!("fine"),
        "wrong_value" => {
            list(ok, method)[0]["found"]["record"]["fields"]["birthday"] = json!("soon");
        }
        "wrong_time" => {
            list(ok, method)[0]["found"]["record"]["changed_at"] = json!("2026-11-22 08:00");
        }
        "foreign_user" => ok["stirred"][0]["user"] = json!("XYZ"),
        "silent_about_stored" => list(ok, method)[0]["outcome"]["applied"]["stored"] = json!({}),
        _ => {}
    }
    Answer::Json(sound)
}

/// The list that a reply is about.
fn list<'a>(ok: &'a mut Value, method: &str) -> &'a mut Vec<Value> {
    static EMPTY: &str = "this reply has no list";
    let key = match method {
        "users" => "users",
        "changes" => "changed",
        "fetch" | "update" => "answers",
        "members" => "ids",
        _ => "entries",
    };
    ok[key].as_array_mut().expect(EMPTY)
}

fn sound(method: &str, request: &Value) -> Value {
    let contact = json!({"id": "1", "version": "v1", "kind": "contact", "module": "applicants"});
    let task =
        json!({"id": "2", "version": "v1", "kind": "task", "module": "applicants", "parent": "1"});
    let applicants = request["module"] == "applicants";
    let none: &[Value] = &[];
    let asked = |key: &str| request[key].as_array().map_or(none, Vec::as_slice).to_vec();
    let ok = match method {
        "manifest" => json!({"capabilities": ["base/1"], "settings": [], "kinds": []}),
        "describe" => json!({
            "identity": "faulty",
            "product": "faulty",
            "capabilities": ["base/1", "users/1", "changes/1", "activities/1", "members/1", "set_member/1", "update/1", "news/1"],
            "kinds": [
                {"kind": "contact", "readable": ["surname", "birthday"], "writable": ["surname"]},
                {"kind": "task", "readable": ["subject"], "writable": ["subject"]},
            ],
            "assigns": true,
        }),
        "users" => json!({"users": [
            {"id": "DHO", "name": "Dora Hoffmann", "active": true},
            {"id": "CSC", "name": "Clara Schmidt", "active": true},
        ]}),
        "list" | "members" if request["user"] == "CSC" => {
            json!({"entries": [], "ids": [], "complete": true, "position": "p"})
        }
        "list" if applicants => {
            json!({"entries": [contact, task], "complete": true, "position": "p"})
        }
        "list" => json!({"entries": [], "complete": true, "position": "p"}),
        "changes" => json!({"changed": [contact], "gone": [], "position": "q"}),
        "activities" => json!({"entries": [task]}),
        "members" => json!({"ids": ["1"], "complete": true, "position": "m"}),
        "set_member" => json!({}),
        "news" => {
            let stirred = json!({"user": "DHO", "module": "applicants"});
            json!({"stirred": [stirred], "position": "n"})
        }
        "fetch" => {
            let contact = json!({
                "kind": "contact", "module": "applicants", "version": "v1", "editable": true,
                "fields": {"surname": "Faul", "birthday": null},
            });
            let task = json!({
                "kind": "task", "module": "applicants", "version": "v1", "editable": true,
                "parent": {"id": "1", "module": "applicants"}, "fields": {"subject": "Ruhen"},
            });
            let answer = |id: &Value| {
                let record = if id == "2" { &task } else { &contact };
                json!({"id": id, "found": {"record": record}})
            };
            json!({"answers": asked("ids").iter().map(answer).collect::<Vec<_>>()})
        }
        "update" => {
            let answer = |update: &Value| json!({"id": update["id"], "outcome": {"applied": {"version": "v2", "stored": update["values"]}}});
            json!({"answers": asked("updates").iter().map(answer).collect::<Vec<_>>()})
        }
        _ => return json!({"error": {"kind": "unsupported", "text": "no such method"}}),
    };
    json!({"ok": ok})
}

fn give(answer: Answer, reply: &mut Bytes) -> i32 {
    let bytes = match answer {
        Answer::Status(status) => return status,
        Answer::Null(len) => {
            *reply = Bytes { data: std::ptr::null_mut(), len };
            return STATUS_REPLIED;
        }
        Answer::Huge => {
            // One byte, and a claim that `free_bytes` below sees through.
            *reply = Bytes { data: Box::into_raw(Box::new(0_u8)), len: usize::MAX };
            return STATUS_REPLIED;
        }
        Answer::Json(json) => json.to_string().into_bytes(),
        Answer::Raw(bytes) => bytes,
    };
    let boxed = bytes.into_boxed_slice();
    let len = boxed.len();
    *reply = Bytes { data: Box::into_raw(boxed).cast(), len };
    STATUS_REPLIED
}

unsafe extern "C" fn open(
    _: *const Host,
    config: *const u8,
    len: usize,
    instance: *mut *mut c_void,
    reply: *mut Bytes,
) -> i32 {
    // SAFETY: the host passes a pointer to as many bytes as it says.
    let config = unsafe { std::slice::from_raw_parts(config, len) };
    let config: Value = serde_json::from_slice(config).unwrap_or_default();
    let settings = config["settings"].as_object().cloned().unwrap_or_else(Map::new);
    let text = |key: &str| settings.get(key).and_then(Value::as_str).map(str::to_owned);
    let faulty = Faulty {
        method: text("method").unwrap_or_default(),
        fault: text("fault").unwrap_or_default(),
        once: text("once"),
        user: text("user"),
    };
    let mut answer = Answer::Json(json!({"ok": {}}));
    if faulty.method == "open" && faulty.strikes() {
        if faulty.fault == "no_instance" {
            // SAFETY: the host passes a place for the reply.
            return give(answer, unsafe { &mut *reply });
        }
        answer = misbehave(&faulty.fault, "open", &Value::Null, json!({"ok": {}}));
        if let Answer::Json(json) = &answer
            && json.get("error").is_some()
        {
            // SAFETY: the host passes a place for the reply.
            return give(answer, unsafe { &mut *reply });
        }
    }
    // SAFETY: the host passes places for instance and reply.
    unsafe {
        instance.write(Box::into_raw(Box::new(faulty)).cast());
        give(answer, &mut *reply)
    }
}

unsafe extern "C" fn call(
    instance: *mut c_void,
    request: *const u8,
    len: usize,
    reply: *mut Bytes,
) -> i32 {
    // SAFETY: the host passes a pointer to as many bytes as it says.
    let request = unsafe { std::slice::from_raw_parts(request, len) };
    let request: Value = serde_json::from_slice(request).unwrap_or_default();
    // SAFETY: a pointer that is not null came from `open`.
    let answer = match unsafe { instance.cast::<Faulty>().as_ref() } {
        Some(faulty) => faulty.answer(&request),
        None => Answer::Json(sound("manifest", &request)),
    };
    // SAFETY: the host passes a place for the reply.
    give(answer, unsafe { &mut *reply })
}

unsafe extern "C" fn free_bytes(data: *mut u8, len: usize) {
    let len = if len == usize::MAX { 1 } else { len };
    // SAFETY: `give` made pointer and length from a box.
    drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(data, len)) });
}

unsafe extern "C" fn close(instance: *mut c_void) {
    // SAFETY: `open` made the pointer from a box of this type.
    drop(unsafe { Box::from_raw(instance.cast::<Faulty>()) });
}

static TABLE: StaticTable = StaticTable(Table {
    header: Header {
        #[allow(clippy::cast_possible_truncation)]
        struct_size: size_of::<Table>() as u32,
        abi_major: ABI_MAJOR,
        abi_minor: ABI_MINOR,
        magic: MAGIC,
    },
    name: c"faulty".as_ptr(),
    version: c"0".as_ptr(),
    vendor: c"abgleich tests".as_ptr(),
    open: Some(open),
    call: Some(call),
    // It does not react to being cancelled.
    cancel: None,
    free_bytes: Some(free_bytes),
    close: Some(close),
});

/// Returns the table.
// SAFETY: the header reserves this name for the one symbol that an adapter exports.
#[unsafe(no_mangle)]
pub extern "C" fn abgleich_adapter_v1() -> *const Table {
    &raw const TABLE.0
}
