//! Values of a condition key that tell its conditions apart: for each way in which the lines on it can turn out, one.

use std::collections::BTreeSet;
use std::net::IpAddr;

use jiff::{Timestamp, ToSpan};

use crate::iam::automaton::{Language, representatives};
use crate::iam::{ArnPattern, BaseOperator, ConditionOperator, ContextValue};

/// A line of a condition on the key in question.
pub(super) type Line<'p> = (ConditionOperator, &'p BTreeSet<String>);

/// Values for sets are put together from so many at most.
const LARGEST_SET: usize = 3;
/// More values than these are not tried.
const MOST_VALUES: usize = 600;

/// The values, the missing one among them. The error says what can't be told apart.
pub(super) fn telling_values(
    lines: &[Line<'_>],
    variable: &impl Fn(&str) -> String,
) -> Result<Vec<Option<ContextValue>>, String> {
    let mut values: BTreeSet<String> = texts(lines, variable)?.into_iter().collect();
    for (operator, wanted) in lines {
        for text in *wanted {
            values.extend(neighbours(*operator, text)?);
        }
    }
    let mut found = vec![None];
    found.extend(values.iter().map(|value| Some(ContextValue::One(value.clone()))));
    let sets = lines.iter().filter(|(operator, _)| operator.quantifier().is_some()).count().min(LARGEST_SET);
    if sets > 0 {
        let values: Vec<String> = values.into_iter().collect();
        found.extend(subsets(&values, sets).into_iter().map(|set| Some(ContextValue::many(set))));
    }
    if found.len() > MOST_VALUES { Err("too many values of one condition key".to_owned()) } else { Ok(found) }
}

/// One text for each way to fit the text and ARN patterns of all lines.
fn texts(lines: &[Line<'_>], variable: &impl Fn(&str) -> String) -> Result<Vec<String>, String> {
    // The empty text is no value to the set operators, so it does not stand for other texts.
    let mut languages = BTreeSet::from([Language::of_pattern_with("?*", variable)]);
    for (operator, wanted) in lines {
        for text in *wanted {
            languages.extend(languages_of(*operator, text, variable));
        }
    }
    let languages: Vec<&Language> = languages.iter().collect();
    representatives(&languages).ok_or_else(|| "patterns of a condition that are too tangled".to_owned())
}

fn languages_of(operator: ConditionOperator, text: &str, variable: &impl Fn(&str) -> String) -> Vec<Language> {
    use BaseOperator as Op;
    let plain = |text: &str| Language::of_pattern_with(&text.replace('*', "${*}").replace('?', "${?}"), variable);
    match operator.base() {
        Op::StringEquals | Op::StringNotEquals => vec![plain(text)],
        Op::StringEqualsIgnoreCase | Op::StringNotEqualsIgnoreCase => {
            vec![plain(text), plain(&text.to_uppercase()), plain(&text.to_lowercase())]
        }
        Op::StringLike | Op::StringNotLike => vec![Language::of_pattern_with(text, variable)],
        Op::ArnEquals | Op::ArnLike | Op::ArnNotEquals | Op::ArnNotLike => match text.parse::<ArnPattern>() {
            Ok(pattern) => vec![Language::of_arn_with(&pattern, variable)],
            Err(_) => vec![plain(text)],
        },
        _ => vec![plain(text)],
    }
}

/// Values on both sides of a bound.
fn neighbours(operator: ConditionOperator, text: &str) -> Result<Vec<String>, String> {
    use BaseOperator as Op;
    match operator.base() {
        Op::Bool => Ok(vec!["true".to_owned(), "false".to_owned()]),
        Op::NumericEquals
        | Op::NumericNotEquals
        | Op::NumericLessThan
        | Op::NumericLessThanEquals
        | Op::NumericGreaterThan
        | Op::NumericGreaterThanEquals => numbers(text),
        Op::DateEquals
        | Op::DateNotEquals
        | Op::DateLessThan
        | Op::DateLessThanEquals
        | Op::DateGreaterThan
        | Op::DateGreaterThanEquals => instants(text),
        Op::IpAddress | Op::NotIpAddress => addresses(text),
        _ => Ok(Vec::new()),
    }
}

fn numbers(text: &str) -> Result<Vec<String>, String> {
    let number: f64 = text.parse().map_err(|_| format!("`{text}` as a number"))?;
    Ok([number - 0.5, number, number + 0.5].iter().map(ToString::to_string).collect())
}

fn instants(text: &str) -> Result<Vec<String>, String> {
    let unknown = || format!("`{text}` as a date");
    let instant: Timestamp = text.parse().map_err(|_| unknown())?;
    let beside = [instant.checked_sub(1.second()), Ok(instant), instant.checked_add(1.second())];
    beside.into_iter().map(|one| one.map(|one| one.to_string()).map_err(|_| unknown())).collect()
}

/// The first and the last address of a range, and those beside them.
fn addresses(text: &str) -> Result<Vec<String>, String> {
    let unknown = || format!("`{text}` as a range of addresses");
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let address: IpAddr = address.parse().map_err(|_| unknown())?;
    let width: u32 = if address.is_ipv4() { 32 } else { 128 };
    let bits: u32 = bits.map_or(Ok(width), str::parse).map_err(|_| unknown())?;
    let host = width.checked_sub(bits).ok_or_else(unknown)?;
    let mask = 1_u128.checked_shl(host).map_or(u128::MAX, |size| size - 1);
    let number = match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    };
    let (first, last) = (number & !mask, number | mask);
    let text = |number: u128| match address {
        IpAddr::V4(_) => u32::try_from(number).ok().map(|number| IpAddr::from(number.to_be_bytes()).to_string()),
        IpAddr::V6(_) => Some(IpAddr::from(number.to_be_bytes()).to_string()),
    };
    Ok([first.checked_sub(1), Some(first), Some(last), last.checked_add(1)]
        .into_iter()
        .flatten()
        .filter_map(text)
        .collect())
}

/// All sets of one to `most` of the values.
fn subsets(values: &[String], most: usize) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = Vec::new();
    let mut last: Vec<Vec<String>> = vec![Vec::new()];
    for _ in 0..most {
        let longer = |set: &Vec<String>| {
            let from = set.last().cloned();
            let later = values.iter().filter(move |value| from.as_ref().is_none_or(|last| *value > last));
            later.map(|value| [set.clone(), vec![value.clone()]].concat()).collect::<Vec<_>>()
        };
        last = last.iter().flat_map(longer).collect();
        all.extend(last.iter().cloned());
        if all.len() > MOST_VALUES {
            break;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(operator: &str, wanted: &[&str]) -> Vec<Option<ContextValue>> {
        let wanted: BTreeSet<String> = wanted.iter().map(ToString::to_string).collect();
        telling_values(&[(operator.parse().unwrap(), &wanted)], &|_| String::new()).unwrap()
    }

    fn has(values: &[Option<ContextValue>], text: &str) -> bool {
        values.contains(&Some(ContextValue::One(text.into())))
    }

    #[test]
    fn the_missing_key_the_value_and_another_are_tried() {
        let found = values("StringEquals", &["a*"]);
        assert!(found.contains(&None) && has(&found, "a*") && found.len() >= 3);
    }

    #[test]
    fn bounds_are_tried_on_both_sides() {
        let found = values("NumericLessThan", &["10"]);
        assert!(has(&found, "9.5") && has(&found, "10") && has(&found, "10.5"));
        let found = values("IpAddress", &["10.1.0.0/16"]);
        for address in ["10.0.255.255", "10.1.0.0", "10.1.255.255", "10.2.0.0"] {
            assert!(has(&found, address), "{address}");
        }
    }

    #[test]
    fn set_operators_are_tried_on_sets() {
        let found = values("ForAllValues:StringEquals", &["a", "b"]);
        assert!(found.contains(&Some(ContextValue::many(["a"]))));
        assert!(subsets(&["a".into(), "b".into()], 2).contains(&vec!["a".into(), "b".into()]));
    }
}
