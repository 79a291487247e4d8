//! A rule file as a page for people: what is checked, what is hidden, what is unsettled. Generated, so that it can't
//! drift from what the tool does.

use std::fmt::{self, Display, Write};

use super::{ContextRule, ExtraRule, ServiceRules, TypeRule};

/// The page of a service in Markdown.
#[derive(Debug)]
pub struct ServicePage<'r> {
    pub rules: &'r ServiceRules,
    /// `Amazon Elastic Kubernetes Service`
    pub name: &'r str,
}

impl Display for ServicePage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = &self.rules.prefix;
        writeln!(f, "# {} (`{prefix}`)\n", self.name)?;
        writeln!(
            f,
            "Made from `src/catalog/data/rules/{prefix}.toml`. What is not listed here is read as the service"
        )?;
        writeln!(f, "reference has it: the action with the operation's name, on the resource types that it takes.\n")?;
        self.calls(f)?;
        self.extra(f)?;
        self.types(f)?;
        self.context(f)?;
        self.sources(f)
    }
}

impl ServicePage<'_> {
    fn calls(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rules.calls.is_empty() {
            return Ok(());
        }
        writeln!(f, "## Calls that differ from the reference\n")?;
        writeln!(f, "| call | when | action | on | source | note |\n|---|---|---|---|---|---|")?;
        for row in &self.rules.calls {
            let action = match (row.no_permission, row.actions.is_empty()) {
                (true, _) => "none needed".to_owned(),
                (_, true) => "the same name".to_owned(),
                _ => codes(row.actions.iter().map(|action| &action.0)),
            };
            let on = match (&row.resources, &row.types) {
                (Some(resources), _) => codes(resources),
                (None, Some(types)) => codes(types),
                (None, None) => String::new(),
            };
            let note = row.note.as_deref().unwrap_or_default();
            let (events, when) = (codes(&row.events), codes(&row.when));
            writeln!(f, "| {events} | {when} | {action} | {on} | {} | {} |", row.source, cell(note))?;
        }
        writeln!(f)
    }

    fn extra(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rules.extra.is_empty() {
            return Ok(());
        }
        writeln!(f, "## Checked inside a call and never logged\n")?;
        writeln!(f, "| call | when | action | on | with | source | note |\n|---|---|---|---|---|---|---|")?;
        for row in &self.rules.extra {
            let with = codes(row.context.iter().map(|(key, value)| format!("{key} = {value}")));
            let (events, when, on) = (codes(&row.events), codes(&row.when), codes(&row.resources));
            let (action, note) = (&row.action.0, note_of(row));
            writeln!(f, "| {events} | {when} | `{action}` | {on} | {with} | {} | {} |", row.source, cell(&note))?;
        }
        writeln!(f)
    }

    fn types(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rules.types.is_empty() {
            return Ok(());
        }
        writeln!(f, "## Where resources are found in a record\n")?;
        writeln!(f, "| resource type | from | only when | made by |\n|---|---|---|---|")?;
        for (kind, rule) in &self.rules.types {
            let (when, made_by) = (codes(&rule.when), codes(&rule.created_by));
            writeln!(f, "| {kind} | {} | {when} | {made_by} |", fields_of(rule))?;
        }
        writeln!(f)
    }

    fn context(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rules.context.is_empty() {
            return Ok(());
        }
        writeln!(f, "## Condition keys that a record fills\n")?;
        writeln!(f, "| action | key | from | source |\n|---|---|---|---|")?;
        for ContextRule { actions, key, value, source, .. } in &self.rules.context {
            writeln!(f, "| {} | `{key}` | {} | {source} |", codes(actions), codes([value]))?;
        }
        writeln!(f)
    }

    fn sources(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "## Sources\n")?;
        for (short, source) in &self.rules.cite {
            writeln!(f, "- **{short}**: {source}")?;
        }
        Ok(())
    }
}

fn note_of(row: &ExtraRule) -> String {
    let sometimes = row.sometimes.iter().map(|when| format!("Only {when}."));
    sometimes.chain(row.note.clone()).collect::<Vec<_>>().join(" ")
}

fn fields_of(rule: &TypeRule) -> String {
    let arns = rule.arns.iter().map(ToString::to_string);
    let vars = rule.vars.iter().map(|(name, path)| format!("{name} = {path}"));
    codes(arns.chain(vars).chain(rule.template.iter().map(ToString::to_string)))
}

/// Texts as code, apart by line breaks.
fn codes<T: Display>(texts: impl IntoIterator<Item = T>) -> String {
    let mut out = String::new();
    for text in texts {
        let gap = if out.is_empty() { "" } else { "<br>" };
        // Writing to a String cannot fail.
        let _ = write!(out, "{gap}`{}`", cell(&text.to_string()));
    }
    out
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
