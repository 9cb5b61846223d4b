//! Shell: the word that releases a brake, as it is written on the command line (rule D7).

use abgleich::reason::Code;

/// Reads `KIND=N`, such as `cleared=23`. `_` and `-` are the same.
pub(super) fn parse(text: &str) -> Result<(String, u64), String> {
    let kinds = || Code::ALL.iter().filter_map(|code| code.allowed_by());
    let (kind, number) = text
        .split_once('=')
        .ok_or("the word is KIND=N, such as cleared=23; the report that stopped names it")?;
    let kind = kind.trim().to_lowercase().replace('_', "-");
    if !kinds().any(|known| known == kind) {
        return Err(format!(
            "there is no word {kind}; there are {}",
            kinds().collect::<Vec<_>>().join(", ")
        ));
    }
    let number = number
        .trim()
        .parse()
        .map_err(|_| format!("{number} is not a number; give exactly the number of the report"))?;
    Ok((kind, number))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn d7_a_word_is_a_kind_and_its_number() {
        assert_eq!(parse("cleared=23"), Ok(("cleared".to_owned(), 23)));
        assert_eq!(parse("updated_staffitpro=51"), Ok(("updated-staffitpro".to_owned(), 51)));
        assert_eq!(parse("unread=5"), Ok(("unread".to_owned(), 5)));
        assert!(parse("cleared").unwrap_err().contains("KIND=N"));
        assert!(parse("cleared=all").unwrap_err().contains("all is not a number"));
        assert!(parse("everything=1").unwrap_err().contains("created, updated-outlook"));
    }
}
