//! Pure: the catalogue as the page `docs/reasons.md`, so that what administrators look up is what the program says.

use std::fmt::Write as _;

use super::{Class, Code};

/// Returns the page in Markdown. Places that a run fills in stand in braces.
pub fn page() -> String {
    let mut page = String::from(OPENING);
    for class in Class::ALL {
        let (title, about) = heading(class);
        // Writing to a string cannot fail.
        let _ = write!(page, "\n## {title}\n\n{about}\n");
        for code in Code::ALL.iter().filter(|code| code.class() == class) {
            let _ = write!(page, "\n### `{}` (rule {})\n\n", code.code(), code.rule());
            entry(&mut page, *code);
        }
    }
    page
}

fn entry(page: &mut String, code: Code) {
    let (said, next) = (code.said(), code.next());
    // Which word a brake asks for is what people look up here.
    let word = code.allowed_by().map(|kind| format!("--allow {kind}={{number}}"));
    let spelled = |text: &str| text.replace("{words}", word.as_deref().unwrap_or_default());
    for (language, said, next) in
        [("de", said.de, next.map(|next| next.de)), ("en", said.en, next.map(|next| next.en))]
    {
        let _ = write!(page, "- **{language}** {said}");
        let _ = next.map(|next| write!(page, " → {}", spelled(next)));
        page.push('\n');
    }
}

const OPENING: &str = "\
# What a report can say

Every outcome of a run has a code, the rule of the sync contract that decided, a sentence in German and in English, and the
next step where there is one (after the arrow). Codes never change their meaning; scripts may rely on them. What stands in
braces is filled in by the run: `{fields}`, `{number}`, `{limit}`, `{user}` (the staffITpro user), `{id}` (the record as
commands take it), `{tenant}` (the name of the source), `{address}` (of the mailbox), `{options}` (those that the run was given, such as
`--scope`). Where several brakes hold a mailbox, each line has the words for all of them.

This page is generated from the catalogue in `src/reason/catalogue.rs`.
";

const fn heading(class: Class) -> (&'static str, &'static str) {
    match class {
        Class::Done => ("Done", "Something was carried over. Most of these are only counted."),
        Class::Kept => ("Kept", "Something was left as it is, on purpose."),
        Class::Waiting => ("Waiting", "Something waits for a person's word or for the next run."),
        Class::Held => ("Held", "Something is in doubt and was left alone on both sides."),
        Class::Skipped => ("Skipped", "Something is outside what abgleich moves."),
        Class::Failed => ("Failed", "Something did not work. The rest went on."),
    }
}

#[cfg(test)]
mod tests {
    use super::page;

    /// With `ABGLEICH_WRITE_DOCS=1` the test writes the page instead of comparing it.
    #[test]
    fn d20_the_committed_page_is_the_generated_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reasons.md");
        if std::env::var_os("ABGLEICH_WRITE_DOCS").is_some() {
            std::fs::write(path, page()).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n");
        assert!(
            committed == page(),
            "docs/reasons.md is out of date; write it with ABGLEICH_WRITE_DOCS=1 cargo test --lib reason::page"
        );
    }
}
