//! Values of one environment that become parameters, so that one policy serves every environment.
//!
//! A value is replaced where it stands as a whole word: no letter or digit before or behind it. So `demo` is found in
//! `cluster/demo/*` and in `demo-node`, and not in `demo2`. Actions and Sids are never touched.

use std::collections::BTreeMap;

/// The values, each with what it becomes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    pub account: Option<String>,
    pub region: Option<String>,
    pub partition: Option<String>,
    /// Values by the name of their variable.
    pub named: BTreeMap<String, String>,
}

/// What a value becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Parameter<'p> {
    Account,
    Region,
    Partition,
    Named(&'p str),
}

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'t> {
    Text(&'t str),
    Parameter(Parameter<'t>),
}

impl Parameters {
    /// Whether nothing is replaced.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The text in parts. Put together with the values in place of the parameters it is the same again.
    pub fn pieces<'t>(&'t self, text: &'t str) -> Vec<Piece<'t>> {
        let mut pieces = Vec::new();
        let (mut start, mut at) = (0, 0);
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let before = text.get(..at).unwrap_or_default();
            match self.found(before, rest) {
                Some((parameter, length)) => {
                    pieces.extend(text.get(start..at).filter(|text| !text.is_empty()).map(Piece::Text));
                    pieces.push(Piece::Parameter(parameter));
                    at += length;
                    start = at;
                }
                None => at += rest.chars().next().map_or(1, char::len_utf8),
            }
        }
        pieces.extend(text.get(start..).filter(|text| !text.is_empty()).map(Piece::Text));
        pieces
    }

    /// The longest value that stands at the beginning of `rest` as a whole word.
    fn found(&self, before: &str, rest: &str) -> Option<(Parameter<'_>, usize)> {
        let partition = self.partition.as_deref().filter(|_| before.ends_with("arn:"));
        let fixed = [
            (Parameter::Account, self.account.as_deref()),
            (Parameter::Region, self.region.as_deref()),
            (Parameter::Partition, partition.filter(|_| before.len() == 4 || !is_word(before.chars().rev().nth(4)))),
        ];
        let named = self.named.iter().map(|(name, value)| (Parameter::Named(name), Some(value.as_str())));
        let values = fixed.into_iter().chain(named).filter_map(|(parameter, value)| Some((parameter, value?)));
        let stands = |value: &str| {
            let behind = rest.strip_prefix(value);
            behind.is_some_and(|behind| !is_word(before.chars().next_back()) && !is_word(behind.chars().next()))
        };
        let found = values.filter(|(_, value)| !value.is_empty() && stands(value));
        found.max_by_key(|(parameter, value)| (value.len(), std::cmp::Reverse(*parameter))).map(|(p, v)| (p, v.len()))
    }

    /// The parameters that the text has a value of.
    pub fn used_in<'t>(&'t self, text: &'t str) -> impl Iterator<Item = Parameter<'t>> {
        self.pieces(text).into_iter().filter_map(|piece| match piece {
            Piece::Parameter(parameter) => Some(parameter),
            Piece::Text(_) => None,
        })
    }

    /// The value behind a parameter.
    pub fn value(&self, parameter: Parameter<'_>) -> &str {
        let value = match parameter {
            Parameter::Account => self.account.as_ref(),
            Parameter::Region => self.region.as_ref(),
            Parameter::Partition => self.partition.as_ref(),
            Parameter::Named(name) => self.named.get(name),
        };
        value.map(String::as_str).unwrap_or_default()
    }
}

fn is_word(character: Option<char>) -> bool {
    character.is_some_and(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters() -> Parameters {
        Parameters {
            account: Some("111122223333".into()),
            region: Some("eu-central-1".into()),
            partition: Some("aws".into()),
            named: [("cluster".into(), "demo".into()), ("pool".into(), "demo-pool".into())].into(),
        }
    }

    fn shown(text: &str) -> String {
        let parameters = parameters();
        let piece = |piece: Piece<'_>| match piece {
            Piece::Text(text) => text.to_owned(),
            Piece::Parameter(parameter) => format!("<{parameter:?}>"),
        };
        parameters.pieces(text).into_iter().map(piece).collect()
    }

    #[test]
    fn whole_words_become_parameters_and_the_longest_wins() {
        let arn = "arn:aws:eks:eu-central-1:111122223333:nodegroup/demo/demo-pool/*";
        assert_eq!(
            shown(arn),
            "arn:<Partition>:eks:<Region>:<Account>:nodegroup/<Named(\"cluster\")>/<Named(\"pool\")>/*"
        );
        for same in ["arn:aws2:x", "eu-central-1a", "9111122223333", "demo2", "aws", "${aws:username}", "é"] {
            assert_eq!(shown(same), same);
        }
        assert_eq!(shown("arn:aws:iam::aws:policy/x"), "arn:<Partition>:iam::aws:policy/x");
        assert_eq!(shown("tf-eu-central-1-demo"), "tf-<Region>-<Named(\"cluster\")>");
    }

    #[test]
    fn the_values_put_back_give_the_text_again() {
        let parameters = parameters();
        for text in ["arn:aws:s3:::tf-111122223333-demo/ü/demo", "", "demo", "ademo-demo.demo"] {
            let back: String = parameters
                .pieces(text)
                .into_iter()
                .map(|piece| match piece {
                    Piece::Text(text) => text,
                    Piece::Parameter(parameter) => parameters.value(parameter),
                })
                .collect();
            assert_eq!(back, text);
        }
    }
}
