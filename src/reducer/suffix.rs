//! Generated parts of names that are known by their form.

use std::collections::BTreeSet;

/// Who made a name.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Maker<'m> {
    Caller,
    /// CloudFormation, for one of these stacks.
    Stack(&'m BTreeSet<&'m str>),
}

/// A name with a generated part: what stays, how many characters change, and whose form it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownForm<'n> {
    pub stem: &'n str,
    pub length: usize,
    pub maker: &'static str,
}

impl KnownForm<'_> {
    /// The tightest pattern: a `?` for each character that changes.
    pub fn pattern(&self) -> String {
        format!("{}{}", self.stem, "?".repeat(self.length))
    }
}

/// The form of a name, if it is a known one.
pub(crate) fn known_form<'n>(name: &'n str, made_by: Maker<'_>) -> Option<KnownForm<'n>> {
    terraform(name).or_else(|| match made_by {
        Maker::Caller => None,
        Maker::Stack(stacks) => cloudformation(name, stacks),
    })
}

/// Terraform's `name_prefix`: 18 digits of time (to the tenth of a millisecond) and a counter of 8 hexadecimal digits
/// (`id.PrefixedUniqueId` of the plugin SDK).
fn terraform(name: &str) -> Option<KnownForm<'_>> {
    const LENGTH: usize = 26;
    let stem = name.get(..name.len().checked_sub(LENGTH)?)?;
    let unique = name.get(stem.len()..)?;
    let (time, counter) = unique.split_at_checked(18)?;
    let number = |from: usize, to: usize| time.get(from..to).and_then(|text| text.parse::<u32>().ok());
    let date = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    let clock = (number(8, 10)?, number(10, 12)?, number(12, 14)?, number(14, 18)?);
    let plausible = (2014..2100).contains(&date.0) && (1..=12).contains(&date.1) && (1..=31).contains(&date.2);
    let legal = plausible && clock.0 < 24 && clock.1 < 60 && clock.2 < 61;
    let hex = counter.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase());
    (legal && hex).then_some(KnownForm { stem, length: LENGTH, maker: "Terraform (`name_prefix`)" })
}

/// Names that CloudFormation makes up: the stack, the logical id and 12 or 13 characters, joined by `-`. They are upper
/// case with digits, mixed case in newer Regions, and lower case for buckets. One in eight of mixed case has no digit:
/// then the stack in front tells it from a name that somebody chose.
fn cloudformation<'n>(name: &'n str, stacks: &BTreeSet<&str>) -> Option<KnownForm<'n>> {
    let (head, unique) = name.rsplit_once('-')?;
    let stem = name.get(..head.len() + 1)?;
    let legal = matches!(unique.len(), 12 | 13) && unique.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let mixed =
        unique.bytes().any(|byte| byte.is_ascii_digit()) && unique.bytes().any(|byte| byte.is_ascii_alphabetic());
    (legal && (mixed && head.contains('-') || is_of_stack(head, stacks))).then_some(KnownForm {
        stem,
        length: unique.len(),
        maker: "CloudFormation (stack, logical id and a random part)",
    })
}

/// Whether a name without its random part is a stack's with one of its logical ids. Of a long name, the stack's part is
/// cut to make it fit.
fn is_of_stack(head: &str, stacks: &BTreeSet<&str>) -> bool {
    const CUT: usize = 20;
    head.rsplit_once('-').is_some_and(|(front, logical_id)| {
        let is_front = |stack: &&str| *stack == front || front.len() >= CUT && stack.starts_with(front);
        logical_id.bytes().all(|byte| byte.is_ascii_alphanumeric()) && stacks.iter().any(is_front)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: BTreeSet<&str> = BTreeSet::new();

    #[test]
    fn a_terraform_prefix_keeps_its_stem() {
        let form = known_form("eks-node-20261120160728123400000001", Maker::Caller).unwrap();
        assert_eq!((form.stem, form.length), ("eks-node-", 26));
        assert_eq!(form.pattern(), format!("eks-node-{}", "?".repeat(26)));
    }

    #[test]
    fn twenty_six_digits_that_are_no_time_are_a_name() {
        assert_eq!(known_form("eks-node-20269920160728123400000001", Maker::Caller), None);
        assert_eq!(known_form("eks-node-2026", Maker::Caller), None);
    }

    #[test]
    fn a_cloudformation_name_counts_where_cloudformation_made_it() {
        let name = "blue-cluster-ServiceRole-1A2B3C4D5E6F7";
        assert_eq!(known_form(name, Maker::Stack(&NONE)).unwrap().pattern(), "blue-cluster-ServiceRole-?????????????");
        assert_eq!(known_form(name, Maker::Caller), None);
        assert_eq!(known_form("blue-cluster-ServiceRole", Maker::Stack(&NONE)), None);
    }

    #[test]
    fn a_random_part_without_a_digit_is_told_by_its_stack() {
        let stacks = BTreeSet::from(["blue-cluster", "a-stack-with-a-name-of-many-words"]);
        let pattern = |name: &str| known_form(name, Maker::Stack(&stacks)).map(|form| form.pattern());
        assert_eq!(pattern("blue-cluster-Role-gOLgiCZapkgE").unwrap(), "blue-cluster-Role-????????????");
        assert_eq!(pattern("a-stack-with-a-name-of-Role-gOLgiCZapkgE").unwrap().len(), 40);
        for chosen in ["green-cluster-Role-gOLgiCZapkgE", "blue-cluster-NodeInstance", "blue-cluster-a.b-gOLgiCZapkgE"]
        {
            assert_eq!(pattern(chosen), None, "{chosen}");
        }
    }
}
