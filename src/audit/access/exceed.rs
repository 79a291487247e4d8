//! Is there a request that one set of policies allows and another does not?

use super::contexts::Pinned;
use super::scene::{Scene, Situation};
use crate::iam::automaton::{Language, Search, find};
use crate::iam::{Action, ArnPattern, PolicyDocument, Request, Resource};

/// The answer.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Every request that the one allows the other allows, too.
    Contained,
    /// Such a request; with the pattern of the allowing statement, `None` for one that allows all but some.
    Exceeds(Vec<(Option<ArnPattern>, Request)>),
    CannotDecide(String),
}

/// Compares what two sets of policies allow for one action. `likely`: kinds of resource to look among first, so that an
/// example looks like one.
pub fn exceeds(action: &Action, wide: &[PolicyDocument], narrow: &[PolicyDocument], likely: &[Language]) -> Outcome {
    let scene = match Scene::new(action, &[wide, narrow], &Pinned::new()) {
        Ok(scene) => scene,
        Err(what) => return Outcome::CannotDecide(what),
    };
    let mut found: Vec<(Option<usize>, Request)> = Vec::new();
    for situation in &scene.situations {
        for pattern in scene.allowing(WIDE, situation) {
            if found.iter().any(|(known, _)| *known == pattern) {
                continue;
            }
            match example(&scene, situation, pattern, likely) {
                Example::Found(resource) => {
                    let context = situation.context.clone();
                    found.push((pattern, Request { action: action.clone(), resource, context }));
                }
                Example::None => {}
                Example::GaveUp => {
                    return Outcome::CannotDecide("resource patterns that are too tangled".to_owned());
                }
            }
        }
    }
    if found.is_empty() {
        return Outcome::Contained;
    }
    if let Some(text) = scene.variable_only_in(NARROW, WIDE) {
        return Outcome::CannotDecide(format!("`{text}` holds a policy variable"));
    }
    let pattern = |at: Option<usize>| at.and_then(|at| scene.patterns.get(at).cloned());
    Outcome::Exceeds(found.into_iter().map(|(at, request)| (pattern(at), request)).collect())
}

const WIDE: usize = 0;
const NARROW: usize = 1;

enum Example {
    Found(Resource),
    None,
    GaveUp,
}

/// A resource of the pattern that makes the difference, likely ones first.
fn example(scene: &Scene, situation: &Situation, pattern: Option<usize>, likely: &[Language]) -> Example {
    let differs = |held: &[bool]| scene.allows(WIDE, situation, held) && !scene.allows(NARROW, situation, held);
    let own = pattern.and_then(|at| scene.languages.get(at));
    let others: Vec<&Language> = scene.languages.iter().collect();
    let arns = Language::arns();
    let mut gave_up = false;
    for place in likely.iter().chain([&arns]) {
        let must: Vec<&Language> = [Some(place), own].into_iter().flatten().collect();
        match find(&must, &others, differs) {
            Search::Found(text) => match text.parse() {
                Ok(arn) => return Example::Found(Resource::Arn(arn)),
                Err(_) => gave_up = true,
            },
            Search::Nothing => {}
            Search::GaveUp => gave_up = true,
        }
    }
    let whole = pattern.is_none_or(|at| scene.patterns.get(at).is_some_and(ArnPattern::is_any));
    if whole && differs(&scene.held_by_none()) {
        return Example::Found(Resource::Any);
    }
    if gave_up { Example::GaveUp } else { Example::None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policies(statements: &str) -> Vec<PolicyDocument> {
        vec![format!(r#"{{"Version": "2012-10-17", "Statement": {statements}}}"#).parse().unwrap()]
    }

    fn allow(resource: &str, rest: &str) -> String {
        format!(r#"{{"Effect": "Allow", "Action": "s3:GetObject", "Resource": {resource}{rest}}}"#)
    }

    /// The first example, or a word on why there is none.
    fn compare(wide: &str, narrow: &str) -> String {
        let action = "s3:GetObject".parse().unwrap();
        let (wide, narrow) = (policies(wide), policies(narrow));
        match exceeds(&action, &wide, &narrow, &[]) {
            Outcome::Contained => "contained".to_owned(),
            Outcome::CannotDecide(_) => "undecided".to_owned(),
            Outcome::Exceeds(found) => {
                let (_, request) = &found[0];
                // What is found must be so.
                assert!(crate::iam::evaluate(&wide, request).is_allowed(), "{request:?}");
                assert!(!crate::iam::evaluate(&narrow, request).is_allowed(), "{request:?}");
                match &request.resource {
                    Resource::Any => "*".to_owned(),
                    Resource::Arn(arn) => arn.to_string(),
                }
            }
        }
    }

    #[test]
    fn a_union_of_patterns_may_contain_another() {
        let wide = allow(r#""arn:aws:s3:::b/?*""#, "");
        let narrow = allow(r#"["arn:aws:s3:::b/?", "arn:aws:s3:::b/??*"]"#, "");
        assert_eq!(compare(&wide, &narrow), "contained");
        assert_eq!(compare(&narrow, &wide), "contained");
        assert!(compare(&allow(r#""arn:aws:s3:::b/*""#, ""), &wide).ends_with(":b/"));
    }

    #[test]
    fn a_deny_takes_away_and_its_end_gives() {
        let all = allow(r#""*""#, "");
        let deny = r#"{"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::secret/*"}"#;
        let denied = format!("[{all}, {deny}]");
        assert_eq!(compare(&denied, &all), "contained");
        assert!(compare(&all, &denied).starts_with("arn:aws:s3:::secret/"));
    }

    #[test]
    fn conditions_are_compared_in_meaning() {
        let tag = |value: &str| {
            allow(r#""*""#, &format!(r#", "Condition": {{"StringLike": {{"aws:RequestTag/Env": {value}}}}}"#))
        };
        assert_eq!(compare(&tag(r#""prod-?""#), &tag(r#"["prod-*"]"#)), "contained");
        assert_ne!(compare(&tag(r#"["prod-*"]"#), &tag(r#""prod-?""#)), "contained");
        assert_eq!(compare(&tag(r#""prod""#), &allow(r#""*""#, "")), "contained");
        assert_ne!(compare(&allow(r#""*""#, ""), &tag(r#""*""#)), "contained");
    }

    #[test]
    fn all_values_and_any_value_are_told_apart() {
        let keys = |operator: &str, values: &str| {
            allow(r#""*""#, &format!(r#", "Condition": {{"{operator}:StringEquals": {{"aws:TagKeys": {values}}}}}"#))
        };
        let (all, any) = (keys("ForAllValues", r#"["a", "b"]"#), keys("ForAnyValue", r#"["a", "b"]"#));
        assert_ne!(compare(&any, &all), "contained");
        assert_ne!(compare(&all, &any), "contained");
        assert_eq!(compare(&keys("ForAllValues", r#""a""#), &all), "contained");
    }

    #[test]
    fn addresses_and_numbers_are_told_apart_at_their_bounds() {
        let from =
            |range: &str| allow(r#""*""#, &format!(r#", "Condition": {{"IpAddress": {{"aws:SourceIp": "{range}"}}}}"#));
        assert_eq!(compare(&from("10.1.0.0/16"), &from("10.0.0.0/8")), "contained");
        assert_ne!(compare(&from("10.0.0.0/8"), &from("10.1.0.0/16")), "contained");
        let age = |bound: &str| {
            allow(r#""*""#, &format!(r#", "Condition": {{"NumericLessThan": {{"aws:MultiFactorAuthAge": {bound}}}}}"#))
        };
        assert_eq!(compare(&age("10"), &age("11")), "contained");
        assert_ne!(compare(&age("11"), &age("10")), "contained");
    }

    #[test]
    fn a_variable_on_one_side_only_can_t_be_decided() {
        let home = allow(r#""arn:aws:s3:::home/${aws:username}/*""#, "");
        assert_eq!(compare(&home, &home), "contained");
        assert_eq!(compare(&home, &allow(r#""*""#, "")), "contained");
        assert_eq!(compare(&allow(r#""arn:aws:s3:::home/ann/*""#, ""), &home), "undecided");
    }
}
