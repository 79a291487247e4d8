//! Laws of patterns and policy documents.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use trailtrim::iam::{Action, ActionPattern, Arn, ArnPattern, PolicyDocument};

use crate::iam_evaluate::policy_json;

/// All texts over `a`, `b` and `c` up to six characters. Patterns hold `a` and `b` only, so `c` is the character that only a
/// wildcard takes; with patterns of up to four elements a text that tells two of them apart is not longer.
fn small_texts() -> Vec<String> {
    let mut all = vec![String::new()];
    let mut last = all.clone();
    for _ in 0..6 {
        last = last.iter().flat_map(|text| ["a", "b", "c"].map(|c| format!("{text}{c}"))).collect();
        all.extend(last.iter().cloned());
    }
    all
}

fn small_pattern() -> impl Strategy<Value = String> {
    vec(select(vec!["a", "b", "*", "?"]), 0..=4).prop_map(|elements| elements.concat())
}

/// The small pattern as a resource. `x` in front, since a resource is never empty.
fn resource_pattern(small: &str) -> ArnPattern {
    format!("arn:aws:s3:::x{small}").parse().unwrap()
}

fn arn_pattern() -> impl Strategy<Value = String> {
    let segment = || select(vec!["a", "b", "*", "?", "a*", "*b"]);
    let resource = select(vec!["a", "*", "a:b", "a/*", "?:*", "*/b", "${aws:username}", "a/${aws:username}", "${*}"]);
    (segment(), segment(), segment(), segment(), resource)
        .prop_map(|(p, s, r, a, resource)| format!("arn:{p}:{s}:{r}:{a}:{resource}"))
}

fn arn() -> impl Strategy<Value = Arn> {
    let segment = || select(vec!["a", "b", "ab", "c"]);
    let resource = select(vec!["a", "b", "a:b", "a/b", "a/", "c:a:b", "*", "a/${aws:username}"]);
    (segment(), segment(), segment(), segment(), resource)
        .prop_map(|(p, s, r, a, resource)| Arn::from_parts(p, s, r, a, resource))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, ..ProptestConfig::default() })]

    #[test]
    fn containment_is_exact_and_overlap_too(left in small_pattern(), right in small_pattern()) {
        let (wide, narrow) = (resource_pattern(&left), resource_pattern(&right));
        let (mut contained, mut overlap) = (true, false);
        for text in small_texts() {
            let arn: Arn = format!("arn:aws:s3:::x{text}").parse().unwrap();
            contained &= wide.matches(&arn) || !narrow.matches(&arn);
            overlap |= wide.matches(&arn) && narrow.matches(&arn);
        }
        prop_assert_eq!(wide.covers(&narrow), contained);
        prop_assert_eq!(wide.intersects(&narrow), overlap);
        prop_assert_eq!(narrow.intersects(&wide), overlap);
    }

    #[test]
    fn containment_of_actions_is_exact(left in small_pattern(), right in small_pattern()) {
        let pattern = |small: &str| format!("s3:x{small}").parse::<ActionPattern>().unwrap();
        let (wide, narrow) = (pattern(&left), pattern(&right));
        let (mut contained, mut overlap) = (true, false);
        for text in small_texts() {
            let action: Action = format!("S3:X{text}").parse().unwrap();
            contained &= wide.matches(&action) || !narrow.matches(&action);
            overlap |= wide.matches(&action) && narrow.matches(&action);
        }
        prop_assert_eq!(wide.covers(&narrow), contained);
        prop_assert_eq!(wide.intersects(&narrow), overlap);
    }

    #[test]
    fn containment_and_overlap_hold_over_whole_arns(left in arn_pattern(), right in arn_pattern(), arns in vec(arn(), 40)) {
        let (left, right): (ArnPattern, ArnPattern) = (left.parse().unwrap(), right.parse().unwrap());
        prop_assert!(left.covers(&left) && left.intersects(&left) && ArnPattern::any().covers(&left));
        prop_assert_eq!(left.intersects(&right), right.intersects(&left));
        prop_assert!(!left.covers(&right) || left.intersects(&right));
        for arn in &arns {
            prop_assert!(!left.covers(&right) || !right.matches(arn) || left.matches(arn), "{left} {right} {arn}");
            prop_assert!(left.intersects(&right) || !left.matches(arn) || !right.matches(arn), "{left} {right} {arn}");
        }
    }

    #[test]
    fn an_arn_prints_as_it_was_read(arn in arn()) {
        prop_assert_eq!(arn.to_string().parse::<Arn>().unwrap(), arn.clone());
        let pattern = ArnPattern::from(&arn);
        prop_assert_eq!(serde_json::to_string(&pattern).unwrap(), serde_json::to_string(&arn).unwrap());
        prop_assert_eq!(pattern.matches(&arn), !pattern.has_variable());
    }

    #[test]
    fn what_a_policy_prints_reads_as_the_same_policy(json in policy_json()) {
        let document = PolicyDocument::parse(&json.to_string()).unwrap();
        let (pretty, lines) = PolicyDocument::parse_with_lines(&document.to_json_pretty()).unwrap();
        prop_assert_eq!(&pretty, &document);
        prop_assert_eq!(&PolicyDocument::parse(&document.to_json()).unwrap(), &document);
        prop_assert_eq!(pretty.to_json_pretty(), document.to_json_pretty());
        prop_assert_eq!(lines.statements.len(), document.statements.len());
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in r#"[\[\]{}":,a-zA-Z0-9*$ \\]{0,40}"#) {
        let _ = PolicyDocument::parse(&text);
        let _ = PolicyDocument::parse(&format!(r#"{{"Statement": {text}}}"#));
        let _ = text.parse::<ArnPattern>();
        let _ = format!("arn:{text}").parse::<ArnPattern>();
        let _ = text.parse::<Action>();
        let _ = text.parse::<trailtrim::iam::PrincipalSelector>();
    }
}
