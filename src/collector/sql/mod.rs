//! The aggregation as one SQL statement, for engines that read a trail where it lies (Amazon Athena, which is Trino).
//!
//! In: a [`Table`] and a [`Selection`](crate::aggregator::Selection). Out: the text of a statement. Its rows come back as
//! [`Row`]s: calls that were seen several times, as distilled records with evidence. No network here, and nothing that waits.
//!
//! What the statement keeps of a record is what the resolver reads, told by the same rule files that the resolver is made
//! of ([`Reads`](crate::aggregator::Reads)):
//!
//! - of operations that fill a trail ([`busy`]): the members of request and response that the rules name, members whose
//!   names fit a variable of an ARN, and members that hold an ARN;
//! - of all others: the whole request but for tokens; the whole response where it can tell what was made or where rules
//!   read it ([`answers`]), else the ARNs in it;
//! - identity, source, name, Region, account, error and `resources[]`.
//!
//! Everything else (addresses, programs, sessions, times) only adds up. What grows without end is bounded ([`Busy::grows`]).

mod answers;
mod busy;
mod ddl;
mod row;
mod statement;
mod table;
mod words;

pub use busy::Busy;
pub use ddl::{Ddl, Owner, REGIONS};
pub use row::{Row, RowError};
pub use statement::{COLUMNS, LONGEST_STATEMENT, statement};
pub use table::{Partition, Table};
