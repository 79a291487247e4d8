//! Corrections by hand, where the reference is wrong: `data/corrections.toml`.
//!
//! They are applied when a service is decoded, so that the generated file stays what the reference says, and a test can
//! tell when a correction is no longer needed.

use serde::Deserialize;

use super::{ActionResourceType, CatalogError, ResourceType, Service};
use crate::data_file;
use crate::iam::Action;

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

impl Corrections {
    pub fn parse(text: &str) -> Result<Self, CatalogError> {
        let raw: RawFile = data_file::read(text)?;
        let services = raw.service.into_iter().map(|row| Ok(row.into_correction()));
        let types = raw.resource_type.into_iter().map(|row| Ok(row.into_correction()));
        let actions = raw.action.into_iter().map(RawAction::into_correction);
        services.chain(types).chain(actions).collect::<Result<_, _>>().map(Self)
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
                let problem = |problem: String| CatalogError::BadCorrection { place: action.to_string(), problem };
                if let Some(name) = types.iter().find(|name| service.resource_type(name).is_none()) {
                    return Err(problem(format!("`{name}` is no resource type of the service")));
                }
                let entry = service.action_mut(action.name());
                let entry = entry.ok_or_else(|| problem("the service has no such action".to_owned()))?;
                for name in types.iter().filter(|name| entry.resource_type(name).is_none()).collect::<Vec<_>>() {
                    entry.resource_types.push(ActionResourceType {
                        name: name.clone(),
                        required: *required,
                        condition_keys: Vec::new(),
                        corrected: true,
                    });
                }
            }
        }
        Ok(())
    }
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
        let action = action
            .parse::<Action>()
            .map_err(|error| CatalogError::BadCorrection { place: action.clone(), problem: error.to_string() })?;
        let service = action.service().to_owned();
        Ok(Correction { service, change: Change::AlsoTakes { action, types, required }, reason, source })
    }
}
