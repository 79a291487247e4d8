//! What the work group allows and what the table has.

use aws_sdk_athena::types::{Column, WorkGroupState};

use super::Asked;
use crate::collector::aws::error::{Call, kind_of};
use crate::collector::remote_error::RemoteErrorKind;
use crate::collector::sql::Table;

/// The catalogue that every account has.
pub const CATALOG: &str = "AwsDataCatalog";

impl Asked<'_> {
    pub fn call<'c>(&'c self, action: &'c str) -> Call<'c> {
        Call { action, region: &self.region }
    }

    /// Bytes that the work group lets one statement read; `None`: as many as there are, or we may not know.
    pub async fn limit(&self) -> Result<Option<u64>, RemoteErrorKind> {
        let group = &self.table.workgroup;
        let answer = self.client.get_work_group().work_group(group).send().await;
        let group = match answer.map_err(|error| kind_of(&error, self.call("athena:GetWorkGroup"))) {
            Ok(answer) => answer.work_group,
            // Only to tell the cost; the statement itself will say if the group is not ours to use.
            Err(RemoteErrorKind::AccessDenied { .. }) => return Ok(None),
            Err(RemoteErrorKind::Refused { said, .. } | RemoteErrorKind::NotFound { said, .. }) => {
                return Err(RemoteErrorKind::Query {
                    said: format!("work group `{group}` can't be used: {said}"),
                    advice: "`aws athena list-work-groups` shows those of this Region".to_owned(),
                });
            }
            Err(other) => return Err(other),
        };
        let Some(group) = group else { return Ok(None) };
        if group.state == Some(WorkGroupState::Disabled) {
            return Err(RemoteErrorKind::Query {
                said: format!("work group `{}` is disabled", self.table.workgroup),
                advice: "enable it or name another one".to_owned(),
            });
        }
        let cutoff = group.configuration.and_then(|configuration| configuration.bytes_scanned_cutoff_per_query);
        Ok(cutoff.and_then(|bytes| u64::try_from(bytes).ok()))
    }

    /// The table, as the account's catalogue describes it, or as ours would be where we may not know.
    pub async fn described(&self) -> Result<Table, RemoteErrorKind> {
        let (database, name) = (&self.table.database, &self.table.table);
        let request = self.client.get_table_metadata().catalog_name(CATALOG).database_name(database).table_name(name);
        let answer = request.work_group(&self.table.workgroup).send().await;
        let metadata = match answer.map_err(|error| kind_of(&error, self.call("athena:GetTableMetadata"))) {
            Ok(answer) => answer.table_metadata,
            Err(RemoteErrorKind::AccessDenied { .. }) => None,
            Err(RemoteErrorKind::Refused { said, .. } | RemoteErrorKind::NotFound { said, .. }) => {
                return Err(RemoteErrorKind::Query {
                    said: format!("table `{name}` of database `{database}` can't be used: {said}"),
                    advice: "`trailtrim athena ddl` prints the definition of one, to be run once in Athena".to_owned(),
                });
            }
            Err(other) => return Err(other),
        };
        let Some(metadata) = metadata else { return Ok(Table::of_our_own(database, name)) };
        let columns: Vec<&str> = metadata.columns().iter().map(Column::name).collect();
        if !columns.contains(&"useridentity") || !columns.contains(&"requestparameters") {
            return Err(RemoteErrorKind::Query {
                said: format!("table `{name}` has no columns `useridentity` and `requestparameters`"),
                advice: "name a table over CloudTrail's files; `trailtrim athena ddl` prints the definition of one"
                    .to_owned(),
            });
        }
        let format_of = |column: &str| {
            let parameters = metadata.parameters()?;
            parameters.get(&format!("projection.{column}.format")).cloned()
        };
        let partitions = metadata.partition_keys().iter().map(Column::name);
        Ok(Table::described(database, name, columns, partitions, format_of))
    }
}
