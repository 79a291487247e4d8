//! One model, several renderings: [`Report`] in, text out. One file for each format.
//!
//! Renderers are pure: no files, no clock, no colour unless asked. What came from a log is text in every format, whatever
//! it holds: markup, escapes for a terminal, marks that turn the direction of writing.

pub mod build;
pub mod cloudformation;
pub mod condition_text;
pub mod csv;
pub mod diff;
pub mod explain;
pub mod format;
pub mod html;
pub mod in_place;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod model;
pub mod overview;
mod page;
pub mod parameters;
pub mod policy;
mod redact;
pub mod replay;
#[cfg(test)]
pub(crate) mod samples;
pub mod sarif;
#[cfg(test)]
mod schema_test;
pub mod terraform;
pub mod text;
pub mod visible;
pub mod why;
pub mod words;

pub use build::RoleResult;
pub use format::{Format, RenderError, Renderer, Style};
pub use model::Report;
pub use redact::Redactor;
