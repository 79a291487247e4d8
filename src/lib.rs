//! trailtrim reads what an IAM role did in AWS CloudTrail and writes the tightest policy with which the role can
//! do it again.
//!
//! The run is a pipeline of values. The [`collector`] brings records in, [`cloudtrail`] turns their bytes into events,
//! the [`aggregator`] turns events into usage (which action, on which resource, in which context, with which evidence),
//! the [`reducer`] turns usage into the tightest verified policy, the [`audit`] holds the present policies against the
//! usage, and the [`report`] shows it. A [`store`] keeps evidence between runs. All of them stand on the vocabulary of
//! [`iam`] and on the [`catalog`] of what AWS says exists.

pub mod collector;

pub mod cloudtrail;

pub mod aggregator;

pub mod reducer;

pub mod store;

pub mod audit;

pub mod report;

pub mod iam;

pub mod catalog;

pub mod cli;

mod data_file;
