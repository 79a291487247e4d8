//! The definition of a table over a trail, as `trailtrim athena ddl` prints it.
//!
//! The columns and formats are those that AWS documents; all three partitions are projected, so the table needs no upkeep
//! and a statement reads only the accounts, Regions and days that it asks for.
//! <https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table-partition-projection.html>

use super::words::name;

/// What a table is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ddl {
    pub database: String,
    pub table: String,
    /// `s3://BUCKET` with the trail's prefix, above `AWSLogs`.
    pub location: String,
    pub owner: Owner,
    pub accounts: Vec<String>,
    pub regions: Vec<String>,
    /// The first day of the trail, `2026/01/31`.
    pub since: String,
}

/// Whose trail it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    Account,
    /// An organisation's trail keeps everything under its id.
    Organization(String),
}

/// The Regions that every account has without asking for them.
/// <https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html>
pub const REGIONS: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

const COLUMNS: &str = "    eventversion STRING,
    useridentity STRUCT<
        type: STRING,
        principalid: STRING,
        arn: STRING,
        accountid: STRING,
        invokedby: STRING,
        accesskeyid: STRING,
        username: STRING,
        sessioncontext: STRUCT<
            attributes: STRUCT<mfaauthenticated: STRING, creationdate: STRING>,
            sessionissuer: STRUCT<type: STRING, principalid: STRING, arn: STRING, accountid: STRING, username: STRING>>>,
    eventtime STRING,
    eventsource STRING,
    eventname STRING,
    awsregion STRING,
    sourceipaddress STRING,
    useragent STRING,
    errorcode STRING,
    errormessage STRING,
    requestparameters STRING,
    responseelements STRING,
    additionaleventdata STRING,
    requestid STRING,
    eventid STRING,
    readonly STRING,
    resources ARRAY<STRUCT<arn: STRING, accountid: STRING, type: STRING>>,
    eventtype STRING,
    apiversion STRING,
    recipientaccountid STRING,
    sharedeventid STRING,
    vpcendpointid STRING,
    eventcategory STRING";

impl Ddl {
    /// The statement.
    pub fn text(&self) -> String {
        let location = self.location.trim_end_matches('/');
        let root = match &self.owner {
            Owner::Account => format!("{location}/AWSLogs"),
            Owner::Organization(id) => format!("{location}/AWSLogs/{id}"),
        };
        let properties = [
            ("projection.enabled", "true".to_owned()),
            ("projection.account.type", "enum".to_owned()),
            ("projection.account.values", self.accounts.join(",")),
            ("projection.region.type", "enum".to_owned()),
            ("projection.region.values", self.regions.join(",")),
            ("projection.timestamp.type", "date".to_owned()),
            ("projection.timestamp.format", "yyyy/MM/dd".to_owned()),
            ("projection.timestamp.interval", "1".to_owned()),
            ("projection.timestamp.interval.unit", "DAYS".to_owned()),
            ("projection.timestamp.range", format!("{},NOW", self.since)),
            ("storage.location.template", format!("{root}/${{account}}/CloudTrail/${{region}}/${{timestamp}}")),
        ];
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let properties: Vec<String> =
            properties.iter().map(|(key, value)| format!("    {} = {}", quoted(key), quoted(value))).collect();
        // Data definition is Hive's, which quotes names by backticks.
        let plain = |text: &str| name(text).replace('"', "`");
        format!(
            "CREATE EXTERNAL TABLE {}.{} (\n{COLUMNS}\n)\nPARTITIONED BY (`account` STRING, `region` STRING, `timestamp` STRING)\n\
             ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'\n\
             STORED AS INPUTFORMAT 'com.amazon.emr.cloudtrail.CloudTrailInputFormat'\n\
             OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'\n\
             LOCATION {}\nTBLPROPERTIES (\n{}\n)",
            plain(&self.database),
            plain(&self.table),
            quoted(&format!("{root}/")),
            properties.join(",\n"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organisations_trail_lies_under_its_id() {
        let mut ddl = Ddl {
            database: "default".to_owned(),
            table: "trail".to_owned(),
            location: "s3://logs/prefix/".to_owned(),
            owner: Owner::Account,
            accounts: vec!["111122223333".to_owned(), "444455556666".to_owned()],
            regions: vec!["eu-west-1".to_owned()],
            since: "2026/01/01".to_owned(),
        };
        assert!(ddl.text().contains("= 's3://logs/prefix/AWSLogs/${account}/CloudTrail/${region}/${timestamp}'"));
        assert!(ddl.text().contains("'projection.account.values' = '111122223333,444455556666'"));
        ddl.owner = Owner::Organization("o-abc".to_owned());
        assert!(ddl.text().contains("'s3://logs/prefix/AWSLogs/o-abc/${account}/CloudTrail/${region}/${timestamp}'"));
    }
}
