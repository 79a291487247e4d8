//! Runs the program in an environment that is empty but for what a test gives, and finds the scenarios.

mod run;
mod scenario;

pub use run::{Run, placeholders, repository, script, trailtrim};
pub use scenario::{Scenario, scenarios};

/// The names of all formats, as `--format` takes them.
pub fn formats() -> Vec<String> {
    use clap::ValueEnum as _;
    let values = trailtrim::report::Format::value_variants().iter().filter_map(clap::ValueEnum::to_possible_value);
    values.map(|value| value.get_name().to_owned()).collect()
}
