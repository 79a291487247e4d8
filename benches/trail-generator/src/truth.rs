//! What the role under test did: the answer that a reader of the trail must find.

use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub struct Truth {
    pub role_events: u64,
    /// (source, name) -> (count, errors)
    pub pairs: BTreeMap<(&'static str, &'static str), (u64, u64)>,
    pub arns: BTreeMap<(&'static str, &'static str), BTreeSet<String>>,
}
impl Truth {
    pub fn merge(&mut self, o: Truth) {
        self.role_events += o.role_events;
        for (k, (c, e)) in o.pairs {
            let x = self.pairs.entry(k).or_default();
            x.0 += c;
            x.1 += e;
        }
        for (k, v) in o.arns {
            self.arns.entry(k).or_default().extend(v);
        }
    }
}

/// The "ARN" values in a resources array this program wrote.
pub fn arns(s: &str) -> impl Iterator<Item = &str> {
    s.split("\"ARN\":\"").skip(1).map(|x| {
        let b = x.as_bytes();
        let mut i = 0;
        while b[i] != b'"' {
            i += 1 + (b[i] == b'\\') as usize;
        }
        &x[..i]
    })
}
