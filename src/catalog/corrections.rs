//! Corrections by hand, where the reference is wrong: `data/corrections.toml`.
//!
//! They are applied when a service is decoded, so that the generated file stays what the reference says, and a test can
//! tell when a correction is no longer needed.

use serde::Deserialize;

use super::{ActionEntry, ActionResourceType, CatalogError, ResourceType, Service};
use crate::data_file;
use crate::iam::{AccessLevel, Action, ParseActionError};

/// One correction: what AWS really does, and where that is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// Service prefix: `eks`.
    pub service: String,
    pub change: Change,
    pub reason: String,
    pub source: String,
}

/// What a correction changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The service has this name.
    Name(String),
    /// Adds a resource type, or replaces the one of that name.
    ResourceType(ResourceType),
    /// The action takes these resource types, too.
    AlsoTakes { action: Action, types: Vec<String>, required: bool },
    /// The service has this action, too, which takes these resource types.
    NewAction { action: Action, access_level: AccessLevel, types: Vec<String> },
}

/// All corrections, in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Corrections(Vec<Correction>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    service: Vec<RawService>,
    #[serde(default)]
    resource_type: Vec<RawResourceType>,
    #[serde(default)]
    action: Vec<RawAction>,
    #[serde(default)]
    new_action: Vec<RawNewAction>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawService {
    service: String,
    name: String,
    reason: String,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawResourceType {
    service: String,
    name: String,
    arn_templates: Vec<String>,
    #[serde(default)]
    condition_keys: Vec<String>,
    reason: String,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAction {
    action: String,
    also_takes: Vec<String>,
    #[serde(default)]
    required: bool,
    reason: String,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNewAction {
    action: String,
    access_level: AccessLevel,
    takes: Vec<String>,
    reason: String,
    source: String,
}

impl Corrections {
    pub fn parse(text: &str) -> Result<Self, CatalogError> {
        let raw: RawFile = data_file::read(text)?;
        let services = raw.service.into_iter().map(|row| Ok(row.into_correction()));
        let types = raw.resource_type.into_iter().map(|row| Ok(row.into_correction()));
        let actions = raw.action.into_iter().map(RawAction::into_correction);
        let new_actions = raw.new_action.into_iter().map(RawNewAction::into_correction);
        services.chain(types).chain(actions).chain(new_actions).collect::<Result<_, _>>().map(Self)
    }

    pub fn all(&self) -> &[Correction] {
        &self.0
    }

    /// The name of a service, where the package has another one.
    pub fn name_of(&self, prefix: &str) -> Option<&str> {
        self.0.iter().filter(|correction| correction.service == prefix).find_map(|correction| {
            match &correction.change {
                Change::Name(name) => Some(name.as_str()),
                _ => None,
            }
        })
    }

    /// Applies the corrections of a service to it.
    pub fn apply(&self, prefix: &str, service: &mut Service) -> Result<(), CatalogError> {
        for correction in self.0.iter().filter(|correction| correction.service == prefix) {
            correction.apply(service)?;
        }
        Ok(())
    }
}

impl Correction {
    /// Applies this one to its service.
    pub(super) fn apply(&self, service: &mut Service) -> Result<(), CatalogError> {
        match &self.change {
            Change::Name(_) => {}
            Change::ResourceType(kind) => {
                service.resource_types.retain(|known| !known.name.eq_ignore_ascii_case(&kind.name));
                service.resource_types.push(kind.clone());
                service.sort();
            }
            Change::AlsoTakes { action, types, required } => {
                let more = corrected_types(service, action, types, *required)?;
                let entry = service.action_mut(action.name());
                let entry = entry.ok_or_else(|| bad(action, "the service has no such action".to_owned()))?;
                for kind in more {
                    if entry.resource_type(&kind.name).is_none() {
                        entry.resource_types.push(kind);
                    }
                }
            }
            Change::NewAction { action, access_level, types } => {
                let resource_types = corrected_types(service, action, types, false)?;
                service.actions.retain(|known| known.action != *action);
                service.actions.push(ActionEntry {
                    action: action.clone(),
                    access_level: *access_level,
                    resource_types,
                    condition_keys: Vec::new(),
                });
                service.sort();
            }
        }
        Ok(())
    }
}

/// Resource types of the service as a corrected action takes them.
fn corrected_types(
    service: &Service,
    action: &Action,
    names: &[String],
    required: bool,
) -> Result<Vec<ActionResourceType>, CatalogError> {
    let kind = |name: &String| match service.resource_type(name) {
        Some(_) => Ok(ActionResourceType { name: name.clone(), required, condition_keys: Vec::new(), corrected: true }),
        None => Err(bad(action, format!("`{name}` is no resource type of the service"))),
    };
    names.iter().map(kind).collect()
}

fn bad(action: &Action, problem: String) -> CatalogError {
    CatalogError::BadCorrection { place: action.to_string(), problem }
}

/// An action as a row names it.
fn action_of(text: &str) -> Result<Action, CatalogError> {
    text.parse().map_err(|error: ParseActionError| CatalogError::BadCorrection {
        place: text.to_owned(),
        problem: error.to_string(),
    })
}

impl RawService {
    fn into_correction(self) -> Correction {
        let Self { service, name, reason, source } = self;
        Correction { service, change: Change::Name(name), reason, source }
    }
}

impl RawResourceType {
    fn into_correction(self) -> Correction {
        let Self { service, name, arn_templates, condition_keys, reason, source } = self;
        let change = Change::ResourceType(ResourceType::new(name, arn_templates, condition_keys));
        Correction { service, change, reason, source }
    }
}

impl RawAction {
    fn into_correction(self) -> Result<Correction, CatalogError> {
        let Self { action, also_takes: types, required, reason, source } = self;
        let action = action_of(&action)?;
        let service = action.service().to_owned();
        Ok(Correction { service, change: Change::AlsoTakes { action, types, required }, reason, source })
    }
}

impl RawNewAction {
    fn into_correction(self) -> Result<Correction, CatalogError> {
        let Self { action, access_level, takes: types, reason, source } = self;
        let action = action_of(&action)?;
        let service = action.service().to_owned();
        Ok(Correction { service, change: Change::NewAction { action, access_level, types }, reason, source })
    }
}
