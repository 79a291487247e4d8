//! Whether a path is open.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::rows::{Kind, Path, Step, Target};
use crate::audit::access::{Pinned, Scene, Situation};
use crate::audit::fit::names;
use crate::audit::likely::ExamplePlace;
use crate::catalog::Catalog;
use crate::iam::automaton::{Class, Language, Search, find, variables};
use crate::iam::{Action, Arn, ConditionKey, Context, ContextValue, Effect, PolicyDocument, PrincipalArn};

/// The policies that decide, layer by layer: each has to allow.
#[derive(Clone, Debug)]
pub struct Layers<'p> {
    pub principal: &'p PrincipalArn,
    pub layers: Vec<&'p [PolicyDocument]>,
    pub catalog: &'p Catalog,
    /// Where examples stand.
    pub place: ExamplePlace,
}

impl<'p> Layers<'p> {
    pub fn new(principal: &'p PrincipalArn, layers: Vec<&'p [PolicyDocument]>, catalog: &'p Catalog) -> Self {
        let place = ExamplePlace::of(layers.iter().copied().flatten());
        Self { principal, layers, catalog, place }
    }
}

/// A step of an open path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    pub action: Action,
    /// `*` for a request without a resource.
    pub resource: String,
    pub context: Context,
}

/// What the path chose for each kind that it names.
type Choice = BTreeMap<Kind, String>;

/// The steps of the path, each with what it may act on; `None` if some step is not allowed.
pub fn open(path: &Path, layers: &Layers<'_>) -> Option<Vec<Taken>> {
    let spoken_of = |step: &Step| layers.layers.iter().all(|layer| some_allow_names(layer, &step.action));
    if !path.steps.iter().all(spoken_of) {
        return None;
    }
    let named: BTreeSet<Kind> = path.steps.iter().flat_map(named_in_context).collect();
    let mut choices = vec![Choice::new()];
    for kind in named {
        let candidates = candidates(path, &kind, layers);
        let with = |choice: &Choice| {
            candidates
                .iter()
                .map(|one| {
                    choice.iter().map(|(k, v)| (k.clone(), v.clone())).chain([(kind.clone(), one.clone())]).collect()
                })
                .collect::<Vec<Choice>>()
        };
        choices = choices.iter().flat_map(with).collect();
    }
    choices.into_iter().find_map(|choice| walk(path, layers, choice))
}

fn some_allow_names(layer: &[PolicyDocument], action: &Action) -> bool {
    let mut statements = layer.iter().flat_map(|document| &document.statements);
    statements.any(|statement| statement.effect == Effect::Allow && names(&statement.actions, action))
}

/// Kinds that the context of the step speaks of.
fn named_in_context(step: &Step) -> Vec<Kind> {
    step.with
        .values()
        .filter_map(|value| Target::try_from(value.clone()).ok())
        .filter_map(|target| match target {
            Target::Shared(kind) => Some(kind),
            _ => None,
        })
        .collect()
}

/// Names worth trying for what a condition is about: one of each pattern that the policies have for that key or resource.
fn candidates(path: &Path, kind: &Kind, layers: &Layers<'_>) -> BTreeSet<String> {
    let own = layers.fill(kind, None, None);
    let statements = layers.layers.iter().flat_map(|layer| layer.iter()).flat_map(|document| &document.statements);
    let keys: BTreeSet<ConditionKey> = path
        .steps
        .iter()
        .flat_map(|step| {
            step.with.iter().filter(|(_, value)| value.starts_with('$')).map(|(key, _)| ConditionKey::new(key.as_str()))
        })
        .collect();
    let mut patterns: BTreeSet<String> = BTreeSet::from(["*".to_owned()]);
    for statement in statements {
        patterns.extend(statement.resources.patterns().iter().map(ToString::to_string));
        let lines = statement.conditions.iter().filter(|(_, key, _)| keys.contains(*key));
        patterns.extend(lines.flat_map(|(_, _, values)| values.iter().cloned()));
    }
    let plain = patterns.iter().filter(|pattern| variables(pattern).next().is_none());
    plain
        .filter_map(|pattern| {
            let pattern = Language::of_pattern_with(pattern, |_| String::new());
            match find(&[&own, &pattern], &[], |_| true) {
                Search::Found(text) => Some(text),
                Search::Nothing | Search::GaveUp => None,
            }
        })
        .collect()
}

fn walk(path: &Path, layers: &Layers<'_>, mut choice: Choice) -> Option<Vec<Taken>> {
    let scenes: Vec<Scene> = path.steps.iter().map(|step| scene(step, layers, &choice)).collect::<Option<_>>()?;
    let shared: BTreeSet<Kind> = path.steps.iter().filter_map(|step| shared_kind(&step.on)).collect();
    for kind in shared {
        if let Entry::Vacant(entry) = choice.entry(kind.clone()) {
            let of_kind =
                path.steps.iter().zip(&scenes).filter(|(step, _)| shared_kind(&step.on) == Some(kind.clone()));
            let scenes: Vec<&Scene> = of_kind.map(|(_, scene)| scene).collect();
            entry.insert(layers.where_such_are(&kind).iter().find_map(|own| common(own, &scenes))?);
        }
    }
    path.steps.iter().zip(&scenes).map(|(step, scene)| take(step, scene, layers, &choice)).collect()
}

fn shared_kind(target: &Target) -> Option<Kind> {
    match target {
        Target::Shared(kind) => Some(kind.clone()),
        Target::Own | Target::Anything | Target::Other(_) => None,
    }
}

/// The statements that speak of the step, in all layers, with what the step fixes of the context.
fn scene(step: &Step, layers: &Layers<'_>, choice: &Choice) -> Option<Scene> {
    let mut pinned = Pinned::new();
    for key in &step.without {
        pinned.insert(ConditionKey::new(key.as_str()), None);
    }
    for (key, value) in &step.with {
        let chosen =
            Target::try_from(value.clone()).ok().and_then(|target| choice.get(&shared_kind(&target)?).cloned());
        let partition = layers.principal.arn().partition();
        let value = ContextValue::One(chosen.unwrap_or_else(|| value.replace("${Partition}", partition)));
        pinned.insert(ConditionKey::new(key.as_str()), Some(value));
    }
    let principal = layers.principal.to_string();
    pinned.insert(ConditionKey::new("aws:PrincipalArn"), Some(ContextValue::One(principal)));
    pinned.insert(
        ConditionKey::new("aws:PrincipalAccount"),
        Some(ContextValue::One(layers.principal.account().to_owned())),
    );
    Scene::new(&step.action, &layers.layers, &pinned).ok()
}

/// A situation in which every layer allows.
fn allowing<'s>(scene: &'s Scene, held: &[bool]) -> Option<&'s Situation> {
    scene.situations.iter().find(|situation| (0..scene.sides()).all(|layer| scene.allows(layer, situation, held)))
}

/// One that all steps are allowed on.
fn common(own: &Language, scenes: &[&Scene]) -> Option<String> {
    let others: Vec<&Language> = scenes.iter().flat_map(|scene| &scene.languages).collect();
    let slr = Language::of_pattern_with("arn:*:iam::*:role/aws-service-role/*", |_| String::new());
    let all: Vec<&Language> = std::iter::once(&slr).chain(others).collect();
    let wanted = |held: &[bool]| {
        // Nobody but AWS changes a service-linked role.
        let Some((service_linked, mut rest)) = held.split_first() else { return false };
        !service_linked
            && scenes.iter().all(|scene| {
                let Some((own, behind)) = rest.split_at_checked(scene.languages.len()) else { return false };
                rest = behind;
                allowing(scene, own).is_some()
            })
    };
    match find(&[own], &all, wanted) {
        Search::Found(text) => Some(text),
        Search::Nothing | Search::GaveUp => None,
    }
}

fn take(step: &Step, scene: &Scene, layers: &Layers<'_>, choice: &Choice) -> Option<Taken> {
    let taken = |resource: String, situation: &Situation| Taken {
        action: step.action.clone(),
        resource,
        context: situation.context.clone(),
    };
    let on = |text: String| {
        let held: Vec<bool> = scene.languages.iter().map(|language| language.holds(&text)).collect();
        allowing(scene, &held).map(|situation| taken(text.clone(), situation))
    };
    let all: Vec<&Language> = scene.languages.iter().collect();
    let some = |kind: &Language| match find(&[kind], &all, |held| allowing(scene, held).is_some()) {
        Search::Found(text) => on(text),
        Search::Nothing | Search::GaveUp => None,
    };
    match &step.on {
        Target::Own => on(layers.principal.to_string()),
        Target::Shared(kind) => on(choice.get(kind)?.clone()),
        Target::Other(kind) => layers.unnamed(kind).iter().find_map(some),
        Target::Anything => {
            let kinds = layers.place.likely(layers.catalog, &step.action);
            let anywhere = || allowing(scene, &scene.held_by_none()).map(|situation| taken("*".to_owned(), situation));
            if kinds.is_empty() { anywhere() } else { kinds.iter().find_map(some) }
        }
    }
}

/// A name that nobody has given: a policy that takes it takes all of the kind.
const UNNAMED: &str = "0a1b2c3d4e5f60718";

impl Layers<'_> {
    /// Everything of a kind: first in the Region of the examples, then anywhere.
    fn where_such_are(&self, kind: &Kind) -> [Language; 2] {
        [Some(self.place.region.as_str()), None].map(|region| self.fill(kind, region, None))
    }

    /// One that no policy names, in the Region of the examples and in any other.
    fn unnamed(&self, kind: &Kind) -> [Language; 2] {
        [Some(self.place.region.as_str()), None].map(|region| self.fill(kind, region, Some(UNNAMED)))
    }

    fn fill(&self, kind: &Kind, region: Option<&str>, name: Option<&str>) -> Language {
        let own: &Arn = self.principal.arn();
        let mut language = Language::default();
        let mut rest = kind.template();
        while let Some((literal, tail)) = rest.split_once("${") {
            let (variable, behind) = tail.split_once('}').unwrap_or((tail, ""));
            let (known, class) = match variable {
                "Partition" => (Some(own.partition()), Class::NoColon),
                "Account" => (Some(own.account()), Class::NoColon),
                "Region" => (region, Class::NoColon),
                _ => (name, Class::Any),
            };
            language = language.then_text(literal);
            language = match known {
                Some(text) => language.then_text(text),
                None => language.then_some(class),
            };
            rest = behind;
        }
        language.then_text(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::super::paths;
    use super::*;

    fn opened(statements: &str) -> Vec<String> {
        let principal: PrincipalArn = "arn:aws:iam::111122223333:role/ci/eks-runner".parse().unwrap();
        let text = format!(r#"{{"Version": "2012-10-17", "Statement": {statements}}}"#);
        let documents = vec![PolicyDocument::parse(&text).unwrap()];
        let layers = Layers::new(&principal, vec![&documents], Catalog::embedded());
        let open = paths().iter().filter(|path| path.needs.is_none() && open(path, &layers).is_some());
        open.map(|path| path.name.clone()).collect()
    }

    fn allow(actions: &str, resource: &str) -> String {
        format!(r#"{{"Effect": "Allow", "Action": {actions}, "Resource": "{resource}"}}"#)
    }

    const ROLE: &str = "arn:aws:iam::111122223333:role";

    #[test]
    fn steps_must_reach_the_same_role() {
        let create = allow(r#""iam:CreateRole""#, &format!("{ROLE}/a-*"));
        let attach = |place: &str| allow(r#""iam:AttachRolePolicy""#, &format!("{ROLE}/{place}"));
        assert_eq!(opened(&format!("[{create}, {}]", attach("*-z"))), ["create-and-attach"]);
        assert!(opened(&format!("[{create}, {}]", attach("b-*"))).is_empty());
    }

    #[test]
    fn a_condition_closes_the_path_and_a_deny_does() {
        let create = allow(r#"["iam:CreateRole", "iam:AttachRolePolicy"]"#, &format!("{ROLE}/a-*"));
        assert_eq!(opened(&create), ["create-and-attach"]);
        let narrowed = create.replace(
            "a-*\"",
            r#"a-*", "Condition": {"ArnLike": {"iam:PolicyARN": "arn:aws:iam::aws:policy/AmazonEKS*"}}"#,
        );
        assert!(opened(&narrowed).is_empty());
        let deny = r#"{"Effect": "Deny", "Action": "iam:CreateRole", "Resource": "*",
            "Condition": {"StringNotEquals": {"iam:PermissionsBoundary": "arn:aws:iam::111122223333:policy/b"}}}"#;
        assert!(opened(&format!("[{create}, {deny}]")).is_empty());
    }

    #[test]
    fn a_policy_of_its_making_counts_where_it_may_be_attached() {
        let text = |attached: &str| {
            format!(
                r#"[{}, {}, {{"Effect": "Allow", "Action": "iam:AttachRolePolicy", "Resource": "{ROLE}/a",
                    "Condition": {{"ArnEquals": {{"iam:PolicyARN": "{attached}"}}}}}}]"#,
                allow(r#""iam:CreatePolicy""#, "arn:aws:iam::111122223333:policy/mine-*"),
                allow(r#""iam:CreateRole""#, &format!("{ROLE}/*")),
            )
        };
        assert_eq!(opened(&text("arn:aws:iam::111122223333:policy/mine-too")), ["create-policy-and-role"]);
        assert!(opened(&text("arn:aws:iam::111122223333:policy/other")).is_empty());
    }

    #[test]
    fn a_named_role_is_not_any_role() {
        let both = |resource: &str| {
            format!("[{}, {}]", allow(r#""iam:PassRole""#, resource), allow(r#""ec2:RunInstances""#, "*"))
        };
        assert_eq!(opened(&both("*")), ["instance-as-any-role"]);
        assert!(opened(&both(&format!("{ROLE}/node"))).is_empty());
    }

    #[test]
    fn all_functions_of_another_region_are_all_functions_too() {
        let elsewhere = |name: &str| {
            let place = format!("arn:aws:lambda:us-east-1:111122223333:function:{name}");
            let here = allow(r#""eks:DescribeCluster""#, "arn:aws:eks:eu-central-1:111122223333:cluster/demo");
            opened(&format!("[{here}, {}]", allow(r#""lambda:UpdateFunctionCode""#, &place)))
        };
        assert_eq!(elsewhere("*"), ["code-of-any-function"]);
        assert!(elsewhere("demo-*").is_empty());
    }

    #[test]
    fn commands_need_the_document_as_well() {
        let instances = allow(r#""ssm:SendCommand""#, "arn:aws:ec2:*:111122223333:instance/*");
        let document = |name: &str| allow(r#""ssm:SendCommand""#, &format!("arn:aws:ssm:*::document/{name}"));
        assert!(opened(&format!("[{instances}]")).is_empty());
        assert!(opened(&format!("[{instances}, {}]", document("AWS-UpdateSSMAgent"))).is_empty());
        assert_eq!(opened(&format!("[{instances}, {}]", document("AWS-*"))), ["commands-on-any-instance"]);
    }

    #[test]
    fn everything_opens_every_path_of_a_role() {
        let open = opened(&allow(r#""*""#, "*"));
        let expected = paths().iter().filter(|path| path.needs.is_none()).count();
        assert_eq!(open.len(), expected, "{open:?}");
    }
}
