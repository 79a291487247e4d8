//! Stand-ins for AWS's services, over real HTTP: the program is pointed at them with `--endpoint-url`.

mod cloudtrail;
mod iam;
mod lake;
mod server;

pub use cloudtrail::History;
pub use iam::{Account, Policy, Role, decode};
pub use lake::Lake;
pub use server::{Answer, Call, Delivery, Server, json_error, xml_error};
