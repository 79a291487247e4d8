//! The compiled-in catalogue, decoded when first asked for.

use std::borrow::Cow;
use std::sync::{LazyLock, OnceLock};

use super::container::{self, CatalogInfo, ServiceHead};
use super::corrections::{Correction, Corrections};
use super::edit_distance::{edit_distance, is_near};
use super::encoding::EncodingError;
use super::{ActionEntry, ConditionKeyEntry, ResourceType, Service, Table};
use crate::iam::{Action, ConditionKey};

/// The file made by `refresh-catalog`.
static DATA: &[u8] = include_bytes!("data/catalog.bin");

/// What the reference gets wrong.
static CORRECTIONS: &str = include_str!("data/corrections.toml");

/// Why a catalogue can't be read.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    #[error("the index of the catalogue is damaged; make the file anew with `refresh-catalog`")]
    BadIndex,
    #[error("the block of service `{prefix}` in the catalogue is damaged; make the file anew with `refresh-catalog`")]
    BadBlock { prefix: String },
    #[error("service `{prefix}` of the catalogue: {problem}")]
    BadService { prefix: String, problem: String },
    #[error("corrections of the catalogue: {0}")]
    BadCorrections(#[from] toml::de::Error),
    #[error("corrections of the catalogue, {place}: {problem}")]
    BadCorrection { place: String, problem: String },
}

impl CatalogError {
    pub(super) fn service(prefix: &str, problem: EncodingError) -> Self {
        Self::BadService { prefix: prefix.to_owned(), problem: problem.to_string() }
    }
}

/// All that is known of AWS. Cheap to make: a service is decoded when it is first asked for. Names are matched without
/// regard to case everywhere here.
#[derive(Debug)]
pub struct Catalog {
    file: Cow<'static, [u8]>,
    info: CatalogInfo,
    global_keys: Vec<ConditionKeyEntry>,
    /// Sorted by prefix.
    services: Vec<Slot>,
    /// Where each prefix stands in `services`.
    places: Table<usize>,
    corrections: Corrections,
}

/// A service, decoded or not.
#[derive(Debug)]
struct Slot {
    prefix: String,
    head: ServiceHead,
    service: OnceLock<Service>,
    /// Where each action stands in the service's list, by its name as written there.
    actions: OnceLock<Table<usize>>,
}

impl Catalog {
    /// The catalogue compiled into this binary.
    pub fn embedded() -> &'static Self {
        static EMBEDDED: LazyLock<Catalog> = LazyLock::new(|| {
            #[expect(clippy::expect_used, reason = "compiled in and read by a test: it can't fail for a user")]
            Catalog::open(Cow::Borrowed(DATA), CORRECTIONS).expect("the compiled-in catalogue is whole")
        });
        &EMBEDDED
    }

    /// Reads a catalogue file, without corrections, and checks all of it.
    pub fn from_bytes(file: Vec<u8>) -> Result<Self, CatalogError> {
        let catalog = Self::open(Cow::Owned(file), "")?;
        for slot in &catalog.services {
            let service = catalog.read(slot)?;
            slot.service.get_or_init(|| service);
        }
        Ok(catalog)
    }

    fn open(file: Cow<'static, [u8]>, corrections: &str) -> Result<Self, CatalogError> {
        let index = container::read_index(&file)?;
        let slot = |(prefix, head)| Slot { prefix, head, service: OnceLock::new(), actions: OnceLock::new() };
        let services: Vec<Slot> = index.services.into_iter().map(slot).collect();
        let places = services.iter().enumerate().map(|(place, slot)| (slot.prefix.as_str().into(), place)).collect();
        let corrections = Corrections::parse(corrections)?;
        Ok(Self { file, info: index.info, global_keys: index.global_keys, services, places, corrections })
    }

    fn read(&self, slot: &Slot) -> Result<Service, CatalogError> {
        let mut service = container::read_service(&self.file, &slot.prefix, &slot.head)?;
        self.corrections.apply(&slot.prefix, &mut service)?;
        Ok(service)
    }

    /// The day the reference was read: `2026-09-26`.
    pub fn date(&self) -> &str {
        &self.info.date
    }

    /// Name and version of the package that the catalogue was made from.
    pub fn source(&self) -> &str {
        &self.info.source
    }

    /// All service prefixes, sorted.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.services.iter().map(|slot| slot.prefix.as_str())
    }

    /// Whether AWS has a service of that prefix.
    pub fn service_exists(&self, prefix: &str) -> bool {
        self.slot(prefix).is_some()
    }

    /// The service's full name: `Amazon Elastic Kubernetes Service`.
    pub fn service_name(&self, prefix: &str) -> Option<&str> {
        let slot = self.slot(prefix)?;
        Some(self.corrections.name_of(&slot.prefix).unwrap_or(&slot.head.name))
    }

    /// All entries of a service.
    pub fn service(&self, prefix: &str) -> Option<&Service> {
        Some(self.decoded(self.slot(prefix)?))
    }

    fn decoded<'c>(&self, slot: &'c Slot) -> &'c Service {
        #[expect(clippy::expect_used, reason = "from_bytes has read all services; the compiled-in ones a test reads")]
        slot.service.get_or_init(|| self.read(slot).expect("the catalogue is whole"))
    }

    /// What is known of an action.
    pub fn action(&self, action: &Action) -> Option<&ActionEntry> {
        let slot = self.slot(action.service())?;
        let service = self.decoded(slot);
        let places = slot.actions.get_or_init(|| {
            service.actions.iter().enumerate().map(|(place, entry)| (entry.action.name().into(), place)).collect()
        });
        match places.get(action.name()) {
            Some(place) => service.actions.get(*place),
            None => service.action(action.name()),
        }
    }

    /// All actions of a service, sorted by name.
    pub fn actions(&self, service: &str) -> &[ActionEntry] {
        self.service(service).map_or(&[], |service| &service.actions)
    }

    /// The actions of that name in all services, by service. Decodes the whole catalogue.
    pub fn actions_named(&self, name: &str) -> Vec<&ActionEntry> {
        self.services().filter_map(|prefix| self.service(prefix)?.action(name)).collect()
    }

    /// The existing action of the service that a misspelt one most likely stands for; none if there is no likely one.
    pub fn nearest_action(&self, action: &Action) -> Option<Action> {
        let near = self.actions(action.service()).iter().filter_map(|entry| {
            let distance = edit_distance(entry.action.name(), action.name());
            is_near(distance, action.name()).then_some((distance, &entry.action))
        });
        near.min().map(|(_, nearest)| nearest.clone())
    }

    /// Number of actions that the reference has in all services.
    pub fn action_count(&self) -> usize {
        self.services.iter().map(|slot| slot.head.actions).sum()
    }

    /// Number of resource types that the reference has in all services.
    pub fn resource_type_count(&self) -> usize {
        self.services.iter().map(|slot| slot.head.resource_types).sum()
    }

    /// A resource type of a service.
    pub fn resource_type(&self, service: &str, name: &str) -> Option<&ResourceType> {
        self.service(service)?.resource_type(name)
    }

    /// All resource types of a service, sorted by name.
    pub fn resource_types(&self, service: &str) -> &[ResourceType] {
        self.service(service).map_or(&[], |service| &service.resource_types)
    }

    /// The condition keys that AWS may fill for requests to any service.
    pub fn global_condition_keys(&self) -> &[ConditionKeyEntry] {
        &self.global_keys
    }

    /// What is known of a condition key in requests to a service: the service's own entry, or else the global one.
    pub fn condition_key(&self, service: &str, key: &ConditionKey) -> Option<&ConditionKeyEntry> {
        let own = self.service(service).map_or(&[][..], |service| &service.condition_keys);
        own.iter().chain(&self.global_keys).find(|entry| entry.names(key))
    }

    /// What the reference gets wrong, with reason and source.
    pub fn corrections(&self) -> &[Correction] {
        self.corrections.all()
    }

    fn slot(&self, prefix: &str) -> Option<&Slot> {
        let place = self.places.get(prefix).or_else(|| self.places.get(prefix.to_ascii_lowercase().as_str()))?;
        self.services.get(*place)
    }
}
