//! One action and the statements that speak of it, from one or more sets of policies, ready to be asked about resources.

use std::collections::BTreeSet;

use super::contexts::{Pinned, contexts, variable_value};
use crate::audit::fit::names;
use crate::iam::automaton::{Language, variables};
use crate::iam::{
    Action, ArnPattern, Context, Effect, PolicyDocument, Request, Resource, ResourceClause, Statement, applies,
};

/// The statements of each side, their resource patterns, and the contexts that tell their conditions apart.
#[derive(Debug)]
pub struct Scene {
    pub action: Action,
    sides: Vec<Vec<Rule>>,
    /// For each side, the texts that hold a policy variable.
    variables: Vec<BTreeSet<String>>,
    /// Every resource pattern that appears, once.
    pub patterns: Vec<ArnPattern>,
    pub languages: Vec<Language>,
    pub situations: Vec<Situation>,
}

/// One statement.
#[derive(Debug)]
struct Rule {
    effect: Effect,
    /// `NotResource`.
    except: bool,
    /// Indices of its patterns.
    patterns: Vec<usize>,
}

/// One way in which the conditions turn out, with a context in which they do.
#[derive(Debug)]
pub struct Situation {
    pub context: Context,
    /// For each side, whether the conditions of each rule hold.
    holds: Vec<Vec<bool>>,
}

impl Scene {
    /// Looks at one action in several sets of policies. The error says what can't be decided.
    pub fn new(action: &Action, sides: &[&[PolicyDocument]], pinned: &Pinned) -> Result<Self, String> {
        let relevant: Vec<Vec<(&PolicyDocument, &Statement)>> =
            sides.iter().map(|policies| relevant(action, policies)).collect();
        let all: Vec<&Statement> = relevant.iter().flatten().map(|(_, statement)| *statement).collect();
        let patterns: BTreeSet<&ArnPattern> = all.iter().flat_map(|statement| statement.resources.patterns()).collect();
        let patterns: Vec<ArnPattern> = patterns.into_iter().cloned().collect();
        let languages = patterns.iter().map(|pattern| Language::of_arn_with(pattern, variable_value)).collect();
        let rule = |(_, statement): &(&PolicyDocument, &Statement)| Rule::new(statement, &patterns);
        let sides = relevant.iter().map(|side| side.iter().map(rule).collect()).collect();
        let mut seen = BTreeSet::new();
        let mut situations = Vec::new();
        for context in contexts(&all, pinned)? {
            let holds: Vec<Vec<bool>> = relevant.iter().map(|side| holding(action, side, &context)).collect();
            if seen.insert(holds.clone()) {
                situations.push(Situation { context, holds });
            }
        }
        let variables = relevant.iter().map(|side| variables_of(side)).collect();
        Ok(Self { action: action.clone(), sides, variables, patterns, languages, situations })
    }

    /// Whether a side allows a resource, given which patterns it belongs to.
    pub fn allows(&self, side: usize, situation: &Situation, held: &[bool]) -> bool {
        let (Some(rules), Some(holds)) = (self.sides.get(side), situation.holds.get(side)) else { return false };
        let mut allowed = false;
        for (rule, _) in rules.iter().zip(holds).filter(|(_, holds)| **holds) {
            match (rule.applies(held), rule.effect) {
                (true, Effect::Deny) => return false,
                (true, Effect::Allow) => allowed = true,
                (false, _) => {}
            }
        }
        allowed
    }

    /// Patterns of the allowing statements of a side whose conditions hold; `None` for one that allows all but some.
    pub fn allowing(&self, side: usize, situation: &Situation) -> BTreeSet<Option<usize>> {
        let (Some(rules), Some(holds)) = (self.sides.get(side), situation.holds.get(side)) else {
            return BTreeSet::new();
        };
        let active = rules.iter().zip(holds).filter(|(rule, holds)| **holds && rule.effect == Effect::Allow);
        active
            .flat_map(|(rule, _)| match rule.except {
                true => vec![None],
                false => rule.patterns.iter().copied().map(Some).collect(),
            })
            .collect()
    }

    /// How many sets of policies there are.
    pub fn sides(&self) -> usize {
        self.sides.len()
    }

    /// A text with a policy variable that the one side has and the other has not. What a variable stands for is known in a
    /// request only, so it has one value for all here, which no pattern names: what the other side lacks may hinge on it.
    pub fn variable_only_in(&self, side: usize, other: usize) -> Option<&str> {
        let (own, others) = (self.variables.get(side)?, self.variables.get(other)?);
        own.difference(others).next().map(String::as_str)
    }

    /// Which patterns a request without a resource belongs to: `*` alone.
    pub fn held_by_none(&self) -> Vec<bool> {
        self.patterns.iter().map(ArnPattern::is_any).collect()
    }
}

impl Rule {
    fn new(statement: &Statement, patterns: &[ArnPattern]) -> Self {
        let own = statement.resources.patterns();
        let places = patterns.iter().enumerate().filter(|(_, pattern)| own.contains(*pattern)).map(|(at, _)| at);
        Self {
            effect: statement.effect,
            except: matches!(statement.resources, ResourceClause::NotResource(_)),
            patterns: places.collect(),
        }
    }

    fn applies(&self, held: &[bool]) -> bool {
        self.patterns.iter().any(|at| held.get(*at).copied().unwrap_or(false)) != self.except
    }
}

fn relevant<'p>(action: &Action, policies: &'p [PolicyDocument]) -> Vec<(&'p PolicyDocument, &'p Statement)> {
    let statements =
        policies.iter().flat_map(|document| document.statements.iter().map(move |statement| (document, statement)));
    statements.filter(|(_, statement)| names(&statement.actions, action)).collect()
}

/// Whether the conditions alone hold: resources are decided elsewhere.
fn holding(action: &Action, side: &[(&PolicyDocument, &Statement)], context: &Context) -> Vec<bool> {
    let request = Request { action: action.clone(), resource: Resource::Any, context: context.clone() };
    let holds = |(document, statement): &(&PolicyDocument, &Statement)| {
        if statement.conditions.is_empty() {
            return true;
        }
        let anywhere =
            Statement { resources: ResourceClause::Resource([ArnPattern::any()].into()), ..(*statement).clone() };
        applies(document, &anywhere, &request)
    };
    side.iter().map(holds).collect()
}

fn variables_of(side: &[(&PolicyDocument, &Statement)]) -> BTreeSet<String> {
    let texts = side.iter().flat_map(|(_, statement)| {
        let resources = statement.resources.patterns().iter().map(ArnPattern::as_str);
        let values = statement.conditions.iter().flat_map(|(_, _, values)| values.iter().map(String::as_str));
        resources.chain(values).filter(|text| variables(text).next().is_some()).collect::<Vec<_>>()
    });
    texts.map(str::to_owned).collect()
}
