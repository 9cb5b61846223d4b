//! What a server wants to be told before it answers: `WWW-Authenticate` (pure).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::HeaderMap;
use hyper::header::{AsHeaderName, WWW_AUTHENTICATE};

/// One way to log in that a server offers, and what it says along with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Challenge {
    /// The scheme as the server spells it.
    pub(super) scheme: String,
    /// The rest: a token of a conversation, or parameters such as `realm="…"`.
    pub(super) rest: String,
}

impl Challenge {
    pub(super) fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }
}

/// Reads all challenges of an answer, which may come as several headers or as one with commas
/// (RFC 9110, section 11.6.1).
pub(super) fn challenges(headers: &HeaderMap) -> Vec<Challenge> {
    of_header(headers, WWW_AUTHENTICATE)
}

fn of_header(headers: &HeaderMap, name: impl AsHeaderName) -> Vec<Challenge> {
    let mut found: Vec<Challenge> = Vec::new();
    for header in headers.get_all(name) {
        let text = String::from_utf8_lossy(header.as_bytes());
        // A comma within quotes belongs to the name of a realm.
        let mut quoted = false;
        let mut escaped = false;
        let parts = text.split(|letter| {
            let comma = letter == ',' && !quoted;
            if letter == '"' && !escaped {
                quoted = !quoted;
            }
            escaped = quoted && letter == '\\' && !escaped;
            comma
        });
        for part in parts.map(str::trim).filter(|part| !part.is_empty()) {
            let (word, rest) = part.split_once(char::is_whitespace).unwrap_or((part, ""));
            // What has an equals sign in its first word is a parameter of the challenge before it.
            if word.contains('=') || rest.trim_start().starts_with('=') {
                if let Some(last) = found.last_mut() {
                    last.rest = format!("{}, {part}", last.rest);
                }
                continue;
            }
            found.push(Challenge { scheme: word.to_owned(), rest: rest.trim().to_owned() });
        }
    }
    found
}

/// Lists the schemes, each once, in the server's order.
pub(super) fn offers(headers: &HeaderMap) -> Vec<String> {
    let mut schemes: Vec<String> = Vec::new();
    for challenge in challenges(headers) {
        if !schemes.iter().any(|known| known.eq_ignore_ascii_case(&challenge.scheme)) {
            schemes.push(challenge.scheme);
        }
    }
    schemes
}

/// Returns the token that a server sent for a scheme; `None` when it sent none, or no base64.
pub(super) fn token(headers: &HeaderMap, scheme: &str) -> Option<Vec<u8>> {
    let challenges = challenges(headers);
    let challenge = challenges.iter().find(|one| one.is(scheme) && !one.rest.is_empty())?;
    STANDARD.decode(challenge.rest.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WWW_AUTHENTICATE, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn several_headers_and_one_with_commas_are_the_same() {
        // IIS sends one header for each scheme, proxies fold them.
        for values in [
            &["Negotiate", "NTLM", "Basic realm=\"mail, intern\""][..],
            &["Negotiate, NTLM, Basic realm=\"mail, intern\""][..],
            &["Negotiate,NTLM", "Basic realm = \"mail, intern\""][..],
        ] {
            assert_eq!(offers(&headers(values)), ["Negotiate", "NTLM", "Basic"], "{values:?}");
        }
    }

    #[test]
    fn parameters_and_quotes_are_no_schemes() {
        // RFC 9110, section 11.6.1, has this example.
        let example = "Basic realm=\"simple\", Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\"";
        assert_eq!(offers(&headers(&[example])), ["Basic", "Newauth"]);
        assert_eq!(offers(&headers(&["Basic realm=\"a\\\", NTLM\""])), ["Basic"]);
        assert_eq!(offers(&headers(&["", " , ,NTLM"])), ["NTLM"]);
        assert_eq!(offers(&HeaderMap::new()), Vec::<String>::new());
    }

    #[test]
    fn tokens_belong_to_their_scheme() {
        let both = headers(&["NTLM", "Negotiate b2theQ=="]);
        assert_eq!(token(&both, "negotiate").unwrap(), b"okay");
        assert_eq!(token(&both, "NTLM"), None);
        // "TlRMTQ==" is "NTLM"; the padding has equals signs and is no parameter.
        let folded = headers(&["Negotiate, NTLM TlRMTQ==, Basic realm=\"x\""]);
        assert_eq!(token(&folded, "NTLM").unwrap(), b"NTLM");
        assert_eq!(token(&headers(&["NTLM !!"]), "NTLM"), None);
    }
}
