//! Pure: why an item cannot be written, where it is this program that says so and no server, in German. The clauses are made in
//! English, and stand so in the state and in the JSON documents; codes and texts of others have no other words.

/// What stands before and behind the name of a field in the one clause that has one.
const WORD: [(&str, &str); 2] = [
    ("field `", "` holds a word that Outlook does not have"),
    ("das Feld `", "` enthält ein Wort, das Outlook nicht kennt"),
];

/// Each clause, English and German.
const CLAUSES: [(&str, &str); 40] = [
    (
        "the interval of the series is none that Outlook knows",
        "den Abstand der Serie gibt es in Outlook nicht",
    ),
    ("a weekly series names no day", "eine wöchentliche Serie nennt keinen Tag"),
    (
        "the day of the month of a series is not 1 to 31",
        "der Monatstag einer Serie ist nicht 1 bis 31",
    ),
    ("the month of a series is not 1 to 12", "der Monat einer Serie ist nicht 1 bis 12"),
    (
        "Outlook repeats a series at most 999 times",
        "Outlook wiederholt eine Serie höchstens 999-mal",
    ),
    (
        "no occurrence of the series falls within its range",
        "kein Termin der Serie fällt in ihren Zeitraum",
    ),
    (
        "a series of tasks has no changed occurrences in Outlook",
        "eine Serie von Aufgaben hat in Outlook keine geänderten Termine",
    ),
    (
        "a series of tasks has no deleted occurrences in Outlook",
        "eine Serie von Aufgaben hat in Outlook keine gelöschten Termine",
    ),
    (
        "Outlook has at most one occurrence of a series on a day",
        "Outlook hat höchstens einen Termin einer Serie am Tag",
    ),
    (
        "a changed occurrence of the series is moved past another one, which Outlook does not do",
        "ein geänderter Termin der Serie ist an einem anderen vorbei verschoben, was Outlook nicht tut",
    ),
    (
        "a changed occurrence of the series is on a day on which nothing falls",
        "ein geänderter Termin der Serie gehört zu einem Tag, auf den keiner fällt",
    ),
    (
        "an exception of the series is on a day on which nothing falls",
        "eine Ausnahme der Serie gehört zu einem Tag, auf den kein Termin fällt",
    ),
    (
        "a changed occurrence of the series takes a whole day at one end only",
        "ein geänderter Termin der Serie ist nur an einem Ende ganztägig",
    ),
    (
        "a changed occurrence of the series ends before it starts",
        "ein geänderter Termin der Serie endet, bevor er beginnt",
    ),
    (
        "by its clocks a changed occurrence of the series ends before it starts",
        "nach ihren Uhren endet ein geänderter Termin der Serie, bevor er beginnt",
    ),
    (
        "the appointment is beyond the year 4500, with which Outlook's calendar ends",
        "der Termin liegt hinter dem Jahr 4500, mit dem der Kalender von Outlook endet",
    ),
    ("the task is due before it starts", "die Aufgabe ist fällig, bevor sie beginnt"),
    ("an appointment needs a start", "ein Termin braucht einen Beginn"),
    (
        "the start of an all-day appointment is no date",
        "der Beginn eines ganztägigen Termins ist kein Datum",
    ),
    (
        "the end of an all-day appointment is no date",
        "das Ende eines ganztägigen Termins ist kein Datum",
    ),
    (
        "start and end of an appointment are neither instants nor days",
        "Beginn und Ende eines Termins sind weder Zeitpunkte noch Tage",
    ),
    ("the appointment ends before it starts", "der Termin endet, bevor er beginnt"),
    (
        "a time in the series lies beyond what Outlook can keep",
        "eine Zeit in der Serie liegt außerhalb dessen, was Outlook speichern kann",
    ),
    (
        "the series begins or ends beyond what Outlook can keep",
        "die Serie beginnt oder endet außerhalb dessen, was Outlook speichern kann",
    ),
    (
        "the series has a longer rhythm than Outlook can keep",
        "der Abstand der Serie ist länger, als Outlook ihn speichern kann",
    ),
    (
        "the series of this appointment cannot be read, so its times cannot be moved",
        "die Serie dieses Termins ist nicht lesbar, also lassen sich seine Zeiten nicht verschieben",
    ),
    (
        "the series does not begin on the day on which the appointment starts",
        "die Serie beginnt nicht an dem Tag, an dem der Termin beginnt",
    ),
    ("the series begins beyond the calendar", "die Serie beginnt außerhalb des Kalenders"),
    (
        "appointments do not regenerate in Outlook",
        "Termine, die nach ihrer Erledigung neu beginnen, gibt es in Outlook nicht",
    ),
    (
        "a changed occurrence of the series has two messages",
        "ein geänderter Termin der Serie hat zwei Nachrichten",
    ),
    (
        "of a message in the series it cannot be told to which changed occurrence it belongs",
        "von einer Nachricht in der Serie lässt sich nicht sagen, zu welchem geänderten Termin sie gehört",
    ),
    (
        "when this recurring task comes again cannot be told here: complete it in Outlook, which makes the next one",
        "wann diese wiederkehrende Aufgabe wiederkommt, lässt sich hier nicht sagen: in Outlook erledigen, das die nächste anlegt",
    ),
    ("start or end of the series cannot be read", "Beginn oder Ende der Serie sind nicht lesbar"),
    ("a series needs a start and an end", "eine Serie braucht Beginn und Ende"),
    (
        "an occurrence of the series lies outside the calendar",
        "ein Termin der Serie liegt außerhalb des Kalenders",
    ),
    (
        "this server (grommunio) makes every occurrence last a day when a series is changed; change it in Outlook",
        "dieser Server (grommunio) macht beim Ändern einer Serie jeden Termin einen Tag lang; in Outlook ändern",
    ),
    (
        "Exchange would make one more task of it: move the dates of a recurring task in Outlook",
        "Exchange würde daraus eine weitere Aufgabe machen: die Daten einer wiederkehrenden Aufgabe in Outlook verschieben",
    ),
    (
        "Exchange 2010 cannot show a time as `working elsewhere`",
        "Exchange 2010 kann eine Zeit nicht als „an anderem Ort tätig“ anzeigen",
    ),
    (
        "Windows has no zone that keeps the time of this series",
        "Windows hat keine Zone, in der die Zeit dieser Serie gilt",
    ),
    ("the item cannot be read", "das Element ist nicht lesbar"),
];

/// Returns a reason in German, where it is one of this program's own; one of anybody else's stays in its words.
pub fn german(clause: &str) -> String {
    let [english, german] = WORD;
    let field = clause.strip_prefix(english.0).and_then(|rest| rest.strip_suffix(english.1));
    if let Some(field) = field {
        return [german.0, field, german.1].concat();
    }
    let found = CLAUSES.iter().find(|(english, _)| *english == clause);
    found.map_or(clause, |(_, german)| german).to_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::german;

    /// Lists the sentences that a source file gives as errors: literals behind these words.
    fn sentences(source: &str) -> Vec<String> {
        let product = source.split("#[cfg(test)]").next().unwrap();
        let mut found = Vec::new();
        for head in ["Err(", "ok_or(", ": &str ="] {
            for rest in product.split(head).skip(1) {
                let literal =
                    rest.trim_start().strip_prefix('"').and_then(|text| text.split('"').next());
                found.extend(literal.filter(|text| text.contains(' ')).map(str::to_owned));
            }
        }
        found
    }

    fn files(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path, found);
            } else if !path.ends_with("tests.rs") {
                found.push(path);
            }
        }
    }

    /// Rule D20: what the program says itself is there in both languages.
    #[test]
    fn d20_each_reason_of_our_own_has_a_german_sentence() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/mailbox");
        let mut all = vec![source.join("limits.rs"), source.join("span.rs")];
        files(&source.join("pst"), &mut all);
        files(&source.join("exchange"), &mut all);
        let mut count = 0;
        for file in all {
            for sentence in sentences(&fs::read_to_string(&file).unwrap()) {
                assert_ne!(german(&sentence), sentence, "{}", file.display());
                count += 1;
            }
        }
        assert!(count > 30, "{count}");
        assert_eq!(
            german("field `status` holds a word that Outlook does not have"),
            "das Feld `status` enthält ein Wort, das Outlook nicht kennt"
        );
        // A server's code has no other words.
        assert_eq!(german("ErrorInvalidRecurrence"), "ErrorInvalidRecurrence");
    }
}
