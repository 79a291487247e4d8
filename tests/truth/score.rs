//! Recall, precision and exactness against needed permissions.

use std::fmt;

use serde_json::Value;
use trailtrim::aggregator::Need;
use trailtrim::iam::{ArnPattern, Resource};

/// An action on a resource pattern.
#[derive(Clone, Debug)]
pub struct Permission {
    action: String,
    pattern: ArnPattern,
}

impl Permission {
    pub fn of(need: &Need) -> Self {
        let pattern = match &need.resource {
            Resource::Any => ArnPattern::any(),
            Resource::Arn(arn) => arn.as_str().parse().unwrap(),
        };
        Self { action: need.action.to_string(), pattern }
    }

    pub fn is_action(&self, action: &str) -> bool {
        self.action.eq_ignore_ascii_case(action)
    }

    pub fn pattern(&self) -> &str {
        self.pattern.as_str()
    }

    /// Whether it allows a request on this resource; `*` in the text stands for itself.
    pub fn allows(&self, resource: &str) -> bool {
        match resource {
            "*" => self.pattern.is_any(),
            arn => self.pattern.matches(&arn.parse().unwrap()),
        }
    }
}

/// The sums over a table.
#[derive(Debug, Default)]
pub struct Score {
    needed: usize,
    allowed: usize,
    granted: usize,
    right: usize,
    calls: usize,
    exact: usize,
    lines: Vec<String>,
}

impl Score {
    /// Scores one call.
    pub fn add(&mut self, id: &str, granted: &[Permission], required: &[Value]) {
        let mut faults = Vec::new();
        for row in required {
            for resource in texts(&row["resource_observed"]) {
                let action = row["action"].as_str().unwrap();
                self.needed += 1;
                if granted.iter().any(|permission| permission.is_action(action) && permission.allows(&resource)) {
                    self.allowed += 1;
                } else {
                    faults.push(format!(
                        "    missing {action} on {resource} ({})",
                        row["when"].as_str().unwrap_or_default()
                    ));
                }
            }
        }
        for permission in granted {
            let fits = required.iter().filter(|row| permission.is_action(row["action"].as_str().unwrap())).any(|row| {
                let limits = texts(&row["resource_for_policy"]).into_iter().chain(texts(&row["resource_observed"]));
                limits.into_iter().any(|limit| limit.parse::<ArnPattern>().unwrap().covers(&permission.pattern))
            });
            self.granted += 1;
            self.right += usize::from(fits);
            if !fits {
                faults.push(format!("    extra {} on {}", permission.action, permission.pattern()));
            }
        }
        self.calls += 1;
        self.exact += usize::from(faults.is_empty());
        if !faults.is_empty() {
            self.lines.push(format!("{id}\n{}", faults.join("\n")));
        }
    }

    /// Needed requests that are allowed.
    pub fn recall(&self) -> f64 {
        share(self.allowed, self.needed)
    }

    /// Granted pairs that are needed and no wider than they must be.
    pub fn precision(&self) -> f64 {
        share(self.right, self.granted)
    }

    /// Calls with nothing missing and nothing extra.
    pub fn exact(&self) -> f64 {
        share(self.exact, self.calls)
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            writeln!(f, "{line}")?;
        }
        write!(
            f,
            "calls {}: recall {:.3} ({}/{}), precision {:.3} ({}/{}), exact {:.3}",
            self.calls,
            self.recall(),
            self.allowed,
            self.needed,
            self.precision(),
            self.right,
            self.granted,
            self.exact()
        )
    }
}

#[expect(clippy::cast_precision_loss, reason = "small counts")]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
