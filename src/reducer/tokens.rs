//! Parts of names that change from run to run, and how an ARN is rewritten with them.
//!
//! A token is what stands between `/` and `:` in the resource part of an ARN. A rule replaces a whole token, so that
//! `vpc-0a1` never touches `vpc-0a1b`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::WideningRule;
use crate::iam::Arn;

/// What a changing token is written as in the policy, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenRule {
    /// `*`, or the name's stable part with `?` for each character that changes.
    pub pattern: String,
    pub rule: WideningRule,
    /// For people: which token, and what made it.
    pub detail: Arc<str>,
}

/// Rules for all changing tokens of a usage.
#[derive(Debug, Default)]
pub(crate) struct TokenRules {
    everywhere: BTreeMap<String, TokenRule>,
    /// Parts that count in one ARN and what lies below it only: they are too plain to be told apart elsewhere.
    /// Of one ARN there are one or two, for which a tree would take a kilobyte.
    within: BTreeMap<Arn, Vec<(String, TokenRule)>>,
}

/// A rewritten text and the rules that were used.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Rewritten<'r> {
    pub text: String,
    pub used: Vec<&'r TokenRule>,
}

impl TokenRules {
    /// Adds a rule; the first one for a token stays.
    pub fn add(&mut self, token: &str, rule: TokenRule) {
        self.everywhere.entry(token.to_owned()).or_insert(rule);
    }

    /// Adds a rule for one ARN and what lies below it.
    pub fn add_within(&mut self, arn: &Arn, token: &str, rule: TokenRule) {
        let rules = self.within.entry(arn.clone()).or_default();
        if rules.iter().all(|(own, _)| own != token) {
            rules.reserve_exact(1);
            rules.push((token.to_owned(), rule));
        }
    }

    /// Takes the rules for a token away.
    pub fn forget(&mut self, token: &str) {
        self.everywhere.remove(token);
        for rules in self.within.values_mut() {
            rules.retain(|(other, _)| other != token);
        }
    }

    /// The tokens that change everywhere.
    pub fn everywhere(&self) -> impl Iterator<Item = (&str, &TokenRule)> {
        self.everywhere.iter().map(|(token, rule)| (token.as_str(), rule))
    }

    /// What a token that changes everywhere is written as.
    pub fn pattern_of(&self, token: &str) -> Option<&str> {
        self.everywhere.get(token).map(|rule| rule.pattern.as_str())
    }

    /// Whether a token changes everywhere.
    pub fn is_changing(&self, token: &str) -> bool {
        self.everywhere.contains_key(token)
    }

    /// The resource part of an ARN with each changing token replaced. `escape` writes what stays.
    pub fn rewrite(&self, arn: &Arn, escape: impl Fn(&str) -> String) -> Rewritten<'_> {
        let near = self.rules_within(arn);
        let mut out = Rewritten::default();
        for piece in pieces(arn.resource()) {
            match self.rule_for(piece, near) {
                Some(rule) => {
                    out.text.push_str(&rule.pattern);
                    out.used.push(rule);
                }
                None => out.text.push_str(&escape(piece)),
            }
        }
        out
    }

    /// The ARN of the same thing after another run: each changing token drawn anew.
    pub fn renamed(&self, arn: &Arn) -> Option<Arn> {
        let near = self.rules_within(arn);
        let rename = |piece: &str| {
            let rule = self.rule_for(piece, near);
            rule.map_or_else(|| piece.to_owned(), |rule| redrawn(piece, &rule.pattern))
        };
        let resource: String = pieces(arn.resource()).map(rename).collect();
        let (partition, service, region, account) = (arn.partition(), arn.service(), arn.region(), arn.account());
        (resource != arn.resource()).then(|| Arn::from_parts(partition, service, region, account, &resource))
    }

    /// The rule for a piece of an ARN, given the rules near it.
    fn rule_for<'r>(&'r self, piece: &str, near: &'r [(String, TokenRule)]) -> Option<&'r TokenRule> {
        let nearby = || near.iter().find(|(own, _)| own == piece).map(|(_, rule)| rule);
        self.everywhere.get(piece).or_else(nearby)
    }

    /// Rules of the ARN itself or of the closest ARN above it.
    fn rules_within(&self, arn: &Arn) -> &[(String, TokenRule)] {
        if self.within.is_empty() {
            return &[];
        }
        let text = arn.as_str();
        let cuts = text.match_indices(['/', ':']).map(|(at, _)| at).chain([text.len()]);
        let ancestors = cuts.filter_map(|at| text.get(..at)?.parse::<Arn>().ok());
        ancestors.rev().find_map(|above| self.within.get(&above)).map_or(&[], Vec::as_slice)
    }
}

/// The token with other characters where its pattern lets them change: digits for digits, letters for letters.
fn redrawn(token: &str, pattern: &str) -> String {
    let fixed = match pattern.strip_suffix('*') {
        // `vpc-0a1b` is drawn anew behind its kind.
        Some("") => token.find('-').filter(|at| *at <= LONGEST_KIND).map_or(0, |at| at + 1),
        Some(stem) => stem.len(),
        None => pattern.find('?').unwrap_or(token.len()),
    };
    let redraw = |(at, c): (usize, char)| match c {
        _ if at < fixed => c,
        '0'..='8' | 'a'..='e' | 'A'..='E' => char::from_u32(u32::from(c) + 1).unwrap_or(c),
        '9' => '0',
        'f' => 'a',
        'F' => 'A',
        'g'..='y' | 'G'..='Y' => char::from_u32(u32::from(c) + 1).unwrap_or(c),
        'z' => 'g',
        'Z' => 'G',
        other => other,
    };
    token.char_indices().map(redraw).collect()
}

/// The kind in front of an id (`launch-template` has none, `subnet` and `tgw-attach` do).
const LONGEST_KIND: usize = 8;

/// The tokens of a resource part and the separators between them, in order.
pub(crate) fn pieces(resource: &str) -> impl Iterator<Item = &str> {
    resource.split_inclusive(['/', ':']).flat_map(|chunk| {
        let token = chunk.trim_end_matches(['/', ':']);
        let separator = chunk.get(token.len()..).unwrap_or_default();
        [token, separator].into_iter().filter(|piece| !piece.is_empty())
    })
}

/// The tokens of a resource part.
pub(crate) fn tokens(resource: &str) -> impl Iterator<Item = &str> {
    resource.split(['/', ':']).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(pattern: &str) -> TokenRule {
        TokenRule { pattern: pattern.to_owned(), rule: WideningRule::GeneratedId, detail: "".into() }
    }

    fn rewritten(rules: &TokenRules, arn: &str) -> String {
        rules.rewrite(&arn.parse().unwrap(), str::to_owned).text
    }

    #[test]
    fn only_whole_tokens_are_replaced() {
        let mut rules = TokenRules::default();
        rules.add("vpc-0a1", rule("*"));
        assert_eq!(rewritten(&rules, "arn:aws:ec2:r:1:vpc/vpc-0a1"), "vpc/*");
        assert_eq!(rewritten(&rules, "arn:aws:ec2:r:1:vpc/vpc-0a1b"), "vpc/vpc-0a1b");
        assert_eq!(rewritten(&rules, "arn:aws:x:r:1:a:vpc-0a1:b//vpc-0a1/"), "a:*:b//*/");
    }

    #[test]
    fn another_run_draws_other_ids_of_the_same_form() {
        let mut rules = TokenRules::default();
        rules.add("vpc-0a9f", rule("*"));
        rules.add("node-20261", rule("node-?????"));
        let renamed = |arn: &str| rules.renamed(&arn.parse().unwrap()).map(|arn| arn.to_string());
        assert_eq!(renamed("arn:aws:ec2:r:1:vpc/vpc-0a9f").unwrap(), "arn:aws:ec2:r:1:vpc/vpc-1b0a");
        assert_eq!(renamed("arn:aws:iam::1:role/node-20261").unwrap(), "arn:aws:iam::1:role/node-31372");
        assert_eq!(renamed("arn:aws:iam::1:role/node"), None);
    }

    #[test]
    fn a_part_within_an_arn_counts_there_and_below_only() {
        let mut rules = TokenRules::default();
        let top: Arn = "arn:aws:eks:r:1:addon/c/cni/12ab34".parse().unwrap();
        rules.add_within(&top, "12ab34", rule("*"));
        assert_eq!(rewritten(&rules, "arn:aws:eks:r:1:addon/c/cni/12ab34"), "addon/c/cni/*");
        assert_eq!(rewritten(&rules, "arn:aws:eks:r:1:addon/c/cni/12ab34/x"), "addon/c/cni/*/x");
        assert_eq!(rewritten(&rules, "arn:aws:eks:r:1:addon/c/dns/12ab34"), "addon/c/dns/12ab34");
    }
}
