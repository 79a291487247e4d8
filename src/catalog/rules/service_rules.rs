//! The rule file of one service: `data/rules/<prefix>.toml`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::path::FieldPath;
use super::predicate::Predicate;
use super::resource_expr::ResourceExpr;
use crate::iam::Action;

/// What we know of a service beyond the reference. Every row names its source.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceRules {
    /// IAM prefix; filled from the file's name.
    #[serde(skip)]
    pub prefix: String,
    /// Event sources that log this service, without `.amazonaws.com`; empty: the prefix itself.
    #[serde(default)]
    pub event_sources: Vec<String>,
    /// Short names of sources, used by the rows: `SAR = "https://…"`.
    #[serde(default)]
    pub cite: BTreeMap<String, String>,
    #[serde(default)]
    pub settings: Settings,
    /// Resource types: which fields fill their ARNs.
    #[serde(default)]
    pub types: BTreeMap<String, TypeRule>,
    /// Calls whose action or resources differ from the plain reading of the reference.
    #[serde(default)]
    pub calls: Vec<CallRule>,
    /// Permissions that AWS checks inside a call and never logs.
    #[serde(default)]
    pub extra: Vec<ExtraRule>,
    /// Condition keys that the record fills.
    #[serde(default)]
    pub context: Vec<ContextRule>,
}

/// How the plain reading works for a service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The file adds a few rows only: tags at creation and roles passed are read the generic way, as without a file.
    #[serde(default)]
    pub generic: bool,
    /// Every resource type that the reference marks as required is checked, also when the record does not name one
    /// (EC2, KMS). Otherwise one resolved type is enough: the mark sometimes means alternatives.
    #[serde(default)]
    pub check_all_required: bool,
    /// Beginnings of AWS-made ids and the resource type behind them: `vpc = "vpc"`.
    #[serde(default)]
    pub id_prefixes: BTreeMap<String, String>,
    /// The resource types behind them.
    #[serde(skip)]
    pub id_kinds: BTreeSet<String>,
    /// Members of the request that name no resource (filters, tags), skipped when ids are looked for.
    #[serde(default)]
    pub not_resources: Vec<String>,
    /// Where create calls carry tags; empty: the usual places.
    #[serde(default)]
    pub tags: Vec<FieldPath>,
}

/// How the ARN of a resource type is filled.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypeRule {
    /// Fields that hold a whole ARN of the type.
    #[serde(default)]
    pub arns: Vec<FieldPath>,
    /// Fields for the template's variables.
    #[serde(default)]
    pub vars: BTreeMap<String, FieldPath>,
    /// In place of the reference's template.
    pub template: Option<ResourceExpr>,
    /// The type is in play only then, although the call could take it.
    #[serde(default)]
    pub when: Vec<Predicate>,
    /// Operations that create one (`Create*` with the type's name is known without).
    #[serde(default)]
    pub created_by: Vec<String>,
    pub source: Option<String>,
    pub note: Option<String>,
}

/// A call that differs from its plain reading. The first that matches counts, and after one with `also` the next that
/// matches, too.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallRule {
    /// Names of operations, `*` allowed.
    pub events: Vec<String>,
    #[serde(default)]
    pub when: Vec<Predicate>,
    /// The actions; empty: the one that has the operation's name.
    #[serde(default)]
    pub actions: Vec<ActionName>,
    /// Resource types to use in place of the reference's.
    pub types: Option<Vec<String>>,
    /// Resources, in place of what the types give. Each entry adds resources.
    pub resources: Option<Vec<ResourceExpr>>,
    /// Another row of the call counts besides this one.
    #[serde(default)]
    pub also: bool,
    /// The call needs no permission.
    #[serde(default)]
    pub no_permission: bool,
    /// Checked on the whole type by AWS, so the `*` in it is no gap in the record.
    #[serde(default)]
    pub list: bool,
    pub source: String,
    pub note: Option<String>,
}

/// A permission checked inside a call. All that match count.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtraRule {
    pub events: Vec<String>,
    #[serde(default)]
    pub when: Vec<Predicate>,
    pub action: ActionName,
    /// Each entry adds resources; an entry that yields nothing adds none.
    pub resources: Vec<ResourceExpr>,
    /// Condition keys of this check: a text, or `{request.field}`.
    #[serde(default)]
    pub context: BTreeMap<String, String>,
    /// Only under a circumstance that no record tells.
    pub sometimes: Option<String>,
    pub source: String,
    pub note: Option<String>,
}

/// A condition key that the record fills for an action.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContextRule {
    pub actions: Vec<String>,
    /// Only for resources of these types; empty: whatever the resource.
    #[serde(default)]
    pub types: Vec<String>,
    pub key: String,
    pub value: ContextSource,
    /// The key holds a set.
    #[serde(default)]
    pub many: bool,
    pub source: String,
}

/// Where the value of a condition key stands: in a field, or in an ARN filled from fields.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub enum ContextSource {
    Field(FieldPath),
    Arn(ResourceExpr),
}

impl std::fmt::Display for ContextSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Field(path) => path.fmt(f),
            Self::Arn(expression) => expression.fmt(f),
        }
    }
}

impl TryFrom<String> for ContextSource {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.starts_with("arn:") {
            true => ResourceExpr::try_from(text).map(Self::Arn),
            false => FieldPath::try_from(text).map(Self::Field),
        }
    }
}

/// An action in a rule file, checked on load.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ActionName(pub Action);

impl TryFrom<String> for ActionName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map(Self).map_err(|error: crate::iam::ParseActionError| error.to_string())
    }
}
