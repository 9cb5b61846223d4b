//! Versions of the protocol and of servers (pure).

use std::fmt;

/// A version that a request can ask for: a contract about features, not the server's own version.
///
/// `V2013Sp1` has everything that contacts, appointments and tasks need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServerVersion {
    /// `Exchange2010_SP1`
    V2010Sp1,
    /// `Exchange2010_SP2`
    V2010Sp2,
    /// `Exchange2013`
    V2013,
    /// `Exchange2013_SP1`
    V2013Sp1,
    /// `Exchange2016`, the highest that 2016, 2019 and SE know.
    V2016,
}

impl ServerVersion {
    /// Returns the word of `RequestServerVersion/@Version`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V2010Sp1 => "Exchange2010_SP1",
            Self::V2010Sp2 => "Exchange2010_SP2",
            Self::V2013 => "Exchange2013",
            Self::V2013Sp1 => "Exchange2013_SP1",
            Self::V2016 => "Exchange2016",
        }
    }

    /// Returns the next older contract; none below the oldest that this program keeps to.
    pub const fn older(self) -> Option<Self> {
        match self {
            Self::V2016 => Some(Self::V2013Sp1),
            Self::V2013Sp1 => Some(Self::V2013),
            Self::V2013 => Some(Self::V2010Sp2),
            Self::V2010Sp2 => Some(Self::V2010Sp1),
            Self::V2010Sp1 => None,
        }
    }
}

/// What a server says of itself in `t:ServerVersionInfo`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerVersionInfo {
    /// `MajorVersion`
    pub major: u16,
    /// `MinorVersion`
    pub minor: u16,
    /// `MajorBuildNumber`
    pub major_build: u16,
    /// `MinorBuildNumber`
    pub minor_build: u16,
    /// `Version`, which need not be a word that requests may use (`V2017_07_11`).
    pub label: Option<String>,
}

impl ServerVersionInfo {
    /// Returns the highest contract that a server of this build keeps, or `None` for one older than
    /// 2010 SP1.
    pub fn contract(&self) -> Option<ServerVersion> {
        match (self.major, self.minor) {
            (..=13, _) | (14, 0) => None,
            (14, 1) => Some(ServerVersion::V2010Sp1),
            (14, _) => Some(ServerVersion::V2010Sp2),
            (15, 0) if self.major_build < 847 => Some(ServerVersion::V2013),
            (15, 0) => Some(ServerVersion::V2013Sp1),
            _ => Some(ServerVersion::V2016),
        }
    }
}

impl fmt::Display for ServerVersionInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}.{}", self.major, self.minor, self.major_build, self.minor_build)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder_goes_down_to_2010_sp1() {
        let steps = std::iter::successors(Some(ServerVersion::V2016), |version| version.older());
        let names: Vec<_> = steps.map(ServerVersion::name).collect();
        assert_eq!(
            names,
            [
                "Exchange2016",
                "Exchange2013_SP1",
                "Exchange2013",
                "Exchange2010_SP2",
                "Exchange2010_SP1"
            ]
        );
    }

    #[test]
    fn builds_map_to_contracts() {
        // Build numbers: "Exchange Server build numbers and release dates".
        let contract = |major, minor, major_build| {
            ServerVersionInfo { major, minor, major_build, ..Default::default() }.contract()
        };
        assert_eq!(contract(14, 3, 123), Some(ServerVersion::V2010Sp2));
        assert_eq!(contract(15, 0, 516), Some(ServerVersion::V2013));
        assert_eq!(contract(15, 0, 847), Some(ServerVersion::V2013Sp1));
        assert_eq!(contract(15, 2, 2562), Some(ServerVersion::V2016));
        assert_eq!(contract(8, 3, 0), None);
    }
}
