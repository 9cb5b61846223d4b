//! The clock of a server, as its answers tell it (pure).

use std::time::{Duration, Instant};

use hyper::HeaderMap;
use hyper::header::DATE;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// A server's clock at one moment of ours.
///
/// The moment is that of the head's arrival: a server writes the time when it begins to answer, so
/// that neither connecting nor its work on the request is in the difference. What is left is the
/// way of the head, well below the second that the header is exact to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ServerClock {
    told: Timestamp,
    came: Instant,
}

/// The header has whole seconds, cut off; the middle of the second is at most half of one wrong.
const MIDDLE: Duration = Duration::from_millis(500);

impl ServerClock {
    /// Reads the `Date` of an answer that came just then (RFC 9110, section 6.6.1).
    pub(super) fn of(headers: &HeaderMap, came: Instant) -> Option<Self> {
        let text = headers.get(DATE)?.to_str().ok()?;
        let told = DateTimeParser::new().parse_timestamp(text.trim()).ok()?;
        Some(Self { told: told.checked_add(MIDDLE).ok()?, came })
    }

    /// Returns what the server's clock shows at a later moment.
    pub(super) fn at(self, moment: Instant) -> Option<Timestamp> {
        self.told.checked_add(moment.saturating_duration_since(self.came)).ok()
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn told(text: &'static str) -> Option<ServerClock> {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, HeaderValue::from_static(text));
        ServerClock::of(&headers, Instant::now())
    }

    #[test]
    fn the_clock_runs_on_from_the_middle_of_the_second() {
        // The example of RFC 9110, section 5.6.7.
        let clock = told("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        let shown = clock.at(clock.came + Duration::from_secs(90)).unwrap();
        assert_eq!(shown, "1994-11-06T08:51:07.5Z".parse::<Timestamp>().unwrap());
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in ["", "soon", "Mon, 06 Nov 1994 08:49:37 GMT", "0"] {
            assert_eq!(told(text), None, "{text:?}");
        }
        assert_eq!(ServerClock::of(&HeaderMap::new(), Instant::now()), None);
    }
}
