//! What the status of an answer means (pure).

use std::time::Duration;

use hyper::HeaderMap;
use hyper::header::{CONTENT_TYPE, DATE, LOCATION, RETRY_AFTER};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use crate::ews::error::EwsError;
use crate::ews::transport::challenge::offers;

/// What to do with an answer of a status.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Read it: it is an answer, or with 500 perhaps a fault.
    Read,
    /// It is an error, and its body says nothing more.
    Fail(EwsError),
    /// It is an error that its body may explain to people.
    Explain,
}

/// Judges status and headers. Faults come with 500, some servers send them with 200, and a valid
/// answer may come with 500 too; a page for people is none of them.
pub(super) fn judge(status: u16, headers: &HeaderMap) -> Verdict {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Verdict::Fail(match status {
        500 if is_page(headers) => return Verdict::Explain,
        200 | 500 => return Verdict::Read,
        301..=303 | 307 | 308 => {
            EwsError::Redirected { location: text(LOCATION).unwrap_or_default() }
        }
        401 => EwsError::LoginRefused { offers: offers(headers) },
        413 => EwsError::RequestTooLarge,
        440 | 456 => EwsError::AccountBlocked { status },
        429 | 502..=504 => EwsError::Unavailable {
            status,
            retry_after: text(RETRY_AFTER).and_then(|after| wish(&after, text(DATE).as_deref())),
        },
        _ => return Verdict::Explain,
    })
}

/// Says whether an answer calls itself a page for people. Such a one says nothing of a login: proxies and ASP.NET send them before
/// anybody looked at it.
pub(super) fn is_page(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.trim_start().to_ascii_lowercase().starts_with("text/html")
}

/// `ERROR_ACCOUNT_LOCKED_OUT` (1909) as an HRESULT; it stands in the page whatever the language of the server is.
const LOCKED_OUT: &str = "0x80070775";

/// What Windows says in English where a page is without the number.
const LOCKED_OUT_WORDS: &str = "account is currently locked out";

/// Says whether a page that is no EWS answer tells that the account of the login is locked (notes.md §3.1 no. 3): ASP.NET does so with
/// status 500, and presenting the password again and again keeps it locked.
pub(super) fn says_locked(page: &[u8]) -> bool {
    let page = String::from_utf8_lossy(page);
    page.contains(LOCKED_OUT) || page.contains(LOCKED_OUT_WORDS)
}

/// Reads `Retry-After`: seconds, or a moment (RFC 9110, section 10.2.3). A moment is reckoned from the server's own `Date`, since
/// its clock may be another than ours; without one it is no wish.
fn wish(after: &str, date: Option<&str>) -> Option<Duration> {
    if let Ok(seconds) = after.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let (until, now) = (moment(after)?, moment(date?)?);
    Some(until.duration_since(now).try_into().unwrap_or(Duration::ZERO))
}

fn moment(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text.trim()).ok()
}

/// Returns the beginning of a page as plain text, for people.
pub(super) fn excerpt(body: &[u8]) -> String {
    let page = String::from_utf8_lossy(body);
    let mut text = String::new();
    let mut in_tag = false;
    for character in page.chars() {
        match character {
            '<' => in_tag = true,
            '>' => {
                in_tag = false;
                text.push(' ');
            }
            other if !in_tag => text.push(if other.is_control() { ' ' } else { other }),
            _ => {}
        }
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn fail(status: u16, pairs: &[(&'static str, &'static str)]) -> EwsError {
        match judge(status, &headers(pairs)) {
            Verdict::Fail(error) => error,
            other => panic!("{status} gave {other:?}"),
        }
    }

    #[test]
    fn each_status_has_its_own_error() {
        // notes.md §3.1 no. 3: what front ends and proxies send.
        let offered = fail(
            401,
            &[
                ("www-authenticate", "Negotiate, NTLM"),
                ("www-authenticate", "Basic realm=\"a, b\""),
            ],
        );
        assert!(
            matches!(offered, EwsError::LoginRefused { offers } if offers == ["Negotiate", "NTLM", "Basic"])
        );
        assert!(
            matches!(fail(302, &[("location", "/x")]), EwsError::Redirected { location } if location == "/x")
        );
        assert!(matches!(fail(413, &[]), EwsError::RequestTooLarge));
        assert!(matches!(fail(456, &[]), EwsError::AccountBlocked { status: 456 }));
        assert!(matches!(fail(440, &[]), EwsError::AccountBlocked { status: 440 }));
        let wait = Some(Duration::from_secs(7));
        assert!(
            matches!(fail(503, &[("retry-after", "7")]), EwsError::Unavailable { status: 503, retry_after } if retry_after == wait)
        );
        let dated = [
            ("retry-after", "Sun, 22 Nov 2026 20:01:30 GMT"),
            ("date", "Sun, 22 Nov 2026 20:00:00 GMT"),
        ];
        for (pairs, seconds) in [(&dated[..], Some(90)), (&dated[..1], None), (&[], None)] {
            let wait = seconds.map(Duration::from_secs);
            assert!(
                matches!(fail(429, pairs), EwsError::Unavailable { status: 429, retry_after } if retry_after == wait),
                "{pairs:?}"
            );
        }
        assert!(matches!(judge(500, &headers(&[])), Verdict::Read));
        let fault = headers(&[("content-type", "text/xml; charset=utf-8")]);
        assert!(matches!(judge(500, &fault), Verdict::Read));
        let page = headers(&[("content-type", "Text/HTML")]);
        assert!(matches!(judge(500, &page), Verdict::Explain));
        assert!(matches!(judge(507, &headers(&[])), Verdict::Explain));
    }

    #[test]
    fn quirk_03_a_locked_account_is_known_by_its_number_in_any_language() {
        let german = "<title>Das Konto ist gesperrt. (Ausnahme von HRESULT: 0x80070775)</title>";
        let english = "The referenced account is currently locked out and may not be logged on to.";
        assert!(says_locked(german.as_bytes()) && says_locked(english.as_bytes()));
        // ERROR_LOGON_FAILURE is no lock.
        assert!(!says_locked(b"Server Error in '/EWS' Application. (HRESULT: 0x8007052E)"));
    }

    #[test]
    fn pages_are_shown_as_text() {
        assert_eq!(
            excerpt(b"<html><h1>Server Error</h1>\r\n in '/EWS'</html>"),
            "Server Error in '/EWS'"
        );
    }
}
