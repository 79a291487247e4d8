//! Names of statements that say what they are for: `EksCluster`, `IamPassRole`, `Ec2VpcOnCreate`.

use std::collections::BTreeSet;

use super::kinds::Kinds;
use super::statements::Placed;
use super::tokens::tokens;
use crate::iam::{Action, ActionPattern, ArnPattern, Statement};

/// A Sid longer than this is cut: its characters count against the quota.
const LONGEST: usize = 48;

/// What a statement is for, in letters and digits.
pub(crate) fn purpose(placed: &Placed, kinds: &Kinds<'_>) -> String {
    let statement = &placed.statement;
    let actions: Vec<Action> = statement.actions.patterns().iter().filter_map(ActionPattern::as_action).collect();
    let service = capitalized(&placed.service);
    let what = match actions.as_slice() {
        [only] => capitalized(only.name()),
        _ => format!("{}{}", of_resources(placed, kinds), of_verbs(&actions)),
    };
    let mut text: String = format!("{}{service}{what}{}", placed.section, of_conditions(statement));
    text.truncate(LONGEST);
    text
}

/// The first free name: as wanted, with a word of its resource behind it, or with a number.
pub(crate) fn unique(wanted: &str, resource: Option<&ArnPattern>, taken: &mut BTreeSet<String>) -> String {
    let word = resource.and_then(|pattern| tokens(pattern.resource()?).filter(|token| !token.contains('*')).last());
    let with_word = word.map(|word| format!("{wanted}{}", capitalized(word)));
    let numbered = (2..).map(|number| format!("{wanted}{number}"));
    let mut names = std::iter::once(wanted.to_owned()).chain(with_word).chain(numbered);
    let free = names.find(|name| name.len() <= 2 * LONGEST && !taken.contains(name)).unwrap_or_default();
    taken.insert(free.clone());
    free
}

fn of_resources(placed: &Placed, kinds: &Kinds<'_>) -> String {
    let patterns = placed.statement.resources.patterns();
    if patterns.iter().any(ArnPattern::is_any) {
        return String::new();
    }
    let found: BTreeSet<String> = patterns.iter().flat_map(|pattern| kinds.of(&placed.service, pattern)).collect();
    match found.len() {
        0 => String::new(),
        1 | 2 => found.iter().map(|kind| capitalized(kind)).collect(),
        _ => "Resources".to_owned(),
    }
}

fn of_verbs(actions: &[Action]) -> &'static str {
    let reads =
        |action: &Action| ["Get", "List", "Describe", "Head"].iter().any(|verb| action.name().starts_with(verb));
    let deletes = |action: &Action| ["Delete", "Remove", "Detach"].iter().any(|verb| action.name().starts_with(verb));
    match actions {
        _ if actions.iter().all(reads) => "Read",
        _ if actions.iter().all(deletes) => "Delete",
        _ => "",
    }
}

fn of_conditions(statement: &Statement) -> &'static str {
    let has = |prefix: &str| statement.conditions.iter().any(|(_, key, _)| key.folded().starts_with(prefix));
    if has("ec2:createaction") || has("elasticloadbalancing:createaction") {
        "OnCreate"
    } else if has("aws:resourcetag/") {
        "Owned"
    } else if has("aws:requesttag/") {
        "Tagged"
    } else {
        ""
    }
}

/// Letters and digits only, each word with a capital.
fn capitalized(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words
        .map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_ascii_uppercase() + rest
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_legal_and_unique() {
        let mut taken = BTreeSet::new();
        let role: ArnPattern = "arn:aws:iam::111122223333:role/ci/blue-node".parse().unwrap();
        let first = unique("IamPassRole", Some(&role), &mut taken);
        let second = unique("IamPassRole", Some(&role), &mut taken);
        let third = unique("IamPassRole", Some(&role), &mut taken);
        assert_eq!([first, second, third], ["IamPassRole", "IamPassRoleBlueNode", "IamPassRole2"]);
        assert_eq!(capitalized("access-analyzer"), "AccessAnalyzer");
    }
}
