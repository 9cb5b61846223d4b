//! The cookies of a lane (pure).
//!
//! Front ends steer requests to the same back end with them (`X-BackEndCookie`, `exchangecookie`,
//! those of load balancers). A lane knows one host, so domains and paths do not matter.

/// Names and values, each name once.
#[derive(Debug, Default)]
pub(super) struct Cookies(Vec<(String, String)>);

/// More than any server was seen to set; a bound, so that a bad one cannot fill the memory.
const MOST: usize = 50;

impl Cookies {
    /// Takes the value of a `Set-Cookie` header.
    pub(super) fn set(&mut self, header: &str) {
        let mut parts = header.split(';');
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
            return;
        };
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() || name.len() + value.len() > 4096 {
            return;
        }
        let expired = parts.any(|part| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            key.trim().eq_ignore_ascii_case("max-age")
                && value.trim().parse().is_ok_and(|seconds: i64| seconds <= 0)
        });
        self.0.retain(|(known, _)| known != name);
        if !expired && !value.is_empty() && self.0.len() < MOST {
            self.0.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Returns the value of the `Cookie` header, if there is a cookie.
    pub(super) fn header(&self) -> Option<String> {
        let pairs: Vec<String> =
            self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quirk_12_cookies_are_kept_replaced_and_dropped() {
        let mut cookies = Cookies::default();
        assert_eq!(cookies.header(), None);
        cookies.set("exchangecookie=abc; expires=Mon, 22-Nov-2027 12:00:00 GMT; path=/; HttpOnly");
        cookies.set("X-BackEndCookie=S-1-5=u56Lnp2e; secure");
        cookies.set("exchangecookie=def; path=/");
        assert_eq!(cookies.header().unwrap(), "X-BackEndCookie=S-1-5=u56Lnp2e; exchangecookie=def");
        cookies.set("exchangecookie=; Max-Age=0");
        cookies.set("X-BackEndCookie=x; max-age=-1");
        cookies.set("nonsense");
        assert_eq!(cookies.header(), None);
    }
}
