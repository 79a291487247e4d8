//! What a secret looks like, and what stands in its place: something of the same form, so that readers and programs see
//! what it was.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::catalog::rules::Rules;

/// The form of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    Account,
    Address,
    Uuid,
    AccessKey,
    /// An id that AWS made, with its type in front: `vpc-0a1b2c3d`.
    Id,
    Mail,
    /// Any other text: a name that somebody chose.
    Name,
}

impl Form {
    /// The form of a text, by its look alone.
    pub fn of(text: &str) -> Self {
        let all = |test: fn(&u8) -> bool| text.bytes().all(|byte| test(&byte));
        if text.len() == 12 && all(u8::is_ascii_digit) {
            Self::Account
        } else if text.parse::<Ipv4Addr>().is_ok() || text.matches(':').count() > 1 && text.parse::<Ipv6Addr>().is_ok()
        {
            Self::Address
        } else if is_uuid(text) {
            Self::Uuid
        } else if text.len() == 20 && (text.starts_with("AKIA") || text.starts_with("ASIA")) {
            Self::AccessKey
        } else if id_prefix(text).is_some() {
            Self::Id
        } else if text.contains('@') && text.contains('.') {
            Self::Mail
        } else {
            Self::Name
        }
    }

    /// What stands for the secret that is the `number`th of this form.
    pub fn pseudonym(self, secret: &str, number: usize) -> String {
        match self {
            Self::Account => format!("{number:012}"),
            // Addresses for documentation, then those for benchmarks.
            Self::Address if number < 255 => format!("192.0.2.{number}"),
            Self::Address => format!("198.18.{}.{}", number / 256 % 256, number % 256),
            Self::Uuid => format!("00000000-0000-4000-8000-{number:012}"),
            Self::AccessKey => format!("{}{number:016}", secret.get(..4).unwrap_or_default()),
            Self::Id => format!("{}-{number:017}", id_prefix(secret).unwrap_or_default()),
            Self::Mail => format!("user-{number}@example.com"),
            Self::Name => format!("name-{number}"),
        }
    }
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// What stands before the digits of an id, if the rules know ids of that beginning.
fn id_prefix(text: &str) -> Option<&str> {
    let (prefix, digits) = text.rsplit_once('-')?;
    let is_made_up = digits.len() >= 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let rules = Rules::embedded();
    let is_known = || rules.services().any(|name| rules.service(name).settings.id_prefixes.contains_key(prefix));
    (is_made_up && is_known()).then_some(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_told_and_kept() {
        for (text, form) in [
            ("111122223333", Form::Account),
            ("198.51.100.7", Form::Address),
            ("2001:db8::7", Form::Address),
            ("0f0b2f9e-6b1c-4a60-8a2e-2f1a1d6e9c55", Form::Uuid),
            ("ASIAIOSFODNN7EXAMPLE", Form::AccessKey),
            ("vpc-0a1b2c3d4e5f60718", Form::Id),
            ("ann@example.org", Form::Mail),
            ("my-cluster", Form::Name),
            ("12:30", Form::Name),
        ] {
            assert_eq!(Form::of(text), form, "{text}");
            assert_eq!(Form::of(&form.pseudonym(text, 3)), form, "{text}");
        }
    }
}
