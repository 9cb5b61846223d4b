//! Pure: how a small closed set of words is written down once and gets its enum, its keys and its look-up.

/// Declares an enum whose variants each have one word in configuration files.
macro_rules! keyed {
    ($(#[$meta:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $key:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$about])* $variant,)+
        }

        impl $name {
            /// Every choice, in the order in which messages list them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The words of all choices, in the same order.
            pub const KEYS: &'static [&'static str] = &[$($key,)+];

            /// Returns the word used in configuration files and messages.
            pub const fn key(self) -> &'static str {
                match self {
                    $(Self::$variant => $key,)+
                }
            }

            /// Finds the choice with this word.
            pub fn from_key(key: &str) -> Option<Self> {
                match key {
                    $($key => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.key())
            }
        }
    };
}

pub(crate) use keyed;
