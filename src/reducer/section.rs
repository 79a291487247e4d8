//! Parts of the policy set that are kept apart.

use std::fmt;

/// Part of the policy set that is kept apart from the others. What stands later is needed beside what stands before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Section {
    /// What the records show.
    Main,
    /// What the records show and is done once an account.
    Bootstrap,
    /// What was added to read, change and delete what the principal created.
    Lifecycle,
    /// What the configuration file asks for.
    User,
}

impl Section {
    /// Grants of a layer are needed for requests of that layer, whatever later layers allow on top.
    pub fn layer(self) -> u8 {
        match self {
            Self::Main | Self::Bootstrap => 0,
            Self::Lifecycle => 1,
            Self::User => 2,
        }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Main => "",
            Self::Bootstrap => "Once",
            Self::Lifecycle => "Lifecycle",
            Self::User => "Configured",
        })
    }
}
